"""Where a package lies, found without importing anything of it: what it runs when imported is not for everyone."""

from collections.abc import Sequence
from importlib.machinery import PathFinder
from importlib.util import find_spec


def folders_of(package: str) -> Sequence[str] | None:
    """The folders of a package, `acme.blocks`; None when there is none of that name."""
    top, *rest = package.split(".")
    try:
        spec, name = find_spec(top), top
        for part in rest:
            if spec is None or spec.submodule_search_locations is None:
                return None
            name = f"{name}.{part}"
            spec = PathFinder.find_spec(name, spec.submodule_search_locations)
    except (ImportError, ValueError):
        return None
    return None if spec is None else spec.submodule_search_locations
