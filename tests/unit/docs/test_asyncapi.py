"""The AsyncAPI document is a right one, and has all channels."""

import gzip
import json
import re
from inspect import isfunction
from pathlib import Path

import jsonschema_rs
import pytest

from docs.generator.asyncapi import PARAMETERS, document
from docs.generator.channels import CHANNELS
from docs.generator.schemas import MODELS
from docs.generator.subjects import pattern, sections
from gnatwork_schemas import subjects
from gnatwork_schemas.live import LiveEvent
from gnatwork_schemas.messages import Message, Outcome

_SCHEMA = Path(__file__).parent / "asyncapi" / "3.0.0.json.gz"
#: What subjects of ours begin with.
_ROOTS = ("history", "workflow", "block", "payload", "archive", "dead", "trigger", "control", "audit", "gnatwork")
_NAME = re.compile(r"<[^>]+>|\{[^}]+\}|\*")
#: Bodies that travel in replies, in other bodies or nowhere: these have no channel of their own.
_WITHIN = {
    "audit-record",
    "evaluated",
    "found-dead-letter",
    "listed-block",
    "log-line",
    "control-block",
    "stored-workflow",
    "hook-path",
    "run",
    "task",
}


#: Makers of what is no subject by itself: beginnings and ends of subjects, and keys of buckets.
_PARTS = {
    "history_base",
    "history_of",
    "limit_base",
    "retention_base",
    "output_event",
    "error_event",
    "claimed_event",
    "control_block_key",
    # Nothing is ever stored there.
    "WORK_BARRIER",
}


def _our_subjects() -> list[str]:
    """All subjects and patterns of them that the code can make."""
    found = []
    for name in (name for names in sections().values() for name in names if name not in _PARTS):
        one = getattr(subjects, name)
        subject = pattern(one).strip("`") if isfunction(one) else one
        if isinstance(subject, str) and subject.split(".")[0] in _ROOTS and "." in subject:
            found.append(subject)
    return found


def test_it_is_one() -> None:
    schema = json.loads(gzip.decompress(_SCHEMA.read_bytes()))
    jsonschema_rs.Draft7Validator(schema).validate(document())


@pytest.mark.parametrize("subject", _our_subjects())
def test_each_subject_is_a_channel_or_finds_some(subject: str) -> None:
    assert any(_meet(subject, channel.address) for channel in CHANNELS), f"{subject} is of no channel"


def test_each_event_of_a_run_is_a_channel() -> None:
    events = {channel.address.split(".", 5)[5] for channel in CHANNELS if channel.address.startswith("history.")}
    constants = {
        value
        for name, value in vars(subjects).items()
        if isinstance(value, str)
        and name.startswith(("START", "COMPLETE", "FAILED", "CANCELLED", "TIMED_", "REQUEST_"))
    }
    assert constants | {subjects.LIMIT_GRANTED, subjects.LIMIT_REFUSED, subjects.LIMIT_ACQUIRE} <= events


def test_each_message_has_a_channel() -> None:
    bodies = {
        name
        for name, model in MODELS.items()
        if issubclass(model, Message) and model not in {Message, Outcome, LiveEvent} and name not in _WITHIN
    }
    assert bodies - {message for channel in CHANNELS for message in channel.messages} == set()


def test_each_name_in_an_address_is_explained() -> None:
    used = {name for channel in CHANNELS for name in re.findall(r"\{(\w+)\}", channel.address)}
    assert used == PARAMETERS.keys()


def test_channels_have_names_of_their_own() -> None:
    assert (
        len({channel.name for channel in CHANNELS}) == len(CHANNELS) == len({channel.address for channel in CHANNELS})
    )


def test_the_schema_refuses_what_is_none() -> None:
    schema = json.loads(gzip.decompress(_SCHEMA.read_bytes()))
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.Draft7Validator(schema).validate({**document(), "channels": {"x": {"adress": "y"}}})


def _meet(subject: str, address: str) -> bool:
    """Whether some subject is of both forms."""
    one, other = (_NAME.sub("*", text).split(".") for text in (subject, address))
    for mine, theirs in zip(one, other, strict=False):
        if ">" in (mine, theirs):
            return True
        if "*" not in mine and "*" not in theirs and mine != theirs:
            return False
    # The event of a live channel is several tokens.
    return len(one) == len(other) or address.endswith("{event}") or one[len(other) :] == [">"]
