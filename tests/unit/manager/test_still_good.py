"""Which completed tasks another version of a workflow may reuse."""

from gnatwork_manager.repeats import still_good
from gnatwork_schemas.control_block import ControlBlock, ControlledBlock, Need


def block(id_: str, *needs: str, config: object = None, blocks: tuple[ControlledBlock, ...] = ()) -> ControlledBlock:
    edges = tuple(Need(block=need) for need in needs)
    kind = "loop" if blocks else "task"
    return ControlledBlock.model_validate(
        {"id": id_, "type": "noop", "kind": kind, "config": config, "needs": edges, "blocks": blocks}
    )


def version(*blocks: ControlledBlock) -> ControlBlock:
    return ControlBlock(workflow="w", blocks=blocks)


COMPLETED = {"a": 2, "b": 3, "each/0/x": 4, "each/1/x": 5, "b:when": 6}


def test_what_is_the_same_is_good() -> None:
    blocks = (block("a"), block("b:when"), block("b", "a"), block("each", blocks=(block("x"),)), block("last", "each"))
    assert still_good(COMPLETED, version(*blocks), version(*blocks)) == COMPLETED
    changed = (*blocks[:-1], block("last", "each", config=1), block("new", "a"))
    assert still_good(COMPLETED, version(*blocks), version(*changed)) == COMPLETED


def test_a_changed_block_and_all_that_waits_for_it_run_again() -> None:
    before = version(block("a"), block("b", "a"), block("c", "b"), block("d"))
    after = version(block("a", config=1), block("b", "a"), block("c", "b"), block("d"))
    assert still_good({"a": 1, "b": 2, "c": 3, "d": 4}, before, after) == {"d": 4}


def test_a_loop_is_good_as_a_whole() -> None:
    before, after = (version(block("each", blocks=(block("x"), block("y", config=n)))) for n in (1, 2))
    assert still_good({"each/0/x": 4}, before, before) == {"each/0/x": 4}
    assert still_good({"each/0/x": 4}, before, after) == {}


def test_a_block_that_is_gone_is_not_reused() -> None:
    assert still_good({"a": 1, "b": 2}, version(block("a"), block("b")), version(block("b"))) == {"b": 2}
