"""`docs/reference/subjects.md`: every name on the wire, and the settings of streams, buckets and consumers."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from types import ModuleType
from typing import Any

from docs.generator.comments import comments_of, field_comment, first_paragraph
from docs.generator.markdown import code, page, table
from gnatwork_bus import topology
from gnatwork_bus.descriptors import BucketDescriptor, ConsumerDescriptor, StreamDescriptor
from gnatwork_schemas import header_names, subjects
from gnatwork_schemas.subjects import buckets, history, keys, live, requests, stored, streams, triggers, work

#: The modules that names have their places in, by what they are about.
_MODULES: Mapping[str, ModuleType] = {
    "streams": streams,
    "key-value buckets": buckets,
    "history": history,
    "live events (core NATS)": live,
    "work": work,
    "archive, payloads and dead letters": stored,
    "triggers, logs and audit": triggers,
    "consumers, buckets and their keys": keys,
    "request/reply": requests,
}

_DEFINED = re.compile(r"^(?:def )?(?P<name>[A-Za-z]\w*)(?: = |\()")

_INTRODUCTION = """\
Every subject, stream, bucket and key has its name from one package, `gnatwork_schemas.subjects`, and every header from
`gnatwork_schemas.header_names`; this page is written from them. `<…>` is one token. Which bodies travel where is told
in [Messages](messages.md).

What most users want: subscribe to `workflow.*.complete` for the end of every run that completes, and to
`workflow.<run>.>` for everything about one run. Those are republished by the server once an event is stored."""


def pages() -> dict[str, str]:
    """The one page."""
    parts: list[str] = []
    for title, module in _MODULES.items():
        parts += [f"## {title[0].upper()}{title[1:]}", *_section(module, _names_of(module))]
    headers = [name for name in vars(header_names) if name.isupper()]
    parts += ["## Headers", *_section(header_names, headers)]
    return {
        "subjects.md": page(
            "Subjects, streams and headers",
            _INTRODUCTION,
            *parts,
            "## Settings of streams",
            "What Gnatwork decides about them; each service brings the server to it when it starts. All keep their"
            " messages in files and allow direct reads. Settings that are not listed are the operator's.",
            table(("Stream", *_heads(StreamDescriptor)), [_row(stream) for stream in _streams()]),
            "## Settings of buckets",
            table(("Bucket", *_heads(BucketDescriptor)), [_row(bucket) for bucket in topology.BUCKETS]),
            "## Settings of consumers",
            table(("Consumer", *_heads(ConsumerDescriptor)), [_row(consumer) for consumer in _consumers()]),
            "## What the settings mean",
            table(("Setting", "Meaning"), _meanings()),
        )
    }


def sections() -> dict[str, list[str]]:
    """The public names by what they are about, in order."""
    return {title: _names_of(module) for title, module in _MODULES.items()}


def comments() -> dict[str, str]:
    """What is said of each constant."""
    return {name: text for module in _MODULES.values() for name, text in comments_of(module).items()}


def _names_of(module: ModuleType) -> list[str]:
    found = (_DEFINED.match(line) for line in inspect.getsource(module).splitlines())
    return [match["name"] for match in found if match and match["name"] in vars(module)]


def _section(module: ModuleType, names: list[str]) -> Iterator[str]:
    comments = comments_of(module)
    constants = [
        (code(name), _value(getattr(module, name)), comments[name])
        for name in names
        if not callable(getattr(module, name))
    ]
    functions = [
        (code(name), pattern(getattr(module, name)), first_paragraph(getattr(module, name)))
        for name in names
        if inspect.isfunction(getattr(module, name))
    ]
    yield table(("Constant", "Value", "What"), constants)
    yield table(("Function", "Gives", "What"), functions)


def _value(value: Any) -> str:
    match value:
        case frozenset():
            return ", ".join(code(str(one)) for one in sorted(value))
        case tuple():
            return " → ".join(code(str(one)) for one in value)
    return code(str(value))


def pattern(function: Callable[..., Any]) -> str:
    """The name that a function makes, with the names of its parameters in the places of their values."""
    signature = inspect.signature(function)
    if signature.return_annotation is not str:
        return ""
    if "subject" in signature.parameters:
        return "a token of it"
    return code(function(*(_stand_in(parameter) for parameter in signature.parameters.values())))


def _stand_in(parameter: inspect.Parameter) -> Any:
    if parameter.annotation is subjects.WorkSubject:
        return subjects.WorkSubject(*(f"<{field}>" for field in subjects.WorkSubject._fields))  # type: ignore[arg-type]  # names
    return _Shards() if parameter.name == "shards" else f"<{parameter.name.rstrip('_')}>"


class _Shards(int):
    """A number of shards: the remainder of whatever is divided by it is some shard."""

    def __rmod__(self, other: object) -> Any:
        return "<shard>"


def _streams() -> tuple[StreamDescriptor, ...]:
    buckets = {bucket.stream().name for bucket in topology.BUCKETS}
    others = (stream for stream in topology.other_streams() if stream.name not in buckets)
    return (topology.history(topology.DEFAULT_SHARDS), *others)


def _consumers() -> tuple[ConsumerDescriptor, ...]:
    return (
        topology.scheduler_consumer("<shard>"),  # type: ignore[arg-type]  # a name in the place of a number
        topology.executor_consumer("<type>", "<lane>"),
    )


def _heads(descriptor: type[Any]) -> list[str]:
    return [field.name for field in fields(descriptor) if field.name != "name"]


def _meanings() -> list[tuple[str, str]]:
    found = {
        name: field_comment(descriptor, name)
        for descriptor in (StreamDescriptor, BucketDescriptor, ConsumerDescriptor)
        for name in _heads(descriptor)
    }
    return [(code(name), meaning) for name, meaning in found.items() if meaning]


def _row(descriptor: Any) -> list[str]:
    values = [getattr(descriptor, name) for name in _heads(type(descriptor))]
    return [code(descriptor.name), *(_setting(value) for value in values)]


def _setting(value: Any) -> str:
    match value:
        case None | False:
            return ""
        case True:
            return "yes"
        case tuple():
            return _value(value)
        case float() | int():
            return f"{value:,.15g}"
        case str():
            return code(value)
    return ", ".join(f"{code(key)}: {item}" for key, item in value.items())
