"""What a run is found by: exact terms, and words. Both are tokens of one full-text table, told apart by its columns."""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

from gnatwork_schemas.status import RunStatus, RunSummary

#: Words of one run that are kept; error messages may be long.
_MOST_WORDS = 64
_WORD = re.compile(r"[^\W_]+")
_QUERY_WORD = re.compile(r"([^\W_]+)(\*?)")
#: Letters that must stand before a `*`.
SHORTEST_PREFIX = 3


def term(namespace: str, kind: str, *values: str) -> str:
    """A token that stands for one fact about a run, and for no other one."""
    text = "\0".join((namespace, kind, *values))
    return blake2b(text.encode(), digest_size=8).hexdigest()


def namespace_term(namespace: str) -> str:
    """It is in the namespace."""
    return term(namespace, "namespace")


def workflow_term(namespace: str, workflow: str) -> str:
    """It is one of a workflow."""
    return term(namespace, "workflow", workflow)


def status_term(namespace: str, status: RunStatus) -> str:
    """It has ended so; those that have not have one term in common, since they change often."""
    return term(namespace, "status", status if status.ended else "live")


def trigger_term(namespace: str, trigger: str) -> str:
    """Its trigger has this type, or this id."""
    return term(namespace, "trigger", trigger)


def parent_term(namespace: str, parent: str) -> str:
    """A run has started it."""
    return term(namespace, "parent", parent)


def label_term(namespace: str, key: str, value: str | None = None) -> str:
    """It has a label, with any value or with this one."""
    return term(namespace, "label", key) if value is None else term(namespace, "label", key, value)


def terms_of(run: RunSummary) -> str:
    """All terms of a run."""
    here, trigger = run.namespace, run.trigger
    found = [namespace_term(here), workflow_term(here, run.workflow), status_term(here, run.status)]
    found += [trigger_term(here, name) for name in {trigger.type, trigger.id} if name]
    found += [parent_term(here, run.parent)] if run.parent else []
    for key, value in run.labels.items():
        found += (label_term(here, key), label_term(here, key, value))
    return " ".join(found)


def words_of(run: RunSummary) -> str:
    """The words of a run: its workflow's name, the values of its labels, code and message of its error."""
    texts = [run.workflow, *run.labels.values()]
    texts += (run.error.code, run.error.message) if run.error else ()
    words = dict.fromkeys(word for text in texts for word in _WORD.findall(_folded(text)))
    return " ".join(list(words)[:_MOST_WORDS])


def searched(text: str) -> list[str]:
    """The words of a search as the table matches them; a `*` behind one stands for any end of the word."""
    found = _QUERY_WORD.findall(_folded(text))
    return [f'"{word}"{star if len(word) >= SHORTEST_PREFIX else ""}' for word, star in found]


def matching(terms: Iterable[str], statuses: Iterable[str], words: Iterable[str]) -> str:
    """The expression that all of these terms, one of these statuses and all of these words make."""
    parts = [f"terms : {one}" for one in (f'"{one}"' for one in terms)]
    if any_of := sorted(set(statuses)):
        parts.append("terms : (" + " OR ".join(f'"{one}"' for one in any_of) + ")")
    parts += [f"words : {word}" for word in words]
    return " AND ".join(parts)


def _folded(text: str) -> str:
    """As it is compared: in one form, and without case."""
    return unicodedata.normalize("NFKC", text).casefold()
