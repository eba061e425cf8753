"""Every error code that the code uses has its entry, and so its page; and none has an entry for nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.documents import ROOT

from docs.generator.blocks import built_in
from gnatwork_manager.app import build_api
from gnatwork_manager.people.guard import guarded_routes
from gnatwork_manager.problems import STATUS
from gnatwork_manager.verbs import VERBS
from gnatwork_schemas import codes, subjects
from gnatwork_schemas.codes import CODES, ErrorCode

_TABLE = Path(codes.__file__)
_FAMILIES = {code.partition(".")[0] for code in CODES}
_CODE = re.compile(r"[a-z]+\.[a-z_]+")
_REQUESTS = {subjects.REQUEST_CANCEL, subjects.REQUEST_PAUSE, subjects.REQUEST_RESUME}
_LIMITS = {value for name, value in vars(subjects).items() if name.startswith("LIMIT_")}
_ACTIONS = {route.access.action for route in guarded_routes(build_api())}
#: Texts of the same form that are no error codes: verbs and other actions, events, messages of ASGI, files, and what
#: another language calls a webhook.
_OTHERS = {
    *VERBS,
    *_ACTIONS,
    *_REQUESTS,
    *_LIMITS,
    "http.disconnect",
    "http.request",
    "http.response.start",
    "connection.json",
    "nats.conf",
    "nats.log",
    "nats.pid",
    "http.webhook",
}
_SERVICES = {"compiler", "manager", "scheduler", "executor"}
#: What stands for all blocks that speak with services.
_MANY = {"integrations"}


def _modules() -> list[Path]:
    found = [*ROOT.glob("*/gnatwork*/**/*.py"), *ROOT.glob("blocks/integrations/*/gnatwork*/**/*.py")]
    return [path for path in found if path != _TABLE]


def _texts(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _used() -> dict[str, Path]:
    """Texts that look like an error code of one of our families, and where they stand."""
    return {
        text: path
        for path in _modules()
        for text in _texts(path)
        if _CODE.fullmatch(text) and text.partition(".")[0] in _FAMILIES and text not in _OTHERS
    }


def test_every_code_in_use_is_in_the_table() -> None:
    missing = {code: str(path.relative_to(ROOT)) for code, path in _used().items() if code not in CODES}
    assert not missing, "give them an entry in gnatwork_schemas/codes.py"


def test_every_code_in_the_table_is_in_use() -> None:
    assert not CODES.keys() - _used().keys(), "remove the entries of codes that nothing uses"


@pytest.mark.parametrize("entry", CODES.values(), ids=lambda entry: entry.code)
def test_an_entry_says_all_there_is_to_say(entry: ErrorCode) -> None:
    assert entry.meaning.endswith(".")
    assert entry.advice.endswith(".")
    assert entry.raised_by
    assert set(entry.raised_by) <= _SERVICES | _MANY | {block.type for block in built_in()}
    assert entry.retryable is not None or set(entry.raised_by) <= _SERVICES


def test_only_errors_have_a_status() -> None:
    assert STATUS.keys() <= CODES.keys()
