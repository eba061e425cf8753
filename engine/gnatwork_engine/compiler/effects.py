"""Fields of blocks that could have no effect where they stand: they are refused, never ignored."""

from gnatwork_engine.compiler.faults import Faults, shown
from gnatwork_engine.compiler.shape import DraftBlock
from gnatwork_schemas.steering import DELAY, GROUP, LOOP, SCRIPT, WAIT, WORKFLOW

_CODE = "definition.no_effect"

_INSIDE = {
    "retry": "give it to the blocks inside",
    "timeout": "give it to the blocks inside, or to the workflow",
    "idempotent": "give it to the blocks inside",
    "compensate": "give it to the blocks inside",
    "priority": "give it to the blocks inside",
}
_IDLE = {
    "retry": "there is nothing to try again",
    "idempotent": "there is nothing that could run twice",
    "compensate": "there is nothing to undo",
    "priority": "it stands in no queue",
}
#: By type and field, what to do instead.
_INSTEAD = {
    LOOP: _INSIDE,
    GROUP: _INSIDE,
    DELAY: {**_IDLE, "timeout": "its `config` says how long it takes"},
    WAIT: {**_IDLE, "timeout": "the `timeout` in its `config` says how long it waits"},
    WORKFLOW: {
        "idempotent": "a child run is started once, whatever happens",
        "priority": "give it to the blocks of the child's workflow",
    },
    SCRIPT: {
        "retry": "give it to the steps, in the program",
        "idempotent": "a program runs by replay; give it to the steps, in the program",
    },
}


def check_effects(block: DraftBlock, faults: Faults, *, failing: bool) -> None:
    """Refuse what would be ignored.

    Args:
        block: The block.
        faults: Takes the mistakes.
        failing: Whether it stands in `on_failure`.
    """
    definition = block.definition
    type_ = definition.type
    for name, instead in _INSTEAD.get(type_, {}).items():
        if name in definition.model_fields_set and getattr(definition, name) is not None:
            faults.add((*block.path, name), _CODE, f"{shown(name)} has no effect on a {shown(type_)}: {instead}")
    if definition.for_each and type_ in {LOOP, GROUP}:
        instead = "give the loop `items`" if type_ == LOOP else "make it a `loop` over `items`"
        faults.add((*block.path, "for_each"), _CODE, f"`for_each` goes around one block; {instead}")
    if failing and definition.compensate and "compensate" not in _INSTEAD.get(type_, {}):
        message = "`compensate` has no effect in `on_failure`, which runs when all compensations are over"
        faults.add((*block.path, "compensate"), _CODE, message)
    if type_ == WORKFLOW and "timeout" in definition.model_fields_set and _does_not_wait(definition.config):
        message = "`timeout` has no effect here: the block does not wait for the child run"
        faults.add((*block.path, "timeout"), _CODE, message)


def _does_not_wait(config: object) -> bool:
    return isinstance(config, dict) and config.get("wait") is False
