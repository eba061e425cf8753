"""What typed steps do that are one native block each."""

from typing import Any

from gnatwork_engine.compiler.code import CODE
from gnatwork_engine.compiler.dialects import scripts
from gnatwork_engine.compiler.dialects.configs import native_config, native_type
from gnatwork_engine.compiler.dialects.delays import delay
from gnatwork_engine.compiler.dialects.placed import made, sent
from gnatwork_engine.compiler.dialects.python_code import python_source
from gnatwork_engine.compiler.dialects.requests import FETCH, request
from gnatwork_engine.compiler.dialects.texts import rewritten, template
from gnatwork_engine.compiler.dialects.times import milliseconds
from gnatwork_engine.compiler.dialects.typed_names import TypedNames
from gnatwork_engine.compiler.dialects.typed_reading import CUSTOM_CODE, DELAY, HTTP_REQUEST, TRANSFORM, Step
from gnatwork_engine.compiler.faults import Faults, listed, shown, suggestion

#: Seconds that a `code` block may compute.
_MAX_COMPUTING = 300
_LANGUAGES = ("javascript", "python")


def work(step: Step, names: TypedNames, faults: Faults) -> dict[str, Any]:
    """The native type of a step, with its config and whatever else it says."""
    at, type_at = (*step.path, "config"), step.fields.at("type")
    config = step.fields.get("config")
    match step.type:
        case type_ if type_ == HTTP_REQUEST:
            return {"type": made(FETCH, type_at), **request(config, step.config.path, names, faults, timeout="timeout")}
        case type_ if type_ == TRANSFORM:
            return {"type": made(type_, type_at), "config": _transform(step, names, faults)}
        case type_ if type_ == DELAY:
            return {"type": made(type_, type_at), "config": delay(config, step.config.path, names, faults)}
        case type_ if type_ == CUSTOM_CODE:
            return _code(step, names, faults)
        case type_:
            native = native_type(type_)
            found = {"config": native_config(native, config, at, names, faults)} if config is not None else {}
            return {"type": sent(native, type_at), **found}


def _transform(step: Step, names: TypedNames, faults: Faults) -> Any:
    config = step.config
    config.only("code", "mapping")
    if ("code" in config) == ("mapping" in config):
        config.wrong("mapping", "a transform has `code`, a text, or `mapping`, an object, and just one of them")
        return made({"set": {}}, config.path)
    if "mapping" in config:
        at = config.at("mapping")
        return made({"set": sent(rewritten(config.get("mapping"), at, names, faults), at)}, config.path)
    return made({"expression": _script(step, names, faults)}, config.path)


def _script(step: Step, names: TypedNames, faults: Faults) -> Any:
    at = step.config.at("code")
    code = step.config.text("code")
    return made("null" if code is None else scripts.body(code, at, names.in_body(), faults), at)


def _code(step: Step, names: TypedNames, faults: Faults) -> dict[str, Any]:
    config = step.config
    config.only("language", "code", "timeoutMs")
    language = config.needed("language")
    if language is not None and language not in _LANGUAGES:
        near = suggestion(language, _LANGUAGES)
        config.wrong("language", f"{shown(language)} is no language of a `custom_code`: {listed(_LANGUAGES)}{near}")
    code = config.needed("code")
    native: dict[str, Any] = {}
    if (patience := milliseconds(config, "timeoutMs")) is not None:
        native["timeout"] = made(patience, config.at("timeoutMs"))
    if language == "python":
        values = {
            "language": made(language, config.at("language")),
            "source": made(python_source(code or ""), config.at("code")),
            "input": {"input": "{{ input }}", "context": _context(names)},
        }
        limit = config.get("timeoutMs")
        if patience is not None and isinstance(limit, int | float):
            # What one attempt may last, it may compute.
            values["timeout"] = made(min(limit / 1000, _MAX_COMPUTING), config.at("timeoutMs"))
        return {"type": made(CODE, config.at("language")), "config": made(values, config.path), **native}
    script = made({"expression": _script(step, names, faults) if code is not None else "null"}, config.path)
    return {"type": made("transform", step.fields.at("type")), "config": script, **native}


def _context(names: TypedNames) -> dict[str, str | dict[str, str]]:
    """The outputs of all earlier steps, as templates."""
    found: dict[str, str | dict[str, str]] = {}
    for id_ in names.earlier:
        shape = names.shapes[id_]
        answer = {"status": "status", "headers": "headers", "data": "body"}
        found[id_] = (
            {name: template(("blocks", id_, native), "null") for name, native in answer.items()}
            if shape.answer
            else template(("blocks", id_), "null")
        )
    return found
