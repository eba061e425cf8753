"""What is owed to others is owed until it is done, also where a run ends first."""

from support.story import Story, block, child_id, undo, workflow

from gnatwork_engine.core.actions import CancelRun, Release


def test_the_end_of_a_run_pays_what_the_beginning_of_its_tail_may_owe() -> None:
    """The event that began the tail may come again only after someone has cancelled the run."""
    scarce = {"type": "scarce", "type_concurrency": 1}
    story = Story(block("a", compensate=undo("a")), block("b", "a", **scarce), workflow("w"), timeout=5)
    story.start()
    story.output("a")
    story.child_started("w")
    began = story.fired("timeout")
    story.cancel()
    ended = story.end("cancelled")
    assert story.again(-3) == ()
    for kind in (CancelRun, Release):
        owed = [action for action in began if isinstance(action, kind)]
        assert len(owed) == 1
        assert owed[0] in ended
    assert CancelRun(child_id(), "child", "the run that waited for it no longer does") in ended
