"""`html-scraper`: takes values out of a page with CSS selectors."""

from pkgutil import resolve_name
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, RootModel, StringConstraints, model_validator

from gnatwork_blocks.sdk import Block
from gnatwork_schemas.model import StrictModel

Cast = Literal["string", "number", "integer", "boolean"]
Selector = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]

DEFAULT_MAX_BYTES = 5_000_000
#: A page this large, of tags only, takes about 700 MB while it is scraped.
MAX_MAX_BYTES = 20_000_000


def _as_spec(value: Any) -> Any:
    """A bare selector takes the text of its first match."""
    return {"css": value} if isinstance(value, str) else value


class FieldSpec(StrictModel):
    """What to take from where."""

    css: Selector = Field(description="CSS selector; inside `fields`, `:scope` is the match itself.")
    attr: str | None = Field(
        default=None,
        min_length=1,
        description="Take this attribute instead of the text; matches without it count as not found.",
    )
    html: bool = Field(default=False, description="Take the inner HTML instead of the text.")
    all: bool = Field(default=False, description="Take all matches, as a list, instead of the first.")
    cast: Cast | None = Field(default=None, description="Turn the text into this type; `number` reads `$1,299.50` too.")
    default: Any = Field(default=None, description="Taken when nothing is found, or when it can't be cast.")
    fields: dict[str, "FieldEntry"] | None = Field(
        default=None, min_length=1, description="Take an object of these fields from each match."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        ways = [name for name, given in (("attr", self.attr), ("html", self.html), ("fields", self.fields)) if given]
        if len(ways) > 1:
            raise ValueError(f"give one of {' and '.join(ways)}, not both")
        if self.fields and self.cast:
            raise ValueError("fields and cast don't go together: cast inside the fields")
        return self

    @property
    def has_default(self) -> bool:
        """Whether a default was given, be it null."""
        return "default" in self.model_fields_set


FieldEntry = Annotated[FieldSpec, BeforeValidator(_as_spec, json_schema_input_type=Selector | FieldSpec)]


class HtmlScraper(Block):
    """Takes values out of a page, in a worker process: parsing keeps a CPU busy."""

    type = "html-scraper"
    title = "HTML scraper"
    summary = "Takes values out of a page with CSS selectors."
    icon = "scan-text"
    category = "data"
    capabilities = ("cpu",)
    runs_in = "process"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "html": "{{ page.body }}",
            "base_url": "{{ page.url }}",
            "fields": {
                "title": "h1",
                "links": {"css": "article a", "attr": "href", "all": True},
                "prices": {"css": ".price", "all": True, "cast": "number"},
            },
        },
        {
            "html": "{{ page.body }}",
            "fields": {
                "articles": {
                    "css": "article",
                    "all": True,
                    "fields": {
                        "title": "h2",
                        "summary": {"css": "p", "default": ""},
                        "id": {"css": ":scope", "attr": "id"},
                    },
                }
            },
        },
    )

    class Config(StrictModel):
        """The page and what to take from it."""

        html: str = Field(description="The page.")
        base_url: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^https?://")] | None = Field(
            default=None, description="Where the page came from: makes `href`, `src` and `action` absolute."
        )
        fields: dict[str, FieldEntry] = Field(
            min_length=1, description="By name, a selector or what to take from where."
        )
        max_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1, le=MAX_MAX_BYTES, description="Largest page, in bytes.")

    class Output(RootModel[dict[str, Any]]):
        """The values, by the names of the fields."""

    @staticmethod
    def compute(config: Any) -> dict[str, Any]:
        """Scrape; beautifulsoup4 and lxml are loaded here, in the worker, and never in the executor."""
        scrape = resolve_name("gnatwork_blocks.scraping:scrape")
        result: dict[str, Any] = scrape(HtmlScraper.parse_config(config))
        return result
