"""How `html-scraper` works: beautifulsoup4 on lxml."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

import soupsieve
from bs4 import BeautifulSoup
from bs4.element import CData, NavigableString, Tag

from gnatwork_blocks.builtin.html_scraper import FieldSpec, HtmlScraper
from gnatwork_blocks.casting import CastError, cast
from gnatwork_blocks.errors import BlockError

#: A page of tags only would take gigabytes: each costs some 350 bytes once parsed.
MAX_TAGS = 1_000_000

_URL_ATTRIBUTES = frozenset({"href", "src", "action"})
#: Elements that a browser begins a new line or cell for, so that words beside them do not run together.
_BREAKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "option", "p",
    "pre", "section", "table", "td", "th", "tr", "ul",
})  # fmt: skip
#: Elements whose text is no prose and is taken as it is.
_RAW = frozenset({"script", "style", "template", "textarea"})
#: Other strings are scripts, styles, comments and the like.
_PROSE = (NavigableString, CData)


def scrape(config: HtmlScraper.Config) -> dict[str, Any]:
    """The values that the config asks for.

    Raises:
        BlockError: `html.too_large`, `html.invalid_selector` or `html.cast`.
    """
    if len(config.html.encode()) > config.max_bytes:
        raise BlockError("html.too_large", f"The page is larger than {config.max_bytes} bytes.")
    if config.html.count("<") > MAX_TAGS:
        raise BlockError("html.too_large", f"The page has more than {MAX_TAGS} tags.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # guesses about the page and hints about selectors, on the worker's stderr
        compiled = _Fields(config.fields, "")
        page = BeautifulSoup(config.html, "lxml", multi_valued_attributes=None)
        return compiled.take(page, _base(page, config.base_url))


class _Fields:
    """Fields with their selectors compiled, so that a bad one is an error whatever the page holds."""

    def __init__(self, specs: Mapping[str, FieldSpec], path: str) -> None:
        self._fields = [(name, _Field(spec, f"{path}{name}")) for name, spec in specs.items()]

    def take(self, element: Tag, base_url: str | None) -> dict[str, Any]:
        return {name: field.take(element, base_url) for name, field in self._fields}


class _Field:
    def __init__(self, spec: FieldSpec, path: str) -> None:
        self._spec = spec
        self._path = path
        self._nested = _Fields(spec.fields, f"{path}.") if spec.fields else None
        self._selector = None if spec.css == ":scope" else _compile(spec.css, path)

    def take(self, element: Tag, base_url: str | None) -> Any:
        """The field's value from the matches inside `element`."""
        values = self._values(element, base_url)
        if not self._spec.all:
            return next(values, self._spec.default)
        return list(values) or (self._spec.default if self._spec.has_default else [])

    def _values(self, element: Tag, base_url: str | None) -> Iterator[Any]:
        matches = [element] if self._selector is None else self._selector.iselect(element)
        for match in matches:
            if self._nested:
                yield self._nested.take(match, base_url)
            elif (text := self._text(match, base_url)) is not None:
                yield self._cast(text)

    def _text(self, match: Tag, base_url: str | None) -> str | None:
        spec = self._spec
        if spec.html:
            return match.decode_contents()
        if not spec.attr:
            return text_of(match)
        value = match.get(spec.attr)
        if value is None:
            return None
        return _absolute(str(value), base_url) if base_url and spec.attr in _URL_ATTRIBUTES else str(value)

    def _cast(self, text: str) -> Any:
        if self._spec.cast is None:
            return text
        try:
            return cast(text, self._spec.cast)
        except CastError:
            if self._spec.has_default:
                return self._spec.default
            shown = text if len(text) <= 80 else text[:80] + "…"
            raise BlockError(
                "html.cast",
                f"{self._path}: {shown!r} is no {self._spec.cast}.",
                details={"field": self._path, "text": text[:500]},
            ) from None


def text_of(element: Tag) -> str:
    """The text of an element, blanks drawn together, without scripts, styles and comments."""
    if element.name in _RAW:
        return element.get_text().strip()
    parts: list[str] = []
    for node in element.descendants:
        if isinstance(node, Tag) and node.name in _BREAKS:
            parts.append(" ")
        elif isinstance(node, NavigableString) and type(node) in _PROSE:
            parts.append(node)
    return " ".join("".join(parts).split())


def _compile(css: str, path: str) -> soupsieve.SoupSieve:
    try:
        return soupsieve.compile(css)
    except (soupsieve.SelectorSyntaxError, NotImplementedError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise BlockError(
            "html.invalid_selector", f"{path}: {css!r} is no CSS selector: {reason}", details={"field": path}
        ) from None


def _base(page: BeautifulSoup, base_url: str | None) -> str | None:
    """What relative URLs are relative to: the page's own `<base>` if it has one."""
    base = page.find("base", href=True)
    return _absolute(str(base["href"]), base_url) if base_url and isinstance(base, Tag) else base_url


def _absolute(url: str, base_url: str) -> str:
    try:
        return urljoin(base_url, url.strip())
    except ValueError:  # such as `http://[`
        return url
