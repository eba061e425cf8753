"""Every name on the wire, every setting and every message is told of."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

import pytest
from support.documents import ROOT

from docs.generator.schemas import MODELS, schema_text
from docs.generator.settings import settings
from docs.generator.subjects import comments, sections
from gnatwork_schemas import subjects
from gnatwork_schemas.live import LiveEvent
from gnatwork_schemas.messages import Message, Outcome

_VARIABLE = re.compile(r"\bGNATWORK_[A-Z_]+\b")
_BASES = {Message, Outcome, LiveEvent}


def _public_names() -> list[str]:
    return [
        name
        for name, value in vars(subjects).items()
        if not name.startswith("_")
        and (name.isupper() or (isinstance(value, FunctionType) and value.__module__.startswith(subjects.__name__)))
    ]


def test_every_name_stands_in_a_section() -> None:
    assert {name for names in sections().values() for name in names} >= set(_public_names())


@pytest.mark.parametrize("name", _public_names())
def test_every_name_has_a_sentence(name: str) -> None:
    value = getattr(subjects, name)
    text = value.__doc__ if isinstance(value, FunctionType) else comments().get(name)
    assert text, f"subjects.{name} has no `#:` comment"


def test_every_variable_that_the_code_mentions_is_a_setting() -> None:
    known = {setting.variable for setting in settings()}
    for path in ROOT.glob("*/gnatwork*/**/*.py"):
        assert set(_VARIABLE.findall(path.read_text())) <= known, path


def test_every_setting_says_what_it_means() -> None:
    for setting in settings():
        assert _VARIABLE.fullmatch(setting.variable)
        assert setting.variable == f"GNATWORK_{setting.flag.strip('-').upper().replace('-', '_')}"
        assert setting.meaning.endswith(".")


def _messages(base: type[Message] = Message) -> Iterator[type[Message]]:
    for cls in base.__subclasses__():
        yield cls
        yield from _messages(cls)


def test_every_message_has_a_schema() -> None:
    ours = {cls for cls in _messages() if cls.__module__.startswith("gnatwork_schemas.")}
    assert ours - _BASES <= set(MODELS.values()), "add them to docs/generator/schemas.py"


def test_every_field_of_a_message_is_in_its_schema() -> None:
    for name, model in MODELS.items():
        for field in model.model_fields:
            assert f'"{field}": ' in schema_text(name)


def test_schemas_name_themselves() -> None:
    assert '"$id": "https://github.com/gnatwork/gnatwork/blob/main/docs/reference/schemas/work.json"' in schema_text(
        "work"
    )
    assert Path(ROOT / "docs/reference/schemas/work.json").exists()
