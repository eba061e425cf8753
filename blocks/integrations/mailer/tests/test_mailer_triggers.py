"""What the triggers of the mailer become."""

from support.definitions import CATALOGUE, noop

from gnatwork_blocks.javascript.service import JavaScript
from gnatwork_engine.compiler import compile_workflow
from gnatwork_mailer import INTEGRATION
from gnatwork_schemas.triggers import WebhookTrigger

TYPES = {type_.type: type_ for type_ in INTEGRATION.triggers}


def compiled(**written: object) -> WebhookTrigger:
    definition = {"blocks": [noop("a")], "triggers": [{"id": "mail", "connection": "mail", **written}]}
    (trigger,) = compile_workflow(definition, CATALOGUE, TYPES).triggers
    assert isinstance(trigger, WebhookTrigger)
    # Postmark sends the user and password that its webhook was given.
    assert (trigger.auth, trigger.key_header) == ("key", "Authorization")
    assert trigger.secret == "{{ connections.mail.webhook_authorization }}"
    return trigger


def test_mail_comes_in_once() -> None:
    trigger = compiled(type="mailer-inbound", path="/mail")
    assert (trigger.path, trigger.delivery, trigger.input) == ("/mail", "{{ event.MessageID }}", "{{ event }}")


async def test_bounces_of_other_types_start_nothing() -> None:
    some, all_ = compiled(type="mailer-bounce", types=["HardBounce"]), compiled(type="mailer-bounce")
    assert some.delivery == "{{ event.ID }}"
    async with JavaScript() as javascript:
        for record, type_, wanted in (
            ("Bounce", "HardBounce", (True, True)),
            ("SpamComplaint", "SpamComplaint", (False, True)),
            ("Open", "HardBounce", (False, False)),
        ):
            event = {"RecordType": record, "Type": type_}
            found = [await javascript.evaluate(one.filter or "", {"event": event}) for one in (some, all_)]
            assert tuple(found) == wanted
