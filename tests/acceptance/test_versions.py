"""Workflows kept in files, and versions that come and go under runs that do not notice."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.installation import Installation

from gnatwork import Client, RequestError


def asking(answer: str) -> dict[str, Any]:
    """A workflow that waits until it is told to go on."""
    return {
        "steps": [
            {"id": "ask", "type": "wait", "config": {"signal": "go"}},
            {"id": "say", "type": "noop", "config": {"text": answer}},
        ],
        "output": "{{ say.text }}",
    }


@pytest.mark.parametrize("over", ["api", "nats"])
async def test_runs_keep_the_version_that_they_began_with(installation: Installation, over: str) -> None:
    name = f"asks-over-{over}"
    async with installation.client(over=over) as client:
        first = await client.create_workflow({"name": name, **asking("first")})
        runs = [await client.start(name)]
        drafted = await client.draft_workflow(name, asking("second"), revision=first.revision)
        runs.append(await client.start(name))
        with pytest.raises(RequestError, match="not in the state"):
            await client.publish_workflow(name, drafted.version, revision=first.revision)
        await client.publish_workflow(name, drafted.version)
        runs.append(await client.start(name))
        changes = await client.diff_workflow(name, drafted.version)
        assert [change.pointer for block in changes.blocks for change in block.fields] == ["/config/text"]
        assert (await client.diff_workflow(name, asking("second"))).same
        await client.publish_workflow(name, 1)
        runs.append(await client.start(name))
        assert [one.version for one in (await client.workflow_versions(name)).items] == [2, 1]
        assert [one.name for one in (await client.workflows(search="asks-over", owner=first.owner)).items].count(name)
        with pytest.raises(RequestError, match="under way"):
            await client.delete_workflow(name)
        await client.delete_workflow(name, force=True)
        with pytest.raises(RequestError, match="no workflow"):
            await client.workflow(name)
        for run in runs:
            await run.signal("go")
        outputs = [await run.result(timeout=60) for run in runs]
    assert outputs == ["first", "first", "second", "first"]


async def test_workflows_in_files(installation: Installation, client: Client, tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    labels = {"kept": "in-files"}

    def write(name: str, text: str) -> None:
        block = {"id": "say", "type": "noop", "config": {"text": text}}
        (folder / f"{name}.json").write_text(json.dumps({"labels": labels, "blocks": [block]}))

    async def apply(*options: str) -> tuple[int, dict[str, str]]:
        ended = await installation.gnatwork("workflow", "apply", folder, "-o", "json", *options)
        return ended.code, {step["workflow"]: step["change"] for step in ended.document}

    write("one", "a")
    write("two", "b")
    assert await apply("--dry-run") == (2, {"one": "added", "two": "added"})
    assert await apply() == (0, {"one": "added", "two": "added"})
    assert await apply("--dry-run") == (0, {"one": "unchanged", "two": "unchanged"})
    write("one", "c")
    (folder / "two.json").rename(folder / "three.json")
    pruning = ("--prune", "--label", "kept=in-files")
    assert await apply("--dry-run", *pruning) == (2, {"two": "pruned", "one": "changed", "three": "added"})
    shown = await installation.gnatwork("workflow", "apply", folder, "--dry-run")
    assert '    ~ /config/text: "a" → "c"' in shown.out
    assert (await apply(*pruning))[0] == 0
    listed = await client.workflows(label=["kept=in-files"])
    assert [(one.name, one.version) for one in listed.items] == [("one", 2), ("three", 1)]

    (folder / "broken.json").write_text('{"blocks": [{"id": "a", "type": "nope"}]}')
    write("one", "d")
    refused = await installation.gnatwork("workflow", "apply", folder)
    assert (refused.code, "broken.json" in refused.err, "/blocks/0/type" in refused.err) == (1, True, True)
    assert (await client.workflow("one")).version == 2

    (folder / "broken.json").unlink()
    steps = [{"id": "all", "type": "transform", "position": 0, "config": {"code": "return 1"}}]
    (folder / "four.json").write_text(json.dumps({"name": "Four of them", "steps": steps}))
    assert (await apply("--dry-run"))[1] == {"four-of-them": "added", "one": "changed", "three": "unchanged"}
    (folder / "four.json").unlink()

    back = await installation.gnatwork("workflow", "rollback", "one")
    assert back.out == "Version 1 of one is published in the place of 2.\n"
    exported = await installation.gnatwork(
        "workflow", "export", "one", "three", "--to", tmp_path / "out", "--format", "yaml"
    )
    assert exported.out.split() == [str(tmp_path / "out" / name) for name in ("one.yaml", "three.yaml")]
    again = await installation.gnatwork("workflow", "import", tmp_path / "out", "--dry-run", "-o", "json")
    assert [step["change"] for step in again.document] == ["unchanged", "unchanged"]
    deleted = await installation.gnatwork("workflow", "delete", "one", "three")
    assert deleted.code == 0, deleted.err
