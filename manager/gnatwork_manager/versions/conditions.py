"""On what state of a workflow's document a write is to be done: `If-Match` and `If-None-Match`, as HTTP has them."""

import re
from dataclasses import dataclass

from gnatwork_manager.problems import ProblemError, invalid

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_TAGS = re.compile(rf"\s*(?:\*|{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*)\s*")


def etag(revision: int) -> str:
    """What names a state of a document."""
    return f'"{revision}"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What must hold for a write; nothing unless said. Tags as in HTTP, `*` for any state that exists."""

    match: frozenset[str] | None = None
    none_match: frozenset[str] | None = None

    def check(self, revision: int | None) -> None:
        """Raise ProblemError `workflow.changed` unless it holds for this revision, None for no document."""
        current = set() if revision is None else {"*", etag(revision)}
        if self.match is not None and not self.match & current:
            now = "it does not exist" if revision is None else f"its ETag is now {etag(revision)}"
            raise _changed(now, revision)
        # Weak or strong makes no difference to `If-None-Match`.
        if self.none_match is not None and {tag.removeprefix("W/") for tag in self.none_match} & current:
            raise _changed("it exists already", revision)


ALWAYS = Condition()


def parse_condition(if_match: str | None, if_none_match: str | None) -> Condition:
    """The condition that two headers state; ProblemError."""
    return Condition(match=_tags(if_match, "If-Match"), none_match=_tags(if_none_match, "If-None-Match"))


def _tags(text: str | None, header: str) -> frozenset[str] | None:
    if text is None:
        return None
    if not _TAGS.fullmatch(text):
        raise invalid(f"/{header}", f'`{header}` is `*`, or ETags in quotes such as "12"')
    return frozenset(_TAG.findall(text)) or frozenset("*")


def _changed(now: str, revision: int | None) -> ProblemError:
    headers = {} if revision is None else {"ETag": etag(revision)}
    return ProblemError("workflow.changed", now, headers=headers)
