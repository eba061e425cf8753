"""What has to be done so that the stored workflows are as the files say: found out first, then done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from gnatwork import Client, Page, RequestError
from gnatwork.pages import all_pages
from gnatwork_cli.run_input import ArgumentError
from gnatwork_cli.workflow_files import Source, check_names
from gnatwork_schemas.diff import WorkflowDiff
from gnatwork_schemas.workflow import WorkflowSummary

Change = Literal["added", "changed", "published", "unchanged", "pruned"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What is to become of one workflow."""

    name: str
    change: Change
    #: As it was seen; None for one that is new.
    seen: WorkflowSummary | None = None
    #: What the files say of it; None for one that goes.
    source: Source | None = None
    #: From the version that is published, else from the newest one.
    diff: WorkflowDiff | None = None

    def document(self) -> dict[str, Any]:
        """As `-o json` shows it."""
        return {
            "workflow": self.name,
            "change": self.change,
            "diff": self.diff.model_dump(mode="json") if self.diff else None,
        }


def change_of(seen: WorkflowSummary | None, *, same: bool, publish: bool) -> Change:
    """What is to become of a workflow; `same`: its newest version is what the file says."""
    if seen is None:
        return "added"
    if not same:
        return "changed"
    return "published" if publish and seen.version != seen.newest else "unchanged"


async def check_all(client: Client, sources: Sequence[Source]) -> list[Source]:
    """Have all definitions checked, and know their names; ArgumentError with the mistakes of all of them."""
    checked, mistakes = [], []
    for source in sources:
        try:
            name = await client.validate({**source.definition, "name": source.name})
        except RequestError as error:
            mistakes.append(f"{source.place}: {error}")
        else:
            checked.append(source._replace(name=name))
    if mistakes:
        raise ArgumentError("\n".join(mistakes))
    check_names(checked)
    return checked


async def make_plan(
    client: Client, sources: Sequence[Source], *, publish: bool, prune: Sequence[str] = ()
) -> list[Step]:
    """A step for each workflow, those to be pruned first.

    Args:
        client: whom to ask.
        sources: what there is to be.
        publish: whether versions are to be published.
        prune: labels; workflows that carry all of them and are not among the sources go. None go without labels.
    """
    everything = {one.name: one async for one in _all(client, ())}
    steps = []
    if prune:
        wanted = {source.name for source in sources}
        steps += [
            Step(name=one.name, change="pruned", seen=one)
            async for one in _all(client, prune)
            if one.name not in wanted
        ]
    for source in sources:
        steps.append(await _step(client, source, everything.get(source.name), publish=publish))
    return steps


async def perform(client: Client, step: Step, *, publish: bool) -> int | None:
    """Do it, if nobody has changed the workflow since; the version that it is now, None for none."""
    if step.source is None or step.change == "unchanged":
        if step.change == "pruned" and step.seen:
            await client.delete_workflow(step.name, revision=step.seen.revision)
            return None
        return (publish and step.seen.version) or step.seen.newest if step.seen else None
    revision = step.seen.revision if step.seen else 0
    stored = await client.put_workflow(step.name, step.source.definition, publish=publish, revision=revision)
    return stored.newest


async def _step(client: Client, source: Source, seen: WorkflowSummary | None, *, publish: bool) -> Step:
    if seen is None:
        return Step(name=source.name, change="added", source=source)
    diff = await client.diff_workflow(source.name, source.definition)
    change = change_of(seen, same=diff.same, publish=publish)
    if change != "unchanged" and publish and seen.version not in {None, diff.old}:
        diff = await client.diff_workflow(source.name, source.definition, old=seen.version)
        # It is what runs, though there are newer versions: drafts, or one that was rolled back.
        change = "unchanged" if diff.same else change
    return Step(name=source.name, change=change, seen=seen, source=source, diff=diff)


def _all(client: Client, labels: Sequence[str]) -> Any:
    async def page(cursor: str | None) -> Page[WorkflowSummary]:
        return await client.workflows(label=labels, limit=500, cursor=cursor)

    return all_pages(page)
