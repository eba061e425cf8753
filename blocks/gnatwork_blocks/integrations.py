"""The integrations that are installed, found as blocks are: by entry points."""

import logging
from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points

from gnatwork_blocks.integration import ENTRY_POINT_GROUP, Integration
from gnatwork_blocks.registry import groups

log = logging.getLogger(__name__)


def integrations_of(types: Collection[str]) -> tuple[Integration, ...]:
    """Those whose packages have any of these block types, in the order of their names.

    One that can't be used is left out, and the log says why: its blocks may be all right.
    """
    packages = groups()
    wanted = [entry for entry in _installed() if not set(types).isdisjoint(packages.get(entry.name, ()))]
    return tuple(found for entry in wanted if (found := load_integration(entry)) is not None)


def load_integration(entry: EntryPoint) -> Integration | None:
    """What an entry point names; None, with a line in the log, where it can't be used."""
    try:
        found = entry.load()
    except Exception as error:  # noqa: BLE001 - whatever a plug-in does wrong, its blocks and others go on
        wrong = f"{type(error).__name__}: {error}"
    else:
        if isinstance(found, Integration) and found.name == entry.name:
            return found
        wrong = f"it calls itself {found.name!r}" if isinstance(found, Integration) else "this is not an Integration"
    log.warning("the integration %s (%s) is left out: %s", entry.name, entry.value, wrong)
    return None


def _installed() -> Iterable[EntryPoint]:
    # An installation that is found twice on the path is there twice.
    return sorted({(one.name, one.value): one for one in entry_points(group=ENTRY_POINT_GROUP)}.values())
