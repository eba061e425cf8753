"""The integrations that come with Gnatwork, not those of other packages that are installed here."""

import importlib
from pathlib import Path

from gnatwork_blocks.integration import Integration

_FOLDER = Path(__file__).parents[2] / "blocks" / "integrations"


def _shipped() -> dict[str, Integration]:
    found = {}
    for package in sorted(_FOLDER.glob("*/gnatwork_*/__init__.py")):
        integration: Integration = importlib.import_module(package.parent.name).INTEGRATION
        found[integration.name] = integration
    return found


#: By name.
INTEGRATIONS = _shipped()
