"""HTTP requests of a dialect as blocks of the type `fetch`."""

from typing import Any

from gnatwork_engine.compiler.dialects.fields import CONFIG_INVALID, Fields
from gnatwork_engine.compiler.dialects.placed import made, sent
from gnatwork_engine.compiler.dialects.texts import Names, is_template, rewritten
from gnatwork_engine.compiler.dialects.times import duration
from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.json_tree import Path

FETCH = "fetch"

_SAME = ("url", "headers", "query")


def request(config: Any, at: Path, names: Names, faults: Faults, *, timeout: str) -> dict[str, Any]:
    """The native `config` and `timeout` of a request.

    A `body` that is a text goes out as it is; anything else, and what a template that stands alone yields, as JSON.

    Args:
        config: What was sent, an object with `method`, `url`, `headers`, `query`, `body` or `json`, and a time.
        at: Where it stands.
        names: What templates can mention.
        faults: Takes the mistakes.
        timeout: What the time is called: milliseconds of one attempt, or a native duration.
    """
    fields = Fields({} if config is None else config, at, faults, "a request", CONFIG_INVALID)
    fields.only("method", *_SAME, "body", "json", timeout)
    native: dict[str, Any] = {}
    if (method := fields.get("method")) is not None:
        native["method"] = sent(method.upper() if isinstance(method, str) else method, fields.at("method"))
    for key in _SAME:
        if key in fields:
            native[key] = sent(rewritten(fields.get(key), fields.at(key), names, faults), fields.at(key))
    if fields.sound and "url" not in fields:
        fields.wrong("url", f"{shown('url')} is missing")
        native["url"] = "{{ input }}"
    if "body" in fields and "json" in fields:
        fields.wrong("json", "there is a `body` as well; give one of the two")
    for key in ("body", "json"):
        if key in fields:
            value = fields.get(key)
            as_text = key == "body" and isinstance(value, str) and not is_template(value)
            native["body" if as_text else "json"] = sent(
                rewritten(value, fields.at(key), names, faults), fields.at(key)
            )
    found: dict[str, Any] = {"config": sent(native, at)}
    if (patience := duration(fields, timeout)) is not None:
        found["timeout"] = made(patience, fields.at(timeout))
    return found
