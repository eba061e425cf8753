"""What is measured of each system."""

from dataclasses import asdict, dataclass
from typing import Any

#: Figures of which more is better; of the others less is.
_MORE_IS_BETTER = frozenset({"linear10_steps_per_s"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One system's figures."""

    #: One linear run of ten blocks alone: median, ms per block.
    linear10_ms_per_step: float
    #: One run of a hundred parallel blocks and a join: median, ms.
    fanout100_ms: float
    #: Many linear runs at once: blocks per second.
    linear10_steps_per_s: float
    #: 100 KB through five blocks: median, ms.
    payload100k_ms: float
    #: CPU of all processes together while nothing happens, percent of one core.
    idle_cpu_percent: float
    #: Memory of all processes together (PSS), MiB.
    rss_mb: float

    def line(self, system: str, **more: Any) -> dict[str, Any]:
        """As a JSON line."""
        return {"system": system, **{name: _short(value) for name, value in asdict(self).items()}, **more}

    def against(self, floor: "Figures") -> dict[str, float]:
        """Each figure as a multiple of the floor's; more than 1 is worse, but for steps per second."""
        mine, theirs = asdict(self), asdict(floor)
        return {name: _short(mine[name] / theirs[name]) for name in mine if theirs[name]}


def _short(value: float) -> float:
    return round(value, 3 if value < 10 else 1 if value < 1000 else 0)
