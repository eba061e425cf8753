"""Signatures, by the examples that those who made up the forms have published."""

from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.signatures import check_key, check_signature
from gnatwork_schemas.triggers import WebhookTrigger

STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
STANDARD = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
STANDARD_BODY = b'{"test": 2432232314}'
STANDARD_AT = 1614265330.0

GITHUB_SECRET = "It's a Secret to Everybody"
GITHUB = {"x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"}
GITHUB_BODY = b"Hello, World!"

# printf '1492774577.{"id": "evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret
STRIPE_SECRET = "whsec_test_secret"
STRIPE_V1 = "10b0a2815816a45e6b874658b928cae03296be10637343405aaf1e8306ddffdc"
STRIPE = {
    "stripe-signature": f"t=1492774577,v1={STRIPE_V1},v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb0"
}
STRIPE_BODY = b'{"id": "evt_1"}'
STRIPE_AT = 1492774577.0

SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_AT = 1531420618
SLACK = {
    "x-slack-request-timestamp": str(SLACK_AT),
    "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
}
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)


def trigger(**fields: Any) -> WebhookTrigger:
    return WebhookTrigger(id="hook", type="webhook", secret="{{ connections.shop.key }}", **{"auth": "hmac", **fields})


def refusal(
    hook: WebhookTrigger, headers: dict[str, str], body: bytes, secret: str, now: float = STANDARD_AT
) -> str | None:
    """The code of what is wrong with a call."""
    try:
        check_signature(hook, headers, body, secret, now)
    except ProblemError as error:
        return error.code
    return None


def test_the_published_examples_are_right() -> None:
    assert refusal(trigger(), STANDARD, STANDARD_BODY, STANDARD_SECRET) is None
    assert refusal(trigger(signature="github"), GITHUB, GITHUB_BODY, GITHUB_SECRET) is None
    assert refusal(trigger(signature="stripe"), STRIPE, STRIPE_BODY, STRIPE_SECRET, STRIPE_AT) is None
    assert refusal(trigger(signature="slack"), SLACK, SLACK_BODY, SLACK_SECRET, SLACK_AT) is None


def test_a_call_that_the_library_of_standard_webhooks_signs_is_right() -> None:
    body = '{"text": "é 🦟"}'
    signature = Webhook(STANDARD_SECRET).sign("msg_1", datetime.fromtimestamp(STANDARD_AT, UTC), body)
    headers = {**STANDARD, "webhook-id": "msg_1", "webhook-signature": signature}
    assert refusal(trigger(), headers, body.encode(), STANDARD_SECRET) is None


def test_one_of_several_signatures_is_enough() -> None:
    others = f"v1,AAAA v1a,xyz nonsense {STANDARD['webhook-signature']}"
    assert refusal(trigger(), {**STANDARD, "webhook-signature": others}, STANDARD_BODY, STANDARD_SECRET) is None
    stripe = {"stripe-signature": f"t=1492774577, v1=00, v1={STRIPE_V1}"}
    assert refusal(trigger(signature="stripe"), stripe, STRIPE_BODY, STRIPE_SECRET, STRIPE_AT) is None


def test_the_secret_may_lack_its_prefix_and_padding() -> None:
    bare = STANDARD_SECRET.removeprefix("whsec_")
    assert refusal(trigger(), STANDARD, STANDARD_BODY, bare.rstrip("=")) is None


@pytest.mark.parametrize("name", STANDARD)
def test_everything_that_is_signed_counts(name: str) -> None:
    for value in ("", "v1", "v1,", "v1,%%%", "1614265331", "é"):
        assert refusal(trigger(), {**STANDARD, name: value}, STANDARD_BODY, STANDARD_SECRET) == "hook.unauthorized"
    missing = {key: value for key, value in STANDARD.items() if key != name}
    assert refusal(trigger(), missing, STANDARD_BODY, STANDARD_SECRET) == "hook.unauthorized"
    assert refusal(trigger(), STANDARD, STANDARD_BODY + b" ", STANDARD_SECRET) == "hook.unauthorized"


@pytest.mark.parametrize("value", ["", "sha256=", "sha1=757107ea", GITHUB["x-hub-signature-256"].upper(), "ÿ"])
def test_a_wrong_signature_of_github_is_refused(value: str) -> None:
    headers = {"x-hub-signature-256": value}
    assert refusal(trigger(signature="github"), headers, GITHUB_BODY, GITHUB_SECRET) == "hook.unauthorized"


@pytest.mark.parametrize(
    "value", ["", "t=1492774577", f"v1={STRIPE_V1}", f"t=1492774578,v1={STRIPE_V1}", f"t=,v1={STRIPE_V1}", "t,v1,,="]
)
def test_a_wrong_signature_of_stripe_is_refused(value: str) -> None:
    headers = {"stripe-signature": value}
    found = refusal(trigger(signature="stripe"), headers, STRIPE_BODY, STRIPE_SECRET, STRIPE_AT)
    assert found == "hook.unauthorized"


@pytest.mark.parametrize("away", [-301.0, 301.0])
def test_a_signature_of_another_time_is_stale_either_way(away: float) -> None:
    assert refusal(trigger(), STANDARD, STANDARD_BODY, STANDARD_SECRET, STANDARD_AT + away) == "hook.stale"
    stripe = refusal(trigger(signature="stripe"), STRIPE, STRIPE_BODY, STRIPE_SECRET, STRIPE_AT + away)
    assert stripe == "hook.stale"
    wide = trigger(tolerance="10m")
    assert refusal(wide, STANDARD, STANDARD_BODY, STANDARD_SECRET, STANDARD_AT + away) is None


def test_only_who_signs_rightly_learns_that_it_is_stale() -> None:
    later = STANDARD_AT + 1000
    assert refusal(trigger(), STANDARD, b"other", STANDARD_SECRET, later) == "hook.unauthorized"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "é"])
def test_a_secret_that_is_none_of_standard_webhooks_is_unusable(secret: str) -> None:
    assert refusal(trigger(), STANDARD, STANDARD_BODY, secret) == "hook.secret_unusable"


def test_a_key_is_compared_as_it_is() -> None:
    check_key(trigger(auth="key"), {"x-gnatwork-key": "s3cret"}, "s3cret")
    for given in ({}, {"x-gnatwork-key": ""}, {"x-gnatwork-key": "s3cre"}, {"x-gnatwork-key": "s3crét"}):
        with pytest.raises(ProblemError) as refused:
            check_key(trigger(auth="key"), given, "s3cret")
        assert refused.value.code == "hook.unauthorized"


def test_a_key_may_come_in_another_header() -> None:
    hook = trigger(auth="key", key_header="X-Telegram-Bot-Api-Secret-Token")
    check_key(hook, {"x-telegram-bot-api-secret-token": "s3cret"}, "s3cret")
    with pytest.raises(ProblemError):
        check_key(hook, {"x-gnatwork-key": "s3cret"}, "s3cret")


def test_a_call_that_slack_signs_is_of_its_time() -> None:
    hook = trigger(signature="slack")
    assert refusal(hook, SLACK, SLACK_BODY, SLACK_SECRET, SLACK_AT + 299) is None
    assert refusal(hook, SLACK, SLACK_BODY, SLACK_SECRET, SLACK_AT + 301) == "hook.stale"
    later = SLACK | {"x-slack-request-timestamp": str(SLACK_AT + 301)}
    assert refusal(hook, later, SLACK_BODY, SLACK_SECRET, SLACK_AT + 301) == "hook.unauthorized"
    assert refusal(hook, {}, SLACK_BODY, SLACK_SECRET, SLACK_AT) == "hook.unauthorized"
