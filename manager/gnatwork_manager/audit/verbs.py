"""Which verbs over NATS are written to the audit log: those whose twins over HTTP are."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from gnatwork_manager.audit.entries import entry_of, target_of
from gnatwork_manager.audit.log import AuditLog
from gnatwork_manager.audit.notes import Notes
from gnatwork_manager.people.guard import GuardedRoute
from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.errors import GnatworkError
from gnatwork_schemas.people import Reach


class _Twin(NamedTuple):
    """What the endpoint says that does the same."""

    #: The parameters in its path.
    names: tuple[str, ...]
    #: Whether it is about a namespace.
    namespaced: bool


class AuditedVerbs:
    """Writes down what verbs have changed."""

    def __init__(self, routes: Iterable[GuardedRoute], log: AuditLog) -> None:
        self._log = log
        self._twins: Mapping[str, _Twin] = {
            one.access.action: _Twin(tuple(one.route.param_convertors), one.access.reach is Reach.NAMESPACE)
            for one in sorted(routes, key=lambda route: len(route.route.param_convertors))
            if one.audited
        }

    async def done(self, verb: str, namespace: str, body: Mapping[str, Any], noted: Notes) -> None:
        """Write down that a verb was done, if it is one that changes something; ProblemError `audit.failed`."""
        twin = self._twins.get(verb)
        if twin is None:
            return
        entry = entry_of(
            verb, "done", noted, target=target_of(body, twin.names), namespace=namespace if twin.namespaced else None
        )
        try:
            await self._log.append(entry)
        except GnatworkError as error:
            raise ProblemError("audit.failed", str(error)) from error
