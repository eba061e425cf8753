"""Pause: nothing new is dispatched and timers that fire are held, until the run is resumed."""

from gnatwork_engine.core.folding import Begin, Fold


def pause(fold: Fold) -> None:
    """Hold what would begin from now on."""
    if not fold.state.closing:
        fold.state.paused = True


def resume(fold: Fold) -> list[tuple[str, int]]:
    """Begin what was held; the timers that fired meanwhile, in order, and the events that said so."""
    state = fold.state
    state.paused = False
    held, state.held = state.held, []
    for path in held:
        if (found := state.find(path)) and found[0].tasks[found[1]].pending:
            fold.agenda.append(Begin(*found))
    timers, state.held_timers = state.held_timers, []
    return timers
