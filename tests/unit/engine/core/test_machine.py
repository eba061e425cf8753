"""Any control block, any course of events, any repetitions: what must hold whatever happens.

What holds of the state after each event is in `support.soundness`, what of the actions in `support.core_world`.
"""

from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from support.blocks import control_blocks
from support.core_world import LARGE, World, steps_of

from gnatwork_schemas.control_block import ControlBlock

_VALUES = st.sampled_from([None, 1, "go", "No name", LARGE, {"pass": False}, {"port": "true"}, {"error": 1}])
_ENDS = st.sampled_from(["complete", "complete", "failed", "cancelled", "timed_out"])
_PATHS = st.sampled_from(["a", "b", "a/0", "b/1", "a/0/a", "a/a"])


#: How likely things are, compared with each other, where they are possible.
_WEIGHTS = {
    "success": 14, "outcome": 4, "report": 6, "grant": 8, "grant_again": 1, "child": 6, "early_child": 4, "timer": 4,
    "signal": 2, "pause": 1, "resume": 6, "cancel": 1, "repeat": 4, "twice": 2, "reload": 2, "end": 6,
}  # fmt: skip


class Machine(RuleBasedStateMachine):
    """Executors, timers, limits, child runs and people in any order."""

    @initialize(control_block=control_blocks(), reuse=st.sets(_PATHS, max_size=2), later=st.integers(0, 5))
    def begin(self, control_block: ControlBlock, reuse: set[str], later: int) -> None:
        self.world = World(control_block, sorted(reuse) if later > 2 else (), at=2_000.0 if later == 5 else None)

    @rule(data=st.data())
    def happens(self, data: st.DataObject) -> None:
        possible = self.possible()
        kind = data.draw(st.sampled_from([kind for kind in possible for _ in range(_WEIGHTS[kind])]))
        note(kind)
        getattr(self, kind)(data.draw)

    def possible(self) -> list[str]:
        """What may happen now."""
        world, state = self.world, self.world.state
        return [
            *(["success", "outcome"] if world.running else []),
            *(["report"] if world.reports else []),
            *(["grant"] if world.asked else []),
            *(["grant_again"] if world.given else []),
            *(["child"] if world.children else []),
            *(["early_child"] if self.starts() else []),
            *(["timer"] if world.timers else []),
            *(["resume"] if state.paused else [] if state.closing else ["pause"]),
            *([] if state.closing or len(world.story.events) < 10 else ["cancel"]),
            *(["twice"] if len(world.story.events) > 1 else []),
            *([] if world.ended else ["reload"]),
            *(["end"] if world.ends and not world.ended else []),
            "signal",
            "repeat",
        ]

    def starts(self) -> list[tuple[str, int]]:
        """The attempts to start child runs that will be waited for."""
        world = self.world
        return sorted(key for key in world.running if key[0].endswith(":start") and world.waits(key[0][:-6]))

    def success(self, draw: st.DrawFn) -> None:
        key = draw(st.sampled_from(sorted(self.world.running)))
        value = self.world.reply(self.world.running[key], 2) or draw(st.sampled_from([None, "go", LARGE]))
        self.world.outcome(*key, value, fails=False)

    def outcome(self, draw: st.DrawFn) -> None:
        """Of an executor that may do anything."""
        key = draw(st.sampled_from(sorted(self.world.running)))
        work = self.world.running[key]
        value = draw(_VALUES)
        if work.type == "slice":
            value = self.wanted(work.config["room"], draw)
        elif work.type == "condition":
            value = {"port": draw(st.sampled_from(["true", "false"]))}
        elif value is None or (work.type == "expand" and draw(st.integers(0, 7))):
            value = self.world.reply(work, draw(st.integers(0, 4)))
        self.world.outcome(*key, value, fails=draw(st.integers(0, 3)) == 3, retryable=draw(st.booleans()))

    def wanted(self, room: int, draw: st.DrawFn) -> Any:
        """Of a program that may do anything."""
        numbers = draw(st.lists(st.integers(0, 5), max_size=room + (draw(st.integers(0, 15)) == 15)))
        steps, more = [steps_of(number) for number in numbers], draw(st.booleans())
        move = {"transition": {"function": "next", "memory": draw(_VALUES)}}
        return draw(
            st.sampled_from([*[{"steps": steps, "more": more}] * 4, move, {"done": True, "output": 1}, None, LARGE])
        )

    def report(self, draw: st.DrawFn) -> None:
        self.world.report(*draw(st.sampled_from(sorted(self.world.reports))))

    def timer(self, draw: st.DrawFn) -> None:
        self.world.fire(draw(st.sampled_from(sorted(self.world.timers))))

    def grant(self, draw: st.DrawFn) -> None:
        self.world.grant(draw(st.sampled_from(list(self.world.asked))))

    def grant_again(self, draw: st.DrawFn) -> None:
        self.world.grant(draw(st.sampled_from(list(self.world.given))))

    def signal(self, draw: st.DrawFn) -> None:
        self.world.take(self.world.story.signal("go", draw(_VALUES)))

    def child(self, draw: st.DrawFn) -> None:
        run_id = draw(st.sampled_from(sorted(self.world.children)))
        self.world.end_child(run_id, draw(_ENDS), retryable=draw(st.booleans()))

    def early_child(self, draw: st.DrawFn) -> None:
        """Its scheduler is faster than the executor that started it."""
        world = self.world
        task, attempt = draw(st.sampled_from(self.starts()))
        run_id = world.child(task, attempt)["run_id"]
        world.tell_of_child(task.removesuffix(":start"), run_id, draw(_ENDS))
        world.outcome(task, attempt, None, fails=False)
        world.children.pop(run_id, None)

    def pause(self, _: st.DrawFn) -> None:
        self.world.take(self.world.story.pause())

    def resume(self, _: st.DrawFn) -> None:
        self.world.take(self.world.story.resume())

    def cancel(self, _: st.DrawFn) -> None:
        self.world.take(self.world.story.cancel())

    def repeat(self, draw: st.DrawFn) -> None:
        """An event is delivered again."""
        position = draw(st.integers(0, len(self.world.story.events) - 1))
        self.world.take(self.world.story.again(position), repeated=True)

    def twice(self, draw: st.DrawFn) -> None:
        """An event is stored twice: an outcome of an executor that lost its way, a timer, a child's end."""
        event = draw(st.sampled_from(self.world.story.events[1:]))
        if event.name.split(".")[0] in {"block", "timer", "child"}:
            self.world.take(self.world.story.tell(event.name, event.body))

    def reload(self, _: st.DrawFn) -> None:
        """Another scheduler goes on, from a snapshot."""
        self.world.story.reload()

    def end(self, _: st.DrawFn) -> None:
        self.world.store_end()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.finish()


Machine.TestCase.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMachine = Machine.TestCase
