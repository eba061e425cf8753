"""`docs/reference/asyncapi.json`: all channels and their bodies, as an AsyncAPI 3 document."""

import json
import re
from importlib.metadata import version
from typing import Any

from docs.generator.channels import CHANNELS, Channel
from docs.generator.comments import first_paragraph
from docs.generator.schemas import MODELS
from docs.generator.subjects import comments

_PARAMETER = re.compile(r"\{(\w+)\}")
#: What the names in addresses stand for.
PARAMETERS = {
    "action": "What was done, e.g. `workflow.put`.",
    "attempt": "The attempt, from 1.",
    "chunk": "The number of the chunk, from 0.",
    "code": "Why, an error code.",
    "delivery": "The number of the delivery, from 1.",
    "event": "What has happened, one or more tokens.",
    "key": "What is limited, as a digest.",
    "lane": "`high`, `normal` or `low`.",
    "lease": "A name that no other executor has.",
    "name": "The name of the signal.",
    "namespace": "The tenant.",
    "payload": "The id of the value.",
    "run": "The id of the run.",
    "sequence": "The place of the message in its stream.",
    "shard": "The number of the slice that the run belongs to.",
    "stream": "The stream that the message was in.",
    "task": "The path of the task; its `/` stays inside the token.",
    "timer": "What the timer is for.",
    "trigger": "The id of the trigger.",
    "type": "The block type.",
    "verb": "What is asked for, e.g. `submit`.",
    "workflow": "The workflow.",
}
_DESCRIPTION = (
    "What travels between the parts of Gnatwork, all of it over NATS. Bodies are UTF-8 JSON; a reader ignores fields"
    " that it does not know and refuses a `v` that it does not know. How executors use these channels is"
    " told in protocol.md, each body with an example in messages.md."
)
#: Of the JSON Schemas that bodies have.
_FORMAT = "application/schema+json;version=draft-2020-12"


def pages() -> dict[str, str]:
    """The one document."""
    return {"asyncapi.json": json.dumps(document(), indent=2, ensure_ascii=False) + "\n"}


def document() -> dict[str, Any]:
    """The document."""
    used = sorted({message for channel in CHANNELS for message in channel.messages})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gnatwork",
            "version": version("gnatwork"),
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "127.0.0.1:4222", "protocol": "nats", "description": "A NATS server, 2.14 or newer."}
        },
        "channels": {channel.name: _channel(channel) for channel in CHANNELS},
        "operations": {f"{channel.name}Publish": _operation(channel) for channel in CHANNELS},
        "components": {"messages": {name: _message(name) for name in used}},
    }


def _channel(channel: Channel) -> dict[str, Any]:
    names = _PARAMETER.findall(channel.address)
    found: dict[str, Any] = {"address": channel.address, "description": _told(channel)}
    if channel.messages:
        found["messages"] = {name: {"$ref": f"#/components/messages/{name}"} for name in channel.messages}
    if names:
        found["parameters"] = {name: {"description": PARAMETERS[name]} for name in names}
    return found


def _operation(channel: Channel) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "summary": f"Published by {channel.publishers}.",
    }


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "summary": first_paragraph(MODELS[name]),
        "payload": {"schemaFormat": _FORMAT, "schema": {"$ref": f"schemas/{name}.json"}},
    }


def _told(channel: Channel) -> str:
    """What the code says of it."""
    source = channel.source
    return comments()[source] if isinstance(source, str) else first_paragraph(source)
