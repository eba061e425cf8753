"""Objects of a definition, read as models: what is wrong with their fields is told in plain words."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gnatwork_engine.compiler.faults import Faults, shown, suggestion
from gnatwork_engine.compiler.shape_messages import describe
from gnatwork_engine.json_tree import Path
from gnatwork_schemas.definition import Compensation, Concurrency, ForEach, RateLimit, Retry

#: The code of a mistake in a field of the language.
INVALID = "definition.invalid"

_Model = TypeVar("_Model", bound=BaseModel)
#: Models within models, by the name of their field.
_WITHIN: dict[str, type[BaseModel]] = {
    "retry": Retry,
    "for_each": ForEach,
    "compensate": Compensation,
    "concurrency": Concurrency,
    "rate_limit": RateLimit,
}


def read_fields(model: type[_Model], value: Any, path: Path, faults: Faults, code: str = INVALID) -> _Model | None:
    """The value at `path` as a model; None when it is wrong, with a fault for each mistake."""
    try:
        # From JSON and strictly: lists are tuples there, and "yes" is not true nor "3" a number.
        return model.model_validate_json(orjson.dumps(value), strict=True)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            at, message = _told(detail, model)
            faults.add((*path, *at), code, message)
        return None


def _told(detail: ErrorDetails, model: type[BaseModel]) -> tuple[Path, str]:
    """Where the mistake is, and what."""
    at = detail["loc"]
    if not at:
        return at, describe(detail)
    if detail["type"] == "missing":
        return at[:-1], f"{shown(at[-1])} is missing"
    if detail["type"] == "extra_forbidden":
        inner = next((_WITHIN[str(step)] for step in reversed(at[:-1]) if step in _WITHIN), model)
        names = [field.alias or name for name, field in inner.model_fields.items()]
        return at, f"there is no {shown(at[-1])}{suggestion(str(at[-1]), names)}"
    if at[-1:] == ("[key]",):
        return at[:-1], f"the name {shown(at[-2])} {describe(detail)}"
    name = at[-1] if isinstance(at[-1], str) else f"{at[-2]}[{at[-1]}]"
    return at, f"{shown(name)} {describe(detail)}"
