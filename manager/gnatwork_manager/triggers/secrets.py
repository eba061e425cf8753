"""The secrets of webhooks: values of connections, which a definition only names."""

from typing import Any, Protocol

from gnatwork_engine.fill import expressions
from gnatwork_engine.template import parse_template
from gnatwork_manager.problems import ProblemError
from gnatwork_manager.triggers.table import Known
from gnatwork_schemas.errors import UnavailableError
from gnatwork_schemas.triggers import WebhookTrigger


class ConnectionValues(Protocol):
    """Where the values of connections are."""

    async def value(self, namespace: str, name: str, path: tuple[str | int, ...]) -> Any:
        """The value at a path of a connection; raises what describes itself as a problem."""


async def secret_of(values: ConnectionValues, known: Known) -> str:
    """The secret of a webhook; ProblemError `hook.secret_unusable`, `engine.unavailable`."""
    if not isinstance(known.trigger, WebhookTrigger) or known.trigger.secret is None:
        raise ProblemError("hook.secret_unusable", "the webhook has none")
    path = next(expressions(parse_template(known.trigger.secret))).path
    try:
        value = await values.value(known.namespace, str(path[1]), path[2:])
    except UnavailableError:
        raise
    except Exception as error:
        raise ProblemError("hook.secret_unusable") from error
    if not isinstance(value, str) or not value:
        raise ProblemError("hook.secret_unusable", "it is not a text")
    return value
