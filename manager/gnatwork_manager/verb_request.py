"""A request to the API over NATS, as its verbs see it, and how they read it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from gnatwork_manager.listing import PageQuery
from gnatwork_manager.problems import ProblemError, faults_of, invalid
from gnatwork_manager.services import Services
from gnatwork_manager.submission import check_fields
from gnatwork_manager.versions.conditions import Condition, parse_condition

#: What any verb that writes on a condition may carry, as HTTP has it in headers.
CONDITION = ("if_match", "if_none_match")

_Query = TypeVar("_Query", bound=BaseModel)

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VerbRequest:
    """A request, its body read."""

    services: Services
    namespace: str
    body: dict[str, Any]
    headers: Mapping[str, str]
    #: To be called once nothing but waiting is left.
    on_wait: Callable[[], None]

    def only(self, *fields: str) -> None:
        """Raise ProblemError for a field that the verb does not take."""
        check_fields(self.body, fields)

    def text(self, name: str) -> str:
        """A field that must be there and be a text; ProblemError."""
        value = self.body.get(name)
        if not isinstance(value, str):
            raise invalid(f"/{name}", f"`{name}` is missing, or not a text")
        return value

    def without(self, *fields: str) -> dict[str, Any]:
        """The body without these fields."""
        return {key: value for key, value in self.body.items() if key not in fields}

    def query(self, model: type[_Query], *others: str) -> _Query:
        """The body as this model, but for the fields that say something else; ProblemError."""
        try:
            return model.model_validate(self.without(*others))
        except ValidationError as error:
            faults = faults_of(error.errors(include_url=False), skip=0)
            raise ProblemError("request.invalid", faults[0].message, errors=faults) from None

    def condition(self) -> Condition:
        """What must hold for a write, as the fields `CONDITION` say; ProblemError."""
        return parse_condition(*(self.text(name) if name in self.body else None for name in CONDITION))

    def page(self, *others: str) -> PageQuery:
        """Which page of a list is wanted; ProblemError."""
        return self.query(PageQuery, *others)


#: By name, what answers a verb; each room of the manager has a table of its own.
Verbs = Mapping[str, Callable[[VerbRequest], Awaitable[Answer]]]
