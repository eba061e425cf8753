"""The event loop of a command; it ends with one clear paragraph and an exit code, never with a trace."""

import logging
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import uvloop

from gnatwork_cli.messages import fail
from gnatwork_schemas.errors import GnatworkError

T = TypeVar("T")


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine."""
    # Commands report errors themselves; what the libraries log would only come in between.
    logging.getLogger().addHandler(logging.NullHandler())
    with clear_errors():
        return uvloop.run(main)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Errors that one can expect end the program with their message."""
    try:
        yield
    except GnatworkError as error:
        fail(str(error))
    except OSError as error:
        # Such as an output that is full.
        fail(str(error))
    except BaseExceptionGroup as group:
        expected, others = group.split(GnatworkError)
        if expected is None or others is not None:
            raise
        fail("; ".join(str(error) for error in leaves(expected)))


def leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    """The exceptions in a group of groups."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from leaves(error)
        else:
            yield error
