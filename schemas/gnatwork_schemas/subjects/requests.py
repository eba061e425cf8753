"""Subjects of requests that are answered."""

#: Everything that managers answer, all namespaces; the fourth token on is the verb.
API_SUBJECTS = "gnatwork.api.*.>"
#: Where executors of the `logic` blocks evaluate conditions for managers.
LOGIC_EVALUATE = "gnatwork.logic.evaluate"
#: The queue group in which they share that.
LOGIC_GROUP = "gnatwork-logic"
#: The verb by which executors ask for the values of connections.
CONNECTION_RESOLVE = "connection.resolve"


def api(namespace: str, verb: str) -> str:
    """A verb of the manager's API, the twin of an HTTP endpoint, e.g. `submit`, `run.get`."""
    return f"gnatwork.api.{namespace}.{verb}"
