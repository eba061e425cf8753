"""Programs that mean no good, and what has to come of each."""

from support.hostile.full_programs import FULL
from support.hostile.javascript_programs import JAVASCRIPT
from support.hostile.program import Program
from support.hostile.python_programs import PYTHON

__all__ = ["FULL", "JAVASCRIPT", "PYTHON", "Program"]
