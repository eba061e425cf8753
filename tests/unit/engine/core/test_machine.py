"""Any control block, any outcomes, any repetitions: what must hold whatever happens."""

import orjson
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.story import Story, block

from gnatwork_engine.core import fold
from gnatwork_engine.core.actions import Action, Dispatch, End, SetTimer
from gnatwork_engine.core.snapshot import freeze, thaw
from gnatwork_schemas.control_block import ControlledBlock
from gnatwork_schemas.definition import Retry


@st.composite
def graphs(draw: st.DrawFn) -> tuple[ControlledBlock, ...]:
    """Up to eight blocks in random order of dependency."""
    blocks: list[ControlledBlock] = []
    for number in range(draw(st.integers(1, 8))):
        earlier = [b.id for b in blocks]
        needs = draw(st.lists(st.sampled_from(earlier), unique=True, max_size=3)) if earlier else []
        ports = [need + draw(st.sampled_from(["", "", ".error"])) for need in needs]
        blocks.append(
            block(
                f"b{number}",
                *ports,
                join=draw(st.sampled_from(["all", "all", "any", "always"])),
                on_error=draw(st.sampled_from(["fail", "fail", "continue"])),
                retry=Retry(max_attempts=draw(st.integers(1, 3))),
            )
        )
    return tuple(blocks)


class Machine(RuleBasedStateMachine):
    """The world around the core: runs what is dispatched, fires timers, repeats events."""

    @initialize(blocks=graphs())
    def begin(self, blocks: tuple[ControlledBlock, ...]) -> None:
        self.story = Story(*blocks)
        self.running: set[tuple[str, int]] = set()
        self.timers: set[str] = set()
        self.ends: list[str] = []
        self.ended = False
        self.take(self.story.start())

    def take(self, actions: tuple[Action, ...], repeated: bool = False) -> None:
        for action in actions:
            if isinstance(action, Dispatch):
                task = self.story.run.root.tasks[action.task]
                assert task.attempt == action.attempt, "an attempt that is not the current one was dispatched"
                assert repeated == ((action.task, action.attempt) in self.running), "dispatched twice"
                self.check_needs(action.task)
                self.running.add((action.task, action.attempt))
            elif isinstance(action, SetTimer):
                self.timers.add(action.id)
            elif isinstance(action, End):
                assert repeated or not self.ends, "a run was bound for two ends"
                self.ends.append(action.event)

    def check_needs(self, name: str) -> None:
        planned = self.story.plan.root.blocks[name].block
        needs = [self.story.run.root.tasks[need.block].status for need in planned.needs]
        if planned.join != "any":
            assert all(status.ended for status in needs), "a need was not settled"
        if planned.needs and planned.join != "always":
            assert any(status.value in {"completed", "failed"} for status in needs), "no need was met"

    @precondition(lambda self: self.running)
    @rule(data=st.data(), fails=st.booleans(), retryable=st.booleans())
    def outcome(self, data: st.DataObject, fails: bool, retryable: bool) -> None:
        task, attempt = data.draw(st.sampled_from(sorted(self.running)))
        self.running.discard((task, attempt))
        if fails:
            self.take(self.story.error(task, attempt=attempt, retryable=retryable))
        else:
            self.take(self.story.output(task, attempt=attempt))

    @precondition(lambda self: self.timers)
    @rule(data=st.data())
    def fire(self, data: st.DataObject) -> None:
        timer = data.draw(st.sampled_from(sorted(self.timers)))
        self.timers.discard(timer)
        self.take(self.story.fired(timer))

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        self.take(self.story.again(data.draw(st.integers(0, len(self.story.events) - 1))), repeated=True)

    @rule()
    def cancel(self) -> None:
        self.take(self.story.cancel())

    @precondition(lambda self: self.ends and not self.ended)
    @rule()
    def store_end(self) -> None:
        self.ended = True
        self.take(self.story.end(self.ends[0]))
        self.final = {name: task.status for name, task in self.story.run.root.tasks.items()}

    @invariant()
    def a_snapshot_is_the_same(self) -> None:
        if not self.story.run.ended:
            frozen = orjson.loads(orjson.dumps(freeze(self.story.run)))
            assert orjson.loads(orjson.dumps(freeze(thaw(self.story.plan, frozen)))) == frozen

    @invariant()
    def a_fold_anew_is_the_same(self) -> None:
        assert freeze(fold(self.story.plan, self.story.events) or self.story.run) == freeze(self.story.run)

    @invariant()
    def a_run_ends_or_waits_for_something(self) -> None:
        assert self.running or self.timers or self.ends

    @invariant()
    def an_ended_run_never_changes(self) -> None:
        if self.ended:
            assert self.final == {name: task.status for name, task in self.story.run.root.tasks.items()}


Machine.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestMachine = Machine.TestCase
