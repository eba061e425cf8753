"""A failure in readable form: the smallest scenario that still fails, what happened in it, and what was wrong."""

from dataclasses import replace
from typing import Any

import yaml

from simulation.scenario import Scenario
from simulation.simulate import Result, simulate

#: The most simulations that are spent on making a failing one smaller.
_TRIES = 150


def shrink(result: Result) -> Result:
    """The smallest scenario found, by leaving out runs, faults and blocks one after the other, that fails as well."""
    tries = 0
    found = True
    while found and tries < _TRIES:
        found = False
        for scenario in result.scenario.smaller():
            tries += 1
            smaller = simulate(scenario)
            if smaller.violations:
                result, found = smaller, True
                break
            if tries >= _TRIES:
                break
    return _fewer_processes(result)


def told(result: Result) -> str:
    """Everything that one needs to know of a failure."""
    scenario = result.scenario
    executors = f"{scenario.executors} executors with {scenario.places} places each"
    processes = f"{scenario.schedulers} schedulers, {executors}, {scenario.shards} shards"
    lines = [f"seed {scenario.seed}: {processes}, {result.seconds:.1f} s"]
    lines += [f"  wrong: {violation}" for violation in result.violations]
    lines.append(f"  {scenario.housekeeping}, timers up to {scenario.timers_late:g} s late")
    for name, raw in scenario.workflows.items():
        lines += [f"  workflow {name}", *_definition(raw)]
    for run in scenario.runs:
        asked = "".join(f", {order}" for order in run.orders)
        later = f", {run.later:.3f} s later" if run.later is not None else ""
        lines += [
            f"  run {run.run_id} at {run.at:.3f}{later}{asked}, {run.retries} retries",
            *_definition(run.definition),
        ]
    lines += ["  faults:", *(f"    {fault}" for fault in scenario.faults)]
    stored = (f"    {at:8.3f} {subject} #{number} by {origin}" for at, subject, origin, number in result.story)
    lines += ["  stored:", *stored]
    return "\n".join(lines)


def _definition(raw: dict[str, Any]) -> list[str]:
    text: str = yaml.safe_dump(raw, default_flow_style=None, sort_keys=False, width=150)
    return [f"    {line}" for line in text.splitlines()]


def examine(seed: int) -> str | None:
    """What is wrong with a seed, as small as it gets; None when nothing is."""
    result = simulate(Scenario.of(seed))
    return told(shrink(result)) if result.violations else None


def _fewer_processes(result: Result) -> Result:
    for scenario in (
        replace(result.scenario, schedulers=1, executors=1, shards=1),
        replace(result.scenario, executors=1, shards=1),
        replace(result.scenario, shards=1),
    ):
        smaller = simulate(scenario)
        if smaller.violations:
            return smaller
    return result
