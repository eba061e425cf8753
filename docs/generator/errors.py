"""`docs/reference/errors`: a page for each error code, and their index."""

from docs.generator.markdown import code, page, table
from gnatwork_blocks import registry
from gnatwork_manager.problems import STATUS
from gnatwork_schemas.codes import CODES, ErrorCode

_WHO = {
    "compiler": "the compiler, when a definition is submitted",
    "manager": "managers",
    "scheduler": "schedulers",
    "executor": "executors",
    "integrations": "blocks of [integrations](../../integrations.md)",
}
_ANOTHER = {"yes": "may help, so the block's `retry` applies", "no": "would fail as well, so none is made"}
_COMPILED = 422


def pages() -> dict[str, str]:
    """A page per code and the index."""
    found = {f"errors/{entry.code}.md": _page(entry) for entry in CODES.values()}
    found["errors/README.md"] = page("Error codes", _INTRODUCTION, *_groups())
    return found


def link(entry: ErrorCode, folder: str = "") -> str:
    """A link to the page of a code."""
    return f"[`{entry.code}`]({folder}{entry.code}.md)"


def _page(entry: ErrorCode) -> str:
    facts = [("Found by", "; ".join(_who(one) for one in entry.raised_by))]
    if entry.retryable:
        again = _ANOTHER.get(entry.retryable, f"may help {entry.retryable}; then the block's `retry` applies")
        facts.append(("Another attempt", again))
    if statuses := _statuses(entry):
        facts.append(("HTTP status", ", ".join(map(str, statuses))))
    return page(
        code(entry.code),
        entry.meaning,
        f"**What to do.** {entry.advice}",
        table(("", ""), facts),
        "[All error codes](README.md)",
    )


def _who(name: str) -> str:
    return _WHO.get(name) or f"the block [`{name}`](../blocks/{name}.md)"


def _statuses(entry: ErrorCode) -> list[int]:
    """With which statuses the API answers, where it does."""
    found = {_COMPILED} if "compiler" in entry.raised_by else set()
    if "manager" in entry.raised_by and entry.retryable != "no":
        found.add(STATUS.get(entry.code, 500))
    return sorted(found | ({STATUS[entry.code]} if entry.code in STATUS and "manager" in entry.raised_by else set()))


def _groups() -> list[str]:
    groups: dict[str, list[ErrorCode]] = {}
    for entry in CODES.values():
        groups.setdefault(entry.code.partition(".")[0], []).append(entry)
    return [
        f"## {name}\n\n" + table(("Code", "Meaning"), [(link(entry), entry.meaning) for entry in entries])
        for name, entries in groups.items()
    ]


_INTRODUCTION = f"""\
Every error has a code, dotted and in lower case. It stands in problem documents (`code`), in the `error` of runs and
tasks, and in the names of dead letters. Blocks of your own choose codes of their own; those of the built-in blocks
({", ".join(code(name) for name in registry.names())}) are here."""
