"""Workflows of the load that branch, go round, wait, ask others and are undone."""

from typing import Any, ClassVar

from chaos.kind import End, Kind, LiveRun, hook, workflow

#: As many numbers as the input says.
_ITEMS = {
    "id": "items",
    "type": "transform",
    "config": {"expression": "Array.from({length: input.m}, (_, index) => index)"},
}


def _counts(number: int) -> int:
    """How many items a run goes through."""
    return 3 + number % 8


class Branch(Kind):
    """One of two ways, and a step that is asked whether it is wanted."""

    definition = workflow(
        "branch",
        output={"n": "{{ last.n }}", "way": "{{ last.way }}"},
        blocks=[
            {"id": "even", "type": "condition", "config": {"if": "input.n % 2 === 0"}},
            {"id": "yes", "type": "noop", "needs": ["even.true"], "config": {"way": "even"}},
            {"id": "no", "type": "noop", "needs": ["even.false"], "config": {"way": "odd"}},
            {"id": "third", "when": "input.n % 3 === 0", **hook("ok")},
            {
                "id": "last",
                "type": "transform",
                "needs": ["yes", "no", "third"],
                "join": "always",
                "config": {"expression": "({n: input.n, way: (yes ?? no).way + (third ? 3 : '')})"},
            },
        ],
    )

    def ends(self, number: int) -> list[End]:
        way = ("odd", "even")[number % 2 == 0] + ("3" if number % 3 == 0 else "")
        return [{"event": "complete", "output": {"n": number, "way": way}}]


class Each(Kind):
    """A call per item, some of them refused at first; the results in order."""

    share = 15
    definition = workflow(
        "each",
        output="{{ last }}",
        blocks=[
            {
                "id": "items",
                "type": "transform",
                "config": {"expression": "Array.from({length: input.m}, (_, i) => i)"},
            },
            {
                "id": "call",
                "for_each": {"items": "{{ items }}", "concurrency": 3},
                **hook("flaky"),
            },
            {"id": "last", "type": "transform", "config": {"expression": "call.map(one => one.status)"}},
        ],
    )

    def more(self, number: int) -> dict[str, Any]:
        return {"m": _counts(number)}

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": [200] * _counts(number)}]


class Nested(Kind):
    """A loop in a loop, with a group inside."""

    definition = workflow(
        "nested",
        output="{{ last }}",
        blocks=[
            {
                "id": "items",
                "type": "transform",
                "config": {"expression": "Array.from({length: input.m}, (_, i) => i)"},
            },
            {
                "id": "outer",
                "type": "loop",
                "config": {"items": "{{ items }}", "as": "x", "concurrency": 2},
                "blocks": [
                    {
                        "id": "inner",
                        "type": "loop",
                        "config": {"items": [10, 20], "as": "y"},
                        "blocks": [
                            {
                                "id": "g",
                                "type": "group",
                                "blocks": [{"id": "a", "type": "noop", "config": {"y": "{{ y }}"}}],
                            },
                            {"id": "sum", "type": "transform", "config": {"expression": "x + g.a.y"}},
                        ],
                    }
                ],
            },
            {
                "id": "last",
                "type": "transform",
                "config": {"expression": "outer.map(one => one.inner.map(two => two.sum))"},
            },
        ],
    )

    def more(self, number: int) -> dict[str, Any]:
        return {"m": _counts(number) - 2}

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": [[x + 10, x + 20] for x in range(_counts(number) - 2)]}]


class Until(Kind):
    """Round and round until it is enough, each time from where the last one left off."""

    definition = workflow(
        "until",
        output={"n": "{{ last.n }}"},
        blocks=[
            {
                "id": "pages",
                "type": "loop",
                "config": {"until": "page.n >= input.m", "max_iterations": 50},
                "blocks": [
                    {"id": "page", "type": "transform", "config": {"expression": "({n: (previous.page?.n ?? 0) + 1})"}}
                ],
            },
            {"id": "last", "type": "transform", "config": {"expression": "({n: pages.length})"}},
        ],
    )

    def more(self, number: int) -> dict[str, Any]:
        return {"m": _counts(number)}

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": _counts(number)}}]


class Delayed(Kind):
    """A wait in the middle that no process holds."""

    at_least = 1.5
    definition = workflow(
        "delayed",
        steps=[
            {"id": "a", "type": "noop"},
            {"id": "rest", "type": "delay", "config": {"for": "1500ms"}},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class Signalled(Kind):
    """Someone says go on, before or after the run waits for it, and has to say it again when nobody answers."""

    definition = workflow(
        "signalled",
        steps=[
            {"id": "a", "type": "sleep", "config": {"for": "200ms"}},
            {"id": "go", "type": "wait", "config": {"timeout": "1h"}},
            {"id": "last", "type": "noop", "config": {"n": "{{ go.n }}"}},
        ],
    )

    async def drive(self, run: LiveRun) -> None:
        await run.pause(run.chance.uniform(0, 1))
        n = run.number
        await run.call(lambda client: client.run(run.run_id).signal("go", {"n": n}, idempotency_key=f"go-{run.run_id}"))

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class Paused(Kind):
    """Held for a moment, then let go."""

    definition = workflow(
        "paused",
        steps=[
            {"id": "a", "type": "sleep", "config": {"for": "300ms"}},
            {"id": "rest", "type": "delay", "config": {"for": "300ms"}},
            {"id": "b", **hook("flaky")},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}"}},
        ],
    )

    async def drive(self, run: LiveRun) -> None:
        await run.pause(run.chance.uniform(0, 0.5))
        await run.call(lambda client: client.run(run.run_id).pause("chaos"))
        await run.pause(run.chance.uniform(0, 2))
        await run.call(lambda client: client.run(run.run_id).resume())

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class Child(Kind):
    """Asks another workflow, and goes on with what it yields."""

    stored: ClassVar[tuple[dict[str, Any], ...]] = (
        workflow(
            "child",
            steps=[{"id": "call", **hook("ok")}, {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}"}}],
        ),
    )
    definition = workflow(
        "parent",
        steps=[
            {
                "id": "child",
                "type": "workflow",
                "config": {"name": "chaos-child", "input": {"n": "{{ input.n }}", "hook": "{{ input.hook }}"}},
            },
            {"id": "last", "type": "noop", "config": {"n": "{{ child.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


class Undone(Kind):
    """What was done is undone when a later step fails, the last first, and someone is told."""

    order = ("one", "two", "last", "two:undo", "one:undo", ":on_failure/tell")
    definition = workflow(
        "undone",
        steps=[
            {"id": "one", "compensate": hook("ok"), **hook("ok")},
            {"id": "two", "compensate": hook("flaky"), **hook("ok")},
            {"id": "last", **hook("gone")},
        ],
        on_failure=[{"id": "tell", **hook("ok")}],
    )

    def ends(self, number: int) -> list[End]:  # noqa: ARG002 - all end alike
        return [{"event": "failed", "code": "http.status"}]


class Limited(Kind):
    """No more than three of them at once."""

    limit = ("limited", 3)
    definition = workflow(
        "limited",
        concurrency={"max": 3},
        steps=[
            {"id": "a", "type": "sleep", "config": {"for": "50ms"}},
            {"id": "last", "type": "noop", "config": {"n": "{{ input.n }}"}},
        ],
    )

    def ends(self, number: int) -> list[End]:
        return [{"event": "complete", "output": {"n": number}}]


CONTROL_FLOW = (
    Branch(), Each(), Nested(), Until(), Delayed(), Signalled(), Paused(), Child(), Undone(), Limited(),
)  # fmt: skip
