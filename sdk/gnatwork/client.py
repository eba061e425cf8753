"""A client of Gnatwork, over HTTP or over NATS."""

from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gnatwork.account import AccountMethods
from gnatwork.address import Address, find_address
from gnatwork.audit import Audit
from gnatwork.connections import Connections
from gnatwork.credentials import Credentials
from gnatwork.errors import AddressError
from gnatwork.feeds import EventFeed
from gnatwork.http_transport import HttpTransport
from gnatwork.keys import Keys
from gnatwork.nats_transport import NatsTransport
from gnatwork.pages import Page, all_pages
from gnatwork.people import People
from gnatwork.publishing import EventMethods
from gnatwork.runs import RunHandle
from gnatwork.scripts import Language, script_definition
from gnatwork.transport import DEFAULT_TIMEOUT, Call, RunEvent, Transport, workflow_path
from gnatwork.triggers import Triggers
from gnatwork.workflows import WorkflowMethods
from gnatwork_schemas.event_kinds import EventKind
from gnatwork_schemas.executors import ListedBlock, LivingExecutor
from gnatwork_schemas.letters import Discarded, FoundDeadLetter, Redriven
from gnatwork_schemas.names import DEFAULT_NAMESPACE
from gnatwork_schemas.status import RunStatus, RunSummary


class Client(WorkflowMethods, AccountMethods, EventMethods):
    """Starts runs and asks about them.

        async with Client("http://127.0.0.1:7400", token="…") as client:
            run = await client.start(definition, input={"url": "https://example.org"})
            print(await run.result())

    The address says which way to go: `http://` or `https://` to a manager, `nats://` or `tls://` to NATS, where any
    manager answers. Both do the same; NATS is the faster one for many runs at once, HTTP takes larger inputs.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> None:
        """Describe the client; it connects on entering its context.

        Args:
            address: URL of a manager, or of NATS with all that it takes to connect.
            token: an API key, an access token or the installation's own token; over NATS the URL has what it takes.
            namespace: the tenant to act in.
            timeout: seconds that an answer may take.

        Raises:
            AddressError: the address is neither of the two.
        """
        scheme = address.partition("://")[0]
        self._transport: Transport
        if scheme in {"http", "https"}:
            self._transport = HttpTransport(address, token=token, namespace=namespace, timeout=timeout)
        elif scheme in {"nats", "tls", "ws", "wss"}:
            self._transport = NatsTransport(address, namespace=namespace, timeout=timeout)
        else:
            raise AddressError(f"{address!r} is neither an http:// nor a nats:// URL")
        #: What starts runs of stored workflows.
        self.triggers = Triggers(self._transport)
        #: Who may log in, and what they may do.
        self.people = People(self._transport)
        #: What programs call with.
        self.keys = Keys(self._transport)
        #: Credentials under a name.
        self.connections = Connections(self._transport)
        #: Who changed what.
        self.audit = Audit(self._transport)

    @classmethod
    def find(
        cls,
        *,
        data_dir: str | Path | None = None,
        namespace: str = DEFAULT_NAMESPACE,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Self:
        """A client of the Gnatwork that the environment or `connection.json` names; over HTTP where there is a choice.

        The file is looked for in `data_dir`, else in GNATWORK_DATA_DIR of the environment, else in `.gnatwork`.

        Raises:
            AddressError: neither does.
        """
        return cls.at(find_address(data_dir=data_dir), namespace=namespace, timeout=timeout)

    @classmethod
    def at(cls, address: Address, *, namespace: str = DEFAULT_NAMESPACE, timeout: float = DEFAULT_TIMEOUT) -> Self:
        """A client of the Gnatwork at this address."""
        client = cls(address.api or address.nats or "", token=address.token, namespace=namespace, timeout=timeout)
        if address.login is not None:
            client._transport.log_in(address.login, address.keeper)
        return client

    @classmethod
    def logged_in(
        cls,
        api: str,
        credentials: Credentials,
        *,
        namespace: str = DEFAULT_NAMESPACE,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> Self:
        """A client of the manager at this address for whoever has logged in there, as it is kept in `credentials`.

        Raises:
            AddressError: nobody has.
        """
        if (login := credentials.load()) is None:
            raise AddressError(f"nobody is logged in at {api}")
        return cls.at(Address(api=api, login=login, keeper=credentials), namespace=namespace, timeout=timeout)

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()

    async def start(
        self,
        workflow: Mapping[str, Any] | str,
        *,
        input: Any = None,  # noqa: A002 - its name everywhere
        labels: Mapping[str, str] | None = None,
        version: int | None = None,
        at: datetime | None = None,
        idempotency_key: str | None = None,
    ) -> RunHandle:
        """Start a run and return once its start is stored, so that it can't be lost.

        Args:
            workflow: the definition, or the name of a stored workflow.
            input: any JSON that meets the definition's `input` schema.
            labels: to find the run by.
            version: of a stored workflow; the published one when None.
            at: when it is to begin, at once when None or past; a time without a zone is local.
            idempotency_key: repeating a request with the same key starts no second run.

        Raises:
            RequestError: the definition or the input is refused; `problem.errors` has the place of each mistake.
            UnreachableError: nobody answers. The run may have started: repeat with the same `idempotency_key`.
        """
        body: dict[str, Any] = {"input": input}
        if labels:
            body["labels"] = dict(labels)
        if at is not None:
            body["at"] = at.astimezone().isoformat()
        if version is not None:
            body["version"] = version
        if isinstance(workflow, str):
            path, subject = workflow_path(workflow, "/runs"), {"name": workflow}
            call = Call(verb="workflow.start", method="POST", path=path, subject=subject, body=body)
        else:
            body["workflow"] = {"definition": workflow}
            call = Call(verb="submit", method="POST", path="/runs", body=body)
        answer = await self._transport.call(replace(call, idempotency_key=idempotency_key))
        return RunHandle(self._transport, answer["run_id"])

    async def execute(
        self,
        script: str,
        function: str = "main",
        args: Any = None,
        *,
        language: Language = "javascript",
        labels: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> RunHandle:
        """Start a run of a program, in the namespace of this client.

        Args:
            script: the text of the program; `docs/scripts.md` says what it may do.
            function: the one that is called.
            args: what it is called with, any JSON.
            language: of the text.
            labels: to find the run by.
            idempotency_key: repeating a request with the same key starts no second run.

        Raises:
            RequestError: the program is refused; `problem.errors` has the place of each mistake.
            UnreachableError: nobody answers. The run may have started: repeat with the same `idempotency_key`.
        """
        definition = script_definition(script, function, language)
        return await self.start(definition, input=args, labels=labels, idempotency_key=idempotency_key)

    def run(self, run_id: str) -> RunHandle:
        """A run that was started before; whether it exists shows when it is asked for."""
        return RunHandle(self._transport, run_id)

    async def runs(
        self,
        *,
        workflow: str | None = None,
        status: Sequence[RunStatus] = (),
        label: Sequence[str] = (),
        parent: str | None = None,
        trigger: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        search: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[RunSummary]:
        """Runs, the newest first.

        Args:
            workflow: only those of this one.
            status: only those in any of these states.
            label: only those with all of these labels, `name=value` or `name`.
            parent: only those that this run has started.
            trigger: only those that a trigger of this type, or with this id, has started.
            since: only those created then or later; a time without a zone is local.
            until: only those created earlier.
            search: only those with all of these words in the workflow's name, values of labels, or code and message of
                the error (`word*` for the beginning of one); or with a run id that begins so.
            limit: how many at most.
            cursor: of the page before.
        """
        query = {
            "workflow": workflow,
            "status": [one.value for one in status],
            "label": list(label),
            "parent": parent,
            "trigger": trigger,
            "since": since.timestamp() if since else None,
            "until": until.timestamp() if until else None,
            "search": search,
            "limit": limit,
            "cursor": cursor,
        }
        answer = await self._transport.call(Call(verb="run.list", method="GET", path="/runs", query=query))
        return Page([RunSummary.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    def events(
        self,
        workflow: str | None = None,
        *,
        kinds: Collection[EventKind] = (),
        live: bool = True,
        after: int | None = None,
        replay: bool = True,
    ) -> AsyncGenerator[RunEvent, None]:
        """What happens in all runs of a workflow, or of the namespace, for ever.

        Args:
            workflow: only runs of this one.
            kinds: only these kinds of events.
            live: with what running tasks tell.
            after: the sequence of the last event that is known. Where it is gone itself, an event `gap` says that
                others may be missing.
            replay: without `after`, begin with what is stored of runs that are not archived; else with what comes.
        """
        feed = EventFeed(workflow=workflow, kinds=kinds, live=live, replay=replay)
        return self._transport.events(feed, after)

    async def blocks(self) -> list[ListedBlock]:
        """All block types that executors have announced, and those that the engine runs itself."""
        return [ListedBlock.model_validate(item) async for item in self._all("blocks.list", "/blocks")]

    async def executors(self) -> list[LivingExecutor]:
        """The executors that live, with the block types that they host, and those that they can't."""
        return [LivingExecutor.model_validate(item) async for item in self._all("executors.list", "/executors")]

    def _all(self, verb: str, path: str) -> AsyncIterator[Any]:

        async def page(cursor: str | None) -> Page[Any]:
            query = {"limit": 500, "cursor": cursor}
            answer = await self._transport.call(Call(verb=verb, method="GET", path=path, query=query))
            return Page(answer["items"], answer["next_cursor"])

        return all_pages(page)

    async def rebuild_index(self) -> None:
        """Have the manager make its run index anew; over HTTP only, because the index is one manager's own."""
        await self._transport.call(Call(verb="index.rebuild", method="POST", path="/index/rebuild"))

    async def dead_letters(self, *, limit: int = 50, cursor: str | None = None) -> Page[FoundDeadLetter]:
        """Messages that no one could read, the newest first; their bodies are cut after 1,000 characters."""
        query = {"limit": limit, "cursor": cursor}
        answer = await self._transport.call(
            Call(verb="dead_letters.list", method="GET", path="/dead-letters", query=query)
        )
        return Page([FoundDeadLetter.model_validate(item) for item in answer["items"]], answer["next_cursor"])

    async def dead_letter(self, letter_id: int) -> FoundDeadLetter:
        """One of them with its whole body, or what is kept of it."""
        return FoundDeadLetter.model_validate(await self._transport.call(_of_letter(letter_id, "get", "GET")))

    async def redrive_dead_letter(self, letter_id: int) -> Redriven:
        """Send the message once more to where it came from, now that someone can read it.

        Raises:
            RequestError: there is no such letter, only a part of the message is kept, its run has ended or is gone, or
                it is queued already.
        """
        call = _of_letter(letter_id, "redrive", "POST", "/redrive")
        return Redriven.model_validate(await self._transport.call(call))

    async def discard_dead_letter(self, letter_id: int) -> None:
        """Throw one away."""
        await self._transport.call(_of_letter(letter_id, "discard", "DELETE"))

    async def discard_dead_letters(self, *, older_than: float | None = None, reason: str | None = None) -> int:
        """Throw away all that are older than so many seconds, and have this error code; how many.

        Raises:
            RequestError: neither of the two is given.
        """
        query = {"older_than": None if older_than is None else f"{older_than:.3f}s", "reason": reason}
        call = Call(verb="dead_letters.discard", method="DELETE", path="/dead-letters", query=query)
        return Discarded.model_validate(await self._transport.call(call)).discarded


def _of_letter(letter_id: int, verb: str, method: str, rest: str = "") -> Call:
    return Call(
        verb=f"dead_letters.{verb}",
        method=method,
        path=f"/dead-letters/{letter_id}{rest}",
        subject={"id": str(letter_id)},
    )
