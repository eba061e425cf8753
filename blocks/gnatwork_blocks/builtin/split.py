"""`split`: makes an array of something larger."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, RootModel, model_validator

from gnatwork_blocks.computing import computed
from gnatwork_blocks.rows.path import ItemPath, look, name_of, steps_of
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Split(Block):
    """Yields an array that a loop can go over."""

    type = "split"
    title = "Split"
    summary = "Makes an array of batches, of the items within items, of a text or of an object."
    icon = "scissors"
    category = "logic"
    capabilities = ("cpu",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"items": "{{ input.addresses }}", "size": 100},
        {"items": "{{ input.orders }}", "path": "lines", "keep": ["number", "customer.name"]},
        {"text": "{{ input.tags }}", "separator": ","},
        {"object": "{{ input.prices }}"},
    )

    class Config(StrictModel):
        """What to split, and how; one of `items`, `text` and `object`."""

        items: list[Any] | None = Field(default=None, description="An array: give `size`, `path`, or both.")
        path: ItemPath | None = Field(
            default=None,
            description="With `items`: where each item has an array, all of whose items come out, one after the other."
            " A value that is no array is one of them; null, and what is missing, is none.",
        )
        keep: Annotated[list[ItemPath], BeforeValidator(_as_list, json_schema_input_type=str | list[str])] = Field(
            default_factory=list,
            description="With `path`: what of the item around goes with each, by the last name of its path. What is no"
            " object becomes one, with the name of `path`.",
        )
        text: str | None = Field(default=None, description="A text.")
        separator: str = Field(
            default="\n", min_length=1, max_length=100, description="With `text`: what stands between its parts."
        )
        trim: bool = Field(
            default=True, description="With `text`: without white space around parts, and without empty ones."
        )
        object: dict[str, Any] | None = Field(
            default=None, description="An object, which becomes `{key, value}` for each of its keys."
        )
        size: int | None = Field(default=None, ge=1, description="Batches of so many each; the last may have fewer.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            given = [name for name in ("items", "text", "object") if getattr(self, name) is not None]
            if len(given) != 1:
                raise ValueError("give one of items, text and object")
            if self.items is not None and self.path is None and self.size is None:
                raise ValueError("with items, give size, path, or both")
            if self.path is not None and self.items is None:
                raise ValueError("path goes with items")
            if self.keep and self.path is None:
                raise ValueError("keep goes with path")
            if self.text is None and self.model_fields_set & {"separator", "trim"}:
                raise ValueError("separator and trim go with text")
            return self

    class Output(RootModel[list[Any]]):
        """The parts, in order."""

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Do it."""
        return await computed(ctx, parted, config, config.items or config.text or config.object)


def parted(wanted: Split.Config) -> list[Any]:
    """The parts, or batches of them."""
    parts, size = _parts(wanted), wanted.size
    return parts if size is None else [parts[at : at + size] for at in range(0, len(parts), size)]


def _parts(wanted: Split.Config) -> list[Any]:
    if wanted.text is not None:
        parts = wanted.text.split(wanted.separator)
        return [part.strip() for part in parts if part.strip()] if wanted.trim else parts
    if wanted.object is not None:
        return [{"key": key, "value": value} for key, value in wanted.object.items()]
    if wanted.path is None:
        return wanted.items or []
    return _inner(wanted.items or [], wanted.path, wanted.keep)


def _inner(items: list[Any], path: str, keep: list[str]) -> list[Any]:
    steps, name = steps_of(path), name_of(path)
    kept = {name_of(one): steps_of(one) for one in keep}
    parts: list[Any] = []
    for item in items:
        found = look(item, steps)
        inside = found if isinstance(found, list) else [] if found is None else [found]
        if not kept:
            parts += inside
            continue
        around = {key: look(item, inner) for key, inner in kept.items()}
        parts += [{**around, **(part if isinstance(part, dict) else {name: part})} for part in inside]
    return parts
