"""What the triggers of Telegram become."""

import pytest
from support.definitions import CATALOGUE, noop

from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_blocks.registry import describe, load
from gnatwork_engine.compiler import compile_workflow
from gnatwork_schemas.triggers import AnyTrigger, PollingTrigger, WebhookTrigger
from gnatwork_telegram import INTEGRATION

TYPES = {type_.type: type_ for type_ in INTEGRATION.triggers}
ASKING = describe(load("telegram-get-updates"))


def compiled(**written: object) -> AnyTrigger:
    definition = {"blocks": [noop("a")], "triggers": [{"id": "messages", "connection": "bot", **written}]}
    (trigger,) = compile_workflow(definition, {**CATALOGUE, ASKING.type: ASKING}, TYPES).triggers
    return trigger


async def test_a_webhook_wants_the_secret_of_telegram() -> None:
    trigger = compiled(type="telegram", updates=["message", "callback_query"])
    assert isinstance(trigger, WebhookTrigger)
    assert (trigger.auth, trigger.key_header) == ("key", "X-Telegram-Bot-Api-Secret-Token")
    assert trigger.secret == "{{ connections.bot.webhook_secret }}"
    assert (trigger.delivery, trigger.input) == ("{{ event.update_id }}", "{{ event }}")
    assert trigger.filter is not None
    async with JavaScript() as javascript:
        for kind, wanted in (("message", True), ("edited_message", False)):
            assert await javascript.evaluate(trigger.filter, {"event": {"update_id": 1, kind: {}}}) is wanted


@pytest.mark.parametrize("more", [{}, {"every": "1m", "updates": ["message"]}])
def test_a_poll_goes_on_where_the_one_before_ended(more: dict[str, object]) -> None:
    trigger = compiled(type="telegram-poll", **more)
    assert isinstance(trigger, PollingTrigger)
    assert trigger.every == (60 if more else 30)
    assert trigger.block == "telegram-get-updates"
    assert trigger.fetch == {
        "connection": "{{ connections.bot }}",
        "offset": "{{ cursor }}",
        "allowed_updates": more.get("updates", []),
    }
    assert (trigger.items, trigger.key) == ("{{ response.updates }}", "{{ item.update_id }}")
    assert trigger.cursor == "{{ response.next_offset }}"
