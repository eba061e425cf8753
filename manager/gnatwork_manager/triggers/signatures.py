"""How callers of a webhook show that they may: a key, or a signature of one of four forms. Pure.

Whoever can't is told nothing but that; only a signature that is right is told that its time is not.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping

from gnatwork_manager.problems import ProblemError
from gnatwork_schemas.triggers import SignatureScheme, WebhookTrigger

KEY_HEADER = "x-gnatwork-key"
#: Standard Webhooks, https://www.standardwebhooks.com.
STANDARD_ID, STANDARD_TIMESTAMP, STANDARD_SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
GITHUB_SIGNATURE = "x-hub-signature-256"
#: https://docs.stripe.com/webhooks/signature
STRIPE_SIGNATURE = "stripe-signature"
#: https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACK_SIGNATURE, SLACK_TIMESTAMP = "x-slack-signature", "x-slack-request-timestamp"

_STANDARD_PREFIX = "whsec_"
_SECONDS = re.compile(r"[0-9]{1,12}")


def key_header(trigger: WebhookTrigger) -> str:
    """The name of the header that has the secret of a webhook with `key`, in lower case."""
    return trigger.key_header.lower() if trigger.key_header else KEY_HEADER


def check_key(trigger: WebhookTrigger, headers: Mapping[str, str], secret: str) -> None:
    """Return if the caller of a webhook has sent its secret; ProblemError `hook.unauthorized`.

    Args:
        trigger: the webhook.
        headers: the request's, by name in lower case.
        secret: the webhook's.
    """
    if not hmac.compare_digest(headers.get(key_header(trigger), "").encode("latin-1", "replace"), secret.encode()):
        raise _unauthorized()


def check_signature(trigger: WebhookTrigger, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> None:
    """Return if the caller of a webhook has signed the body with its secret.

    Args:
        trigger: the webhook.
        headers: the request's, by name in lower case.
        body: as it came.
        secret: the webhook's.
        now: Unix seconds.

    Raises:
        ProblemError: `hook.unauthorized`; `hook.stale` when the signature is right but of another time;
            `hook.secret_unusable` when the secret is none for this form of signature.
    """
    _CHECKS[trigger.signature](headers, body, secret, now, trigger.tolerance)


def _check_standard(headers: Mapping[str, str], body: bytes, secret: str, now: float, tolerance: float) -> None:
    id_, at = headers.get(STANDARD_ID, ""), headers.get(STANDARD_TIMESTAMP, "")
    signatures = (part.split(",", 1) for part in headers.get(STANDARD_SIGNATURE, "").split())
    given = [parts[1] for parts in signatures if len(parts) == 2 and parts[0] == "v1"]
    signed = _mac(_standard_key(secret), f"{id_}.{at}.".encode("latin-1"), body)
    if not id_ or not _is_any(base64.b64encode(signed), given):
        raise _unauthorized()
    _check_time(at, now, tolerance)


def _check_github(headers: Mapping[str, str], body: bytes, secret: str, _: float, __: float) -> None:
    """This form has no time: what is replayed is told by its delivery id alone."""
    signed = "sha256=" + _mac(secret.encode(), body).hex()
    if not _is_any(signed.encode(), [headers.get(GITHUB_SIGNATURE, "")]):
        raise _unauthorized()


def _check_stripe(headers: Mapping[str, str], body: bytes, secret: str, now: float, tolerance: float) -> None:
    fields = [part.strip().split("=", 1) for part in headers.get(STRIPE_SIGNATURE, "").split(",")]
    at = next((field[1] for field in fields if field[0] == "t" and len(field) == 2), "")
    given = [field[1] for field in fields if field[0] == "v1" and len(field) == 2]
    signed = _mac(secret.encode(), f"{at}.".encode("latin-1"), body)
    if not _is_any(signed.hex().encode(), given):
        raise _unauthorized()
    _check_time(at, now, tolerance)


def _check_slack(headers: Mapping[str, str], body: bytes, secret: str, now: float, tolerance: float) -> None:
    at = headers.get(SLACK_TIMESTAMP, "")
    signed = "v0=" + _mac(secret.encode(), f"v0:{at}:".encode("latin-1"), body).hex()
    if not _is_any(signed.encode(), [headers.get(SLACK_SIGNATURE, "")]):
        raise _unauthorized()
    _check_time(at, now, tolerance)


_CHECKS: Mapping[SignatureScheme, Callable[[Mapping[str, str], bytes, str, float, float], None]] = {
    "standard": _check_standard,
    "github": _check_github,
    "stripe": _check_stripe,
    "slack": _check_slack,
}


def _standard_key(secret: str) -> bytes:
    encoded = secret.removeprefix(_STANDARD_PREFIX)
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise ProblemError("hook.secret_unusable", "a secret of Standard Webhooks is `whsec_` and base64")
    return key


def _mac(key: bytes, *parts: bytes) -> bytes:
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return mac.digest()


def _is_any(signed: bytes, given: Iterable[str]) -> bool:
    """Whether one of the signatures is the right one; takes the same time however wrong they are."""
    return sum(hmac.compare_digest(signed, one.encode("latin-1", "replace")) for one in given) > 0


def _check_time(text: str, now: float, tolerance: float) -> None:
    if not _SECONDS.fullmatch(text):
        raise _unauthorized()
    away = now - int(text)
    if abs(away) > tolerance:
        side = "ago" if away > 0 else "ahead"
        raise ProblemError("hook.stale", f"it is from {abs(away):.0f} s {side}, and at most {tolerance:g} s are taken")


def _unauthorized() -> ProblemError:
    return ProblemError("hook.unauthorized", headers={"WWW-Authenticate": "Webhook"})
