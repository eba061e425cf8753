"""`aggregate`: sums, groups, sorts and thins out an array."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, RootModel, StringConstraints, model_validator

from gnatwork_blocks.computing import computed
from gnatwork_blocks.rows.figures import Operation, calculate
from gnatwork_blocks.rows.grouping import grouped
from gnatwork_blocks.rows.order import By, in_order
from gnatwork_blocks.rows.path import ITSELF, ItemPath, look, name_of, steps_of
from gnatwork_blocks.rows.same import distinct, frozen
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel

_Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Figure(StrictModel):
    """What to calculate."""

    op: Operation = Field(description="`collect` is the array of all values, `distinct` that of the different ones.")
    of: ItemPath = Field(default=ITSELF, description="Path within an item; `.` is the item itself.")


class SortKey(StrictModel):
    """What to sort by."""

    by: ItemPath = Field(description="Path within what comes out.")
    descending: bool = Field(default=False, description="The greatest first.")


def _as_key(value: Any) -> Any:
    if isinstance(value, str):
        return {"by": value.removeprefix("-"), "descending": value.startswith("-")}
    return value


def _as_names(value: Any) -> Any:
    """Paths are called by their last name."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not all(isinstance(path, str) for path in value):
        return value
    named = {name_of(path): path for path in value}
    if len(named) < len(value):
        raise ValueError("two paths end with the same name: give each a name, as in {name: path}")
    return named


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Key = Annotated[SortKey, BeforeValidator(_as_key, json_schema_input_type=Annotated[str, "path"] | SortKey)]
Keys = Annotated[list[Key], BeforeValidator(_as_list, json_schema_input_type=str | list[str | SortKey])]
Names = Annotated[
    dict[_Name, ItemPath], BeforeValidator(_as_names, json_schema_input_type=str | list[str] | dict[str, str])
]
Paths = Annotated[list[ItemPath], BeforeValidator(_as_list, json_schema_input_type=str | list[str])]


class Aggregate(Block):
    """Works in a fixed order: `distinct`, then `group_by` and `calculate`, then `sort`, then `offset` and `limit`."""

    type = "aggregate"
    title = "Aggregate"
    summary = "Groups, calculates, sorts and thins out the items of an array."
    icon = "sigma"
    category = "logic"
    capabilities = ("cpu",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "items": "{{ input.orders }}",
            "group_by": "customer.country",
            "calculate": {"orders": {"op": "count"}, "total": {"op": "sum", "of": "price"}},
            "sort": "-total",
            "limit": 3,
        },
        {"items": "{{ input.orders }}", "calculate": {"largest": {"op": "max", "of": "price"}}},
        {"items": "{{ input.people }}", "distinct": ["email"], "sort": ["name", {"by": "age", "descending": True}]},
    )

    class Config(StrictModel):
        """What to do with which items."""

        items: list[Any] = Field(description="The array.")
        distinct: bool | Paths = Field(
            default=False,
            description="Of items that are the same, or the same at these paths, keep the first alone.",
        )
        group_by: Names | None = Field(
            default=None,
            min_length=1,
            description="One row for all items that are the same at this path, or these. The keys of the row are called"
            " by the last name of their path, or as in `{name: path}`.",
        )
        calculate: dict[_Name, Figure] = Field(
            default_factory=dict, description="Figures by name, of each group, or of all items together."
        )
        sort: Keys = Field(
            default_factory=list, description="Paths within what comes out; `-path` has the greatest first."
        )
        offset: int = Field(default=0, ge=0, description="Leave out so many from the start.")
        limit: int | None = Field(default=None, ge=0, description="Keep so many at most.")

        @model_validator(mode="after")
        def _check(self) -> Self:
            if self.calculate and self.group_by is None and (self.sort or self.offset or self.limit is not None):
                raise ValueError("figures of all items are one object: leave out sort, offset and limit")
            if taken := sorted(self.calculate.keys() & (self.group_by or {}).keys()):
                raise ValueError(f"{taken[0]!r} is both a key of the groups and a figure")
            return self

    class Output(RootModel[Any]):
        """With `group_by` an array of rows, with `calculate` alone one object, else an array of items."""

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Do it."""
        return await computed(ctx, aggregated, config, config.items)


def aggregated(wanted: Aggregate.Config) -> Any:
    """What comes out."""
    items = _distinct(wanted.items, wanted.distinct)
    if wanted.group_by is not None:
        items = [{**group.keys, **_figures(wanted, group.items)} for group in grouped(items, wanted.group_by)]
    elif wanted.calculate:
        return _figures(wanted, list(enumerate(items)))
    items = in_order(items, [By(key.by, key.descending) for key in wanted.sort])
    end = None if wanted.limit is None else wanted.offset + wanted.limit
    return items[wanted.offset : end]


def _figures(wanted: Aggregate.Config, items: list[tuple[int, Any]]) -> dict[str, Any]:
    return {name: calculate(figure.op, figure.of, items) for name, figure in wanted.calculate.items()}


def _distinct(items: list[Any], by: bool | list[str]) -> list[Any]:
    if by is False or by == []:
        return items
    if by is True:
        return distinct(items, list(map(frozen, items)))
    paths = [steps_of(path) for path in by]
    return distinct(items, [tuple(frozen(look(item, steps)) for steps in paths) for item in items])
