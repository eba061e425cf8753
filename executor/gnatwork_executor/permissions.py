"""Block types that an executor hosts only when it is told that it may."""

from collections.abc import Collection

from gnatwork_schemas.errors import GnatworkError

_PYTHON_FULL = "python-full"


class NotAllowedError(GnatworkError):
    """`python-full` runs code of users in real CPython, which the kernel alone holds; to host it all the same, start the executor with --allow-python-full, or GNATWORK_ALLOW_PYTHON_FULL=1."""  # noqa: E501 - it is the message


def check_allowed(types: Collection[str], *, python_full: bool) -> None:
    """NotAllowedError if one of these types may not be hosted."""
    if _PYTHON_FULL in types and not python_full:
        raise NotAllowedError
