"""What a newer version of a block must not change."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from gnatwork import Block, BlockContext
from gnatwork.testing import breaking_changes
from gnatwork_blocks.registry import describe


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Place(Strict):
    city: str
    zip: int | None = None


class Before(Strict):
    to: str
    place: Place
    mode: Literal["fast", "slow"] = "fast"


class Said(BaseModel):
    text: str
    count: int


def block(config: Any, output: Any = Said, ports: tuple[str, ...] = ("late",)) -> type[Block]:
    async def run(_self: Block, _ctx: BlockContext, _config: Any) -> Any: ...

    declared = {"type": "say", "title": "Say", "summary": "Says.", "Config": config, "Output": output, "ports": ports}
    return type("Say", (Block,), {**declared, "run": run})


BEFORE = describe(block(Before)).model_dump(mode="json")


class Wider(Before):
    place: Place | str  # type: ignore[assignment]  # wider on purpose
    mode: Literal["fast", "slow", "none"] = "fast"  # type: ignore[assignment]  # likewise
    more: bool = False


class SaidMore(Said):
    language: str = "en"


def test_what_takes_more_and_yields_more_breaks_nothing() -> None:
    assert breaking_changes(BEFORE, block(Before)) == []
    assert breaking_changes(BEFORE, block(Wider, SaidMore, ("late", "early"))) == []
    assert breaking_changes(BEFORE, block(Any)) == []


class Gone(Strict):
    place: Place


class Demanding(Before):
    language: str


class OtherType(Before):
    to: int  # type: ignore[assignment]  # narrower on purpose


class FewerValues(Before):
    mode: Literal["fast"] = "fast"


class NarrowPlace(Strict):
    city: str
    zip: int


class Deep(Before):
    place: NarrowPlace  # type: ignore[assignment]  # narrower on purpose


class SaidLess(BaseModel):
    text: str | None


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (block(Gone), ["config/to: is gone", "config/mode: is gone"]),
        (block(Demanding), ["config/language: is required now"]),
        (block(OtherType), ["config/to: takes no string any more"]),
        (block(FewerValues), ["config/mode: takes no 'slow' any more"]),
        (block(Deep), ["config/place/zip: is required now", "config/place/zip: takes no null any more"]),
        (block(Before, SaidLess), ["output/text: may be null now", "output/count: is gone"]),
        (block(Before, Any), ["output: may be array or boolean or integer or null or number or string now"]),
        (block(Before, Said, ()), ["the port late is gone"]),
    ],
)
def test_what_breaks_workflows_is_named(after: type[Block], found: list[str]) -> None:
    assert breaking_changes(BEFORE, after) == found
