"""The protocol of executors is told as it is."""

import json
import re
from inspect import isfunction

from support.documents import ROOT, fences, prose

from docs.generator.schemas import MODELS
from docs.generator.subjects import pattern, sections
from gnatwork_bus import topology
from gnatwork_cli.conformance.suite import CHECKS
from gnatwork_schemas import subjects
from gnatwork_schemas.codes import CODES
from gnatwork_schemas.payload import CHUNK_SIZE, INLINE_LIMIT, MAX_PAYLOAD, PAYLOAD_KEY

_PAGE = ROOT / "docs/reference/protocol.md"
_TEXT = _PAGE.read_text()
#: Code spans that are names on the wire.
_NAME = re.compile(r"`((?:<history base>|(?:block|history|payload|control|workflow|dead|exec|catalogue)[.-])[^`\s]*)`")
_PLACEHOLDER = re.compile(r"<[^>]+>")


def _headings() -> set[str]:
    return {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", prose(_PAGE), re.MULTILINE)}


def test_each_check_has_its_section() -> None:
    assert {check.section for check in CHECKS} <= _headings()


def test_each_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)


def test_each_body_is_one() -> None:
    shown = 0
    for part in _TEXT.split("](schemas/")[1:]:
        model = MODELS[part.partition(".json)")[0]]
        example = json.loads(part.partition("```json\n")[2].partition("\n```")[0])
        body = example.get(PAYLOAD_KEY, example)
        model.model_validate(body, strict=False)
        assert set(body) <= model.model_fields.keys()
        shown += 1
    assert shown >= 8


def test_each_name_is_one_of_ours() -> None:
    ours = [getattr(subjects, name) for names in sections().values() for name in names]
    known = [pattern(one) if isfunction(one) else f"`{one}`" for one in ours if isfunction(one) or isinstance(one, str)]
    shapes = [_shape(name.strip("`")) for name in known if name.startswith("`")]
    found = [name for name in _NAME.findall(_TEXT) if "<" in name or "*" in name]
    assert len(found) >= 12
    for name in found:
        told = _PLACEHOLDER.sub("x", name.replace("<history base>", "history.x.x.x.x")).replace("*", "x")
        assert any(shape.fullmatch(told) for shape in shapes), f"{name} is no name of ours"


def test_the_numbers_are_ours() -> None:
    consumer = topology.executor_consumer("x")
    assert f"| ack wait | {consumer.ack_wait:g} s |" in _TEXT
    assert f"| max ack pending | {consumer.max_ack_pending:,}," in _TEXT
    assert f"more than {INLINE_LIMIT:,} bytes" in _TEXT
    assert f"chunks of {CHUNK_SIZE:,} bytes" in _TEXT
    assert f"More than {MAX_PAYLOAD >> 20} MiB" in _TEXT


def test_the_codes_are_ours() -> None:
    table = _TEXT.partition("| code | when | retryable |")[2].partition("\n\n")[0]
    told = {code for row in table.splitlines() for code in re.findall(r"`([a-z]+\.[a-z_.]+)`", row.partition(" | ")[0])}
    assert len(told) == 8
    assert told <= CODES.keys()


def test_the_commands_are_shown_as_they_are_typed() -> None:
    (command,) = (line for fence in fences(_PAGE) for line in fence.text.splitlines() if line.startswith("gnatwork "))
    assert command.startswith("gnatwork conformance executor --type echo-js --command")


def _shape(name: str) -> re.Pattern[str]:
    """What matches names of this form."""
    parts = _PLACEHOLDER.sub("\0", name).split("\0")
    text = r"[^.\s]+".join(re.escape(part) for part in parts)
    text = text.replace(r"\*", r"[^.\s]+").replace(r"\>", r"\S+").replace(">", r"\S+")
    return re.compile(text)
