"""Links within the documents lead somewhere."""

import re
from pathlib import Path

import pytest
from support.documents import documents, named, prose

_LINK = re.compile(r"\[[^\]\[]*(?:\[[^\]]*\][^\]\[]*)*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (?P<title>.+)$", re.MULTILINE)


def _anchors(document: Path) -> set[str]:
    """The anchors that a Markdown renderer gives the headings of a document."""
    found = set()
    for match in _HEADING.finditer(prose(document)):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match["title"]).lower()
        found.add("".join(letter for letter in title if letter.isalnum() or letter in " -_").replace(" ", "-"))
    return found


@pytest.mark.parametrize("document", documents(), ids=named)
def test_every_internal_link_resolves(document: Path) -> None:
    for match in _LINK.finditer(prose(document)):
        target, _, anchor = match["target"].partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (document.parent / target).resolve() if target else document
        assert file.exists(), f"{named(document)} links to {target}, which is not there"
        if anchor and file.suffix == ".md":
            assert anchor in _anchors(file), f"{named(document)} links to {match['target']}, which has no such heading"


def test_links_are_found() -> None:
    assert _LINK.findall("see [a [b] c](x.md#y) and [`d`](../e.md), not (f)") == ["x.md#y", "../e.md"]


def test_every_page_can_be_reached() -> None:
    pages = {document.resolve() for document in documents()}
    reached = {document.resolve() for document in documents() if document.name in {"README.md", "CHANGELOG.md"}}
    pending = list(reached)
    while pending:
        document = pending.pop()
        for match in _LINK.finditer(prose(document)):
            file = (document.parent / match["target"].partition("#")[0]).resolve()
            if file in pages and file not in reached:
                reached.add(file)
                pending.append(file)
    assert {named(page) for page in pages - reached} <= {"docs/adr/000-template.md"}
