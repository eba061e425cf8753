"""Python's garbage collector in processes that hold many long-lived objects."""

import gc

#: Allocations between collections of the youngest, the middle and the oldest generation. With Python's defaults
#: (700, 10, 10) a scheduler with 2,000 runs in memory spent a third of its time looking for garbage in them;
#: reference counts free nearly everything at once. Figures are in docs/performance.md.
_THRESHOLDS = (50_000, 20, 50)


def calm_collector() -> None:
    """Look for cycles less often, and never again among what was imported before."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
