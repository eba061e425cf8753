"""What is written from the code is as the code is now."""

import pytest

from docs import generate

PAGES = generate.pages()


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_current(path: str) -> None:
    file = generate.REFERENCE / path
    assert file.exists(), f"docs/reference/{path} is missing; run `make docs`"
    assert file.read_text() == PAGES[path], f"docs/reference/{path} differs from the code; run `make docs`"


def test_nothing_is_left_of_what_is_gone() -> None:
    assert generate.existing() <= PAGES.keys(), "run `make docs`"
