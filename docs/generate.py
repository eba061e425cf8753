"""Write the generated pages of `docs/reference` from the code: `python -m docs.generate`, or `make docs`."""

from pathlib import Path

from docs.generator import (
    asyncapi,
    blocks,
    command_line,
    errors,
    http,
    integrations,
    roles,
    schemas,
    settings,
    subjects,
)

REFERENCE = Path(__file__).parent / "reference"
#: Folders that hold generated pages alone; what is no longer generated is removed from them.
OWNED = ("blocks", "errors", "schemas")


def pages() -> dict[str, str]:
    """All generated pages, by their path in `docs/reference`."""
    found: dict[str, str] = {}
    for part in (asyncapi, blocks, command_line, errors, http, integrations, roles, schemas, settings, subjects):
        found |= part.pages()
    return found


def existing() -> set[str]:
    """The paths of all files in the folders that hold generated pages alone."""
    files = (file for folder in OWNED for file in (REFERENCE / folder).rglob("*") if file.is_file())
    return {file.relative_to(REFERENCE).as_posix() for file in files}


def main() -> None:
    """Write all pages and remove those that have no source any more."""
    current = pages()
    for path in existing() - current.keys():
        (REFERENCE / path).unlink()
    for path, text in current.items():
        file = REFERENCE / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
