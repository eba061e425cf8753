"""Where the examples are: beside this module in an installed wheel, at the root of the repository in a checkout."""

from pathlib import Path


def examples() -> Path:
    """The folder of example workflows."""
    installed = Path(__file__).parent / "examples"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "examples"
