"""The data of a step graph: what started the run, and the results of the actions before a step, merged into one.

Where a step reads it, a `transform` ahead of the step makes it of what the step before saw and that step's result;
where branches meet, of the results of all steps before, in their order, so that none is undone by an older one.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gnatwork_engine.compiler.dialects import scripts
from gnatwork_engine.compiler.dialects.graph_links import Step
from gnatwork_engine.compiler.dialects.naming import free_id
from gnatwork_engine.compiler.dialects.placed import made
from gnatwork_engine.compiler.dialects.requests import FETCH
from gnatwork_engine.compiler.faults import Faults
from gnatwork_engine.json_tree import Path

#: Results are merged from left to right; what is no object stands under its step's id, and null adds nothing.
_MERGE = (
    "((data, results) => results.reduce((all, [id, result]) => result == null ? all : {{...all,"
    " ...({is_result} ? result : {{[id]: result}})}}, {is_data} ? data : {{}}))({data}, [{results}])"
)
_IS_OBJECT = "Object({name}) === {name} && !Array.isArray({name})"
#: Results that may come together at one step: more would make too long an expression.
_MAX_RESULTS = 300
#: An action that may fail yields `{"error": …}` then, which is no result.
_UNLESS_FAILED = "(o => o?.error?.code && Object.keys(o).length === 1 ? null : o)({output})"


class Data:
    """Where each step of a graph finds its data."""

    def __init__(self, order: Sequence[Step], types: Mapping[str, str], taken: set[str], faults: Faults) -> None:
        """All of a graph.

        Args:
            order: The actions, each after those before it.
            types: Their native types, by id.
            taken: The ids of all blocks, to which those of this are added.
            faults: Takes the mistakes.
        """
        self._faults = faults
        self._types = types
        self._number = {step.id: 1 << number for number, step in enumerate(order)}
        self._order = order
        #: All actions before each, as bits.
        self._upstream: dict[str, int] = {}
        #: The block that has the data of a step.
        self._blocks: dict[str, str] = {}
        for step in order:
            bits = 0
            for before in step.before:
                bits |= self._upstream[before.id] | self._number[before.id]
            self._upstream[step.id] = bits
            if bits:
                self._blocks[step.id] = free_id(f"{step.id}-data", taken)
                taken.add(self._blocks[step.id])

    def of(self, step: Step) -> Path:
        """The native path to what a step sees."""
        return ("blocks", self._blocks[step.id]) if step.id in self._blocks else ("input",)

    def needed(self, readers: Sequence[Step]) -> list[Step]:
        """The steps whose data is made because these steps read theirs, in order."""
        wanted = {step.id for step in readers if step.id in self._blocks}
        for step in reversed(self._order):
            if step.id in wanted and len(step.before) == 1 and step.before[0].id in self._blocks:
                wanted.add(step.before[0].id)
        return [step for step in self._order if step.id in wanted]

    def block(self, step: Step) -> Any:
        """The block that makes the data of a step."""
        return self._transform(self._blocks[step.id], step.before, step.path)

    def last(self, id_: str, ends: Sequence[Step]) -> Any:
        """The block that makes what is left in the end."""
        return self._transform(id_, ends, ("steps",))

    def _transform(self, id_: str, before: Sequence[Step], at: Path) -> Any:
        expression = self._merged(before, at)
        needs = [step.id for step in before]
        return made({"id": id_, "type": "transform", "needs": needs, "config": {"expression": expression}}, at)

    def _merged(self, before: Sequence[Step], at: Path) -> str:
        if len(before) == 1:
            data, results = self.of(before[0]), before
        else:
            bits = 0
            for step in before:
                bits |= self._upstream[step.id] | self._number[step.id]
            data, results = ("input",), [step for step in self._order if bits & self._number[step.id]]
            if len(results) > _MAX_RESULTS:
                message = f"the results of {len(results):,} steps come together here, more than {_MAX_RESULTS}"
                self._faults.add(at, "definition.too_large", f"{message}; collect them in between")
                return "null"
        written = ", ".join(f"[{json.dumps(step.id)}, {self._result(step)}]" for step in results)
        is_result, is_data = (_IS_OBJECT.format(name=name) for name in ("result", "data"))
        return _MERGE.format(is_result=is_result, is_data=is_data, data=_script(data), results=written)

    def _result(self, step: Step) -> str:
        output = scripts.block(step.id)
        if self._types[step.id] == FETCH:
            return f"{output}?.body"
        return _UNLESS_FAILED.format(output=output) if step.fields.get("stopOnFailure") is False else output


def _script(path: Path) -> str:
    return "input" if path == ("input",) else scripts.block(str(path[1]))
