"""What a run's history means, told a second time and as plainly as possible, to check the engine against.

The engine folds event by event. Here everything is a moment: the sequence of the event at which a task begins, settles,
or its scope begins to fail, found from those of what it waits for. Nothing of the engine is used.
"""

from simulation.reference.facts import NEVER, Facts
from simulation.reference.run import Reading, read_run

__all__ = ["NEVER", "Facts", "Reading", "read_run"]
