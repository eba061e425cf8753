"""Random definitions with everything that a workflow can do.

Drawn from any source of chance: from a seed by the simulation, from Hypothesis by property tests, which then shrink.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

from gnatwork_engine.compiler import compile_definition
from gnatwork_schemas.catalogue import BlockType
from gnatwork_schemas.control_block import ControlBlock

#: Block types of executors: one that does as chance will, one of which few may run at once, one that takes a port.
PLAY, SCARCE, FORK = "play", "scarce", "fork"
#: The first of them once more, by executors that resolve nothing.
PLAIN = "plain"
PORTS = ("left", "right")
#: Attempts of `SCARCE` that may run at once.
FEW = 2


def _entry(type_: str, **fields: Any) -> BlockType:
    return BlockType(type=type_, title=type_, summary=type_, config_schema=True, output_schema=True, **fields)


CATALOGUE = {
    entry.type: entry
    for entry in (
        _entry(PLAY),
        _entry(PLAIN, plain=True),
        _entry(SCARCE, concurrency=FEW),
        _entry(FORK, ports=PORTS),
        *(_entry(type_) for type_ in ("condition", "filter", "switch")),
    )
}

#: What a definition may be made of beside plain blocks.
FEATURES = (
    "routes", "loops", "each", "groups", "delays", "waits", "children", "undo", "on_failure", "scarce", "concurrency",
    "rate", "lanes", "timeout", "steps",
)  # fmt: skip
#: What else it may be made of, and what programs may take for steps beside plain ones.
SCRIPTS = "scripts"
PLAINS = "plains"
STEPS = (SCARCE, "delay", "wait", "workflow")
#: Signals that definitions wait for.
SIGNALS = ("go", "stop")
#: The deepest that blocks are nested here.
_DEEPEST = 3


@dataclass(frozen=True)
class _Written:
    """A block that others beside it can need."""

    id: str
    ports: tuple[str, ...] = ()
    #: Whether it yields an array.
    array: bool = False


@dataclass(frozen=True)
class _Place:
    """Where a block stands."""

    depth: int = 0
    #: Of the loop around it: `items`, `while`, `until`; empty for none.
    loop: str = ""
    failing: bool = False


def definition(
    source: Random, features: frozenset[str], workflows: Sequence[str] = (), most: int = 8
) -> dict[str, Any]:
    """A definition of at most so many blocks, with some of these features; `workflows` are those that it can start."""
    return _Author(source, features, workflows, source.randint(1, most)).definition()


def compiled(raw: dict[str, Any]) -> ControlBlock:
    """Its control block."""
    return compile_definition(raw, CATALOGUE)


@st.composite
def definitions(draw: st.DrawFn, features: Sequence[str] = FEATURES, most: int = 8) -> dict[str, Any]:
    """Definitions that do not start other workflows."""
    chosen = frozenset(draw(st.sets(st.sampled_from(sorted(set(features) - {"children"})))))
    return definition(draw(st.randoms(use_true_random=False)), chosen, most=most)


class _Author:
    """Writes one definition."""

    def __init__(self, source: Random, features: frozenset[str], workflows: Sequence[str], left: int) -> None:
        self._source = source
        self._features = features
        self._workflows = workflows
        self._left = left
        self._count = 0

    def definition(self) -> dict[str, Any]:
        source = self._source
        raw: dict[str, Any] = {"name": "simulated"}
        on_failure = None
        if self._may("on_failure", 0.5):
            on_failure = self._body(_Place(failing=True), most=2)
        raw |= self._listed(self._body(_Place()))
        if on_failure:
            raw["on_failure"] = on_failure
        if self._may("timeout", 0.5):
            raw["timeout"] = round(source.uniform(0.5, 20.0), 2)
        if self._may("concurrency", 0.8):
            raw["concurrency"] = {
                "max": source.choice((1, 1, 2)),
                "on_limit": source.choice(("queue", "queue", "reject", "cancel_oldest")),
            }
        if self._may("rate", 0.8):
            raw["rate_limit"] = {"max": source.choice((1, 2)), "per": source.choice(("1s", "4s"))}
        return raw

    def _may(self, feature: str, share: float = 1.0) -> bool:
        return feature in self._features and self._source.random() < share

    def _listed(self, blocks: list[dict[str, Any]]) -> dict[str, Any]:
        return {"steps" if self._may("steps", 0.3) else "blocks": blocks}

    def _body(self, place: _Place, most: int | None = None) -> list[dict[str, Any]]:
        """The blocks of one scope, at least one."""
        source = self._source
        count = max(1, self._left if place.depth == 0 else source.randint(1, 3))
        blocks: list[dict[str, Any]] = []
        before: list[_Written] = []
        for _ in range(count if most is None else min(count, most)):
            if blocks and self._left <= 0:
                break
            self._left -= 1
            block, written = self._block(before, place)
            blocks.append(block)
            before.append(written)
        return blocks

    def _block(self, before: list[_Written], place: _Place) -> tuple[dict[str, Any], _Written]:
        block: dict[str, Any] = {"id": f"b{self._count}"}
        self._count += 1
        needs = self._needs(block, before)
        kind = self._kind(place)
        written = _Written(block["id"])
        match kind:
            case "fork" | "condition" | "switch" | "filter":
                written = self._route(block, kind, needs)
            case "loop":
                self._loop(block, needs, place)
                written = _Written(block["id"], array=True)
            case "group":
                block |= {
                    "type": "group",
                    **self._listed(self._body(_Place(place.depth + 1, place.loop, place.failing))),
                }
            case "delay":
                time = self._source.choice(("0s", "0.2s", "2s"))
                block |= {"type": "delay", "config": {"for": self._asked(needs, "pause", time)}}
            case "wait":
                self._wait(block, needs)
            case "workflow":
                self._child(block, needs)
            case "script":
                self._script(block, needs, place)
            case _:
                self._task(block, needs, place)
                if self._may("each", 0.4):
                    self._each(block, needs)
                    written = _Written(block["id"], array=True)
        self._finish(block, needs, place)
        return block, written

    def _needs(self, block: dict[str, Any], before: list[_Written]) -> list[_Written]:
        source = self._source
        needs = source.sample(before, min(len(before), source.choice((0, 1, 1, 1, 2, 3))))
        if needs:
            block["needs"] = [self._port(need) for need in needs]
            block["join"] = source.choice(("all", "all", "all", "any", "always"))
        return needs

    def _port(self, need: _Written) -> str:
        source = self._source
        if need.ports and source.random() < 0.6:
            return f"{need.id}.{source.choice(need.ports)}"
        return f"{need.id}.error" if source.random() < 0.2 else need.id

    def _kind(self, place: _Place) -> str:
        source = self._source
        kinds = [PLAY] * 4
        if "routes" in self._features:
            kinds += [FORK, "condition", "switch", "filter"]
        if place.depth < _DEEPEST:
            kinds += ["loop"] * 3 if "loops" in self._features else []
            kinds += ["group"] * 2 if "groups" in self._features else []
        kinds += ["delay"] * 2 if "delays" in self._features else []
        kinds += ["wait"] * 3 if "waits" in self._features else []
        kinds += ["workflow"] * 3 if "children" in self._features and self._workflows else []
        kinds += ["script"] * 5 if SCRIPTS in self._features else []
        return source.choice(kinds)

    def _route(self, block: dict[str, Any], kind: str, needs: list[_Written]) -> _Written:
        block["type"] = kind
        if kind == FORK:
            return _Written(block["id"], PORTS)
        expression = f"{needs[0].id} !== null" if needs and self._source.random() < 0.5 else "true"
        if kind == "switch":
            cases = ("one", "two")
            block["config"] = {"cases": dict.fromkeys(cases, expression), "default": "other"}
            return _Written(block["id"], (*cases, "other"))
        block["config"] = {"if": expression}
        return _Written(block["id"], ("true", "false") if kind == "condition" else ())

    def _loop(self, block: dict[str, Any], needs: list[_Written], place: _Place) -> None:
        source = self._source
        way = source.choice(("items", "items", "while", "until"))
        config: dict[str, Any] = {}
        if way == "items":
            config = {"items": self._items(needs), "concurrency": source.choice((1, 2, 10))}
        else:
            config = {way: source.choice(("index < 2", "previous !== null" if way == "while" else "index > 1"))}
        # An iteration that fails and may is not asked whether it was the last: without a bound it goes on for ever.
        if way != "items" or source.random() < 0.5:
            config["max_iterations"] = source.choice((2, 4))
            if isinstance(config.get("items"), list):
                config["items"] = config["items"][: config["max_iterations"]]
        if source.random() < 0.4:
            config["on_error"] = "continue"
        block |= {"type": "loop", "config": config}
        block |= self._listed(self._body(_Place(place.depth + 1, way, place.failing)))

    def _items(self, needs: list[_Written]) -> Any:
        source = self._source
        if needs and source.random() < 0.4:
            path = needs[0].id if needs[0].array else f"{needs[0].id}.items"
            return f"{{{{ {path} }}}}"
        return list(range(10, 10 + source.choice((0, 1, 2, 3, 5))))

    def _each(self, block: dict[str, Any], needs: list[_Written]) -> None:
        source = self._source
        block["for_each"] = {
            "items": self._items(needs),
            "concurrency": source.choice((1, 2, 10)),
            "on_error": source.choice(("fail", "continue")),
        }
        block["config"] = {**block.get("config", {}), "item": "{{ item }}", "index": "{{ index }}"}

    def _asked(self, needs: list[_Written], name: str, value: str) -> str:
        """A value, or a template that comes to the same, since no block yields what it asks for."""
        if needs and self._source.random() < 0.3:
            return f'{{{{ {needs[0].id}.{name} ?? "{value}" }}}}'
        return value

    def _wait(self, block: dict[str, Any], needs: list[_Written]) -> None:
        source = self._source
        config: dict[str, Any] = {"signal": self._asked(needs, "signal", source.choice(SIGNALS))}
        if source.random() < 0.6:
            config["timeout"] = source.choice(("0.5s", "5s"))
        block |= {"type": "wait", "config": config}

    def _child(self, block: dict[str, Any], needs: list[_Written]) -> None:
        source = self._source
        config: dict[str, Any] = {"name": source.choice(self._workflows)}
        if needs and source.random() < 0.5:
            config["input"] = {"from": f"{{{{ {needs[0].id} ?? null }}}}"}
        block |= {"type": "workflow", "config": config}
        if source.random() < 0.2:
            config["wait"] = False
        elif source.random() < 0.3:
            block["timeout"] = round(source.uniform(0.3, 6.0), 2)
        if source.random() < 0.4:
            block["retry"] = {"max_attempts": 2, "initial": "0.2s"}
        if self._may("each", 0.3):
            self._each_child(block)

    def _script(self, block: dict[str, Any], needs: list[_Written], place: _Place) -> None:
        """A program that is played: its arguments say what it is made of."""
        source = self._source
        kinds = [PLAY, PLAY, *source.sample(STEPS, source.randint(0, len(STEPS)))]
        args: dict[str, Any] = {"kinds": kinds, "length": source.choice((0, 1, 3, 6)), "states": source.randint(1, 3)}
        args["workflows"] = list(self._workflows)
        if needs and source.random() < 0.4:
            args["value"] = f"{{{{ {needs[0].id}.value ?? 0 }}}}"
        config = {"source": "function main() {}", "args": args, "concurrency": source.choice((1, 2, 10))}
        if source.random() < 0.3:
            config["max_steps"] = source.choice((1, 4))
        block |= {"type": "script", "config": config, "timeout": round(source.uniform(3.0, 8.0), 2)}
        if self._may("each", 0.3):
            self._each_child(block)
        if not place.failing and self._may("undo", 0.3):
            block["compensate"] = self._undo(block)

    def _each_child(self, block: dict[str, Any]) -> None:
        block["for_each"] = {"items": [10, 11], "concurrency": self._source.choice((1, 2))}

    def _task(self, block: dict[str, Any], needs: list[_Written], place: _Place) -> None:
        source = self._source
        block["type"] = SCARCE if self._may("scarce", 0.6) else PLAIN if self._may(PLAINS, 0.6) else PLAY
        block["timeout"] = round(source.uniform(0.5, 4.0), 2)
        config: dict[str, Any] = {}
        if needs and source.random() < 0.4:
            default = "" if source.random() < 0.1 else " ?? 0"
            config["value"] = f"{{{{ {needs[0].id}.value{default} }}}}"
        if place.loop:
            config["index"] = "{{ index }}"
        if place.loop == "items":
            config["item"] = "{{ item }}"
        if place.failing:
            config["code"] = "{{ error.code }}"
        if config:
            block["config"] = config
        if source.random() < 0.5:
            block["retry"] = {
                "max_attempts": source.randint(2, 4),
                "initial": source.choice(("0s", "0.1s", "1s", "3s")),
                "max": "5s",
            }
        if source.random() < 0.25:
            block["idempotent"] = False
        if self._may("lanes", 0.5):
            block["priority"] = source.choice(("high", "low"))
        if not place.failing and self._may("undo", 0.5):
            block["compensate"] = self._undo(block)

    def _undo(self, block: dict[str, Any]) -> dict[str, Any]:
        source = self._source
        undo: dict[str, Any] = {
            "type": SCARCE if self._may("scarce", 0.3) else PLAY,
            "config": {"undone": f"{{{{ {block['id']}.value ?? 0 }}}}"},
            "timeout": 2,
        }
        if source.random() < 0.5:
            undo["retry"] = {"max_attempts": 3, "initial": "0.1s"}
        if source.random() < 0.2:
            undo["idempotent"] = False
        return undo

    def _finish(self, block: dict[str, Any], needs: list[_Written], place: _Place) -> None:
        """What every block may have."""
        source = self._source
        if source.random() < 0.2:
            block["on_error"] = "continue"
        if self._may("routes", 0.15):
            block["when"] = f"{needs[0].id} !== null" if needs else "index > 0" if place.loop else "true"
