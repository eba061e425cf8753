"""Writes a new package of blocks."""

import shutil
from importlib.resources import files
from pathlib import Path

from gnatwork_cli.scaffold.names import Names, ScaffoldError


def files_of(names: Names) -> dict[str, str]:
    """The files of the package: path and text."""
    found = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".gitignore": "gitignore",
        f"{names.package}/__init__.py": "init.py",
        f"{names.package}/py.typed": "",
        f"{names.package}/blocks/__init__.py": "blocks_init.py",
        f"{names.package}/blocks/{names.module}.py": "first.py",
        f"tests/test_{names.module}.py": "test_block.py",
    }
    return {path: _text(template, names) if template else "" for path, template in found.items()}


def write_package(names: Names, folder: Path) -> None:
    """Write the package into a folder that does not exist, or is empty: all of it or nothing.

    Raises:
        ScaffoldError: Something is there already, or it can't be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ScaffoldError(f"{folder} is there already, and nothing is overwritten; choose another --directory")
    fresh = folder.with_name(f"{folder.name}.new")
    try:
        # Exclusive, so that of two at once one is told.
        fresh.mkdir(parents=True)
        for path, text in files_of(names).items():
            (fresh / path).parent.mkdir(parents=True, exist_ok=True)
            (fresh / path).write_text(text, encoding="utf-8")
        # An empty folder gives way, any other does not.
        fresh.rename(folder)
    except OSError as error:
        if not isinstance(error, FileExistsError):
            shutil.rmtree(fresh, ignore_errors=True)
        raise ScaffoldError(f"{folder} can't be written: {error.strerror} ({error.filename})") from error


def _text(template: str, names: Names) -> str:
    text = (files("gnatwork_cli.scaffold") / "package" / f"{template}.txt").read_text(encoding="utf-8")
    values = {
        "name": names.name,
        "module": names.module,
        "distribution": names.distribution,
        "package": names.package,
        "title": names.title,
        "class": names.class_name,
    }
    for key, value in values.items():
        text = text.replace(f"{{{{{key}}}}}", value)
    return text
