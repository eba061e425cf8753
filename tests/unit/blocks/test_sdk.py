import asyncio
import math
import pickle
import threading
from typing import Any, ClassVar

import anyio.to_process
import pytest
from pydantic import BaseModel, Field

from gnatwork_blocks.builtin.html_scraper import HtmlScraper
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_blocks.testing import Recorder, run_block


class Greet(Block):
    type = "greet"
    title = "Greet"
    summary = "Says hello."

    class Config(BaseModel):
        name: str = Field(min_length=2)
        secret: int = 0

    class Output(BaseModel):
        text: str
        from_: str = Field(default="us", serialization_alias="from")

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        if config.name == "nobody":
            return {"texts": []}
        ctx.log("info", "greeting", name=config.name)
        ctx.progress(0.5, "half")
        return self.Output(text=f"Hello, {config.name}!")


def generator(_self: Block, _ctx: BlockContext, config: Any) -> Any:
    yield config


class OddError(BlockError):
    """A subclass whose constructor is not its base's."""

    def __init__(self, number: int) -> None:
        super().__init__("odd.number", f"{number} is odd.", retryable=True, retry_after=1.5, details={"n": number})


class Even(Block):
    type = "even"
    title = "Even"
    summary = "Takes even numbers."
    runs_in = "process"

    @staticmethod
    def compute(config: Any) -> Any:
        if config["n"] % 2:
            raise OddError(config["n"])
        return config["n"]


async def test_a_block_is_validated_run_and_checked() -> None:
    recorder = Recorder()
    output = await run_block(Greet, {"name": "Ada"}, recorder.context(attempt=2))
    assert output == {"text": "Hello, Ada!", "from": "us"}
    assert recorder.logs == [("info", "greeting", {"name": "Ada"})]
    assert recorder.progress == [(0.5, "half")]


async def test_a_bad_config_is_told_by_pointer_without_its_values() -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Greet, {"name": "A", "secret": "hunter2"}, Recorder().context())
    error = caught.value
    assert error.code == "block.config_invalid"
    assert not error.retryable
    assert error.details is not None
    assert [fault["pointer"] for fault in error.details["errors"]] == ["/name", "/secret"]
    assert "/name" in error.message
    assert "hunter2" not in repr(error.info)


async def test_a_bad_output_is_an_error_of_the_block() -> None:
    with pytest.raises(BlockError) as caught:
        await run_block(Greet, {"name": "nobody"}, Recorder().context())
    assert caught.value.code == "block.output_invalid"


def test_pointers_are_escaped() -> None:
    class Odd(Block):
        class Config(BaseModel):
            values: dict[str, int]

    with pytest.raises(BlockError) as caught:
        Odd.parse_config({"values": {"a/b~c": "x"}})
    assert caught.value.details == {
        "errors": [
            {
                "pointer": "/values/a~1b~0c",
                "message": "Input should be a valid integer, unable to parse string as an integer",
            }
        ]
    }


def test_any_costs_no_validation() -> None:
    value = {"deep": [1, 2]}
    assert Block.parse_config(value) is value
    assert Block.check_output(value) is value


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"type": "Bad Type"}, "type"),
        ({"title": ""}, "title"),
        ({"summary": ""}, "summary"),
        ({"Config": dict}, "Config"),
        ({"Output": "text"}, "Output"),
        ({"ports": ("a.b",)}, "port"),
        ({"ports": ("error",)}, "port"),
        ({"runs_in": "fiber"}, "'loop' or 'thread' or 'process', not 'fiber'"),
        ({"runs_in": "thread"}, "runs_in is 'thread', but `def run"),
        ({"run": lambda _self, _ctx, config: config, "runs_in": "loop"}, "runs_in is 'loop', but `async def run"),
        ({"run": Block.run}, "it has neither `async def run"),
        ({"run": lambda _self, config: config}, "too many positional arguments"),
        ({"runs_in": "process"}, "compute"),
        ({"runs_in": "process", "compute": staticmethod(asyncio.sleep)}, "leave `async` out"),
        ({"runs_in": "process", "compute": staticmethod(lambda: None)}, "`compute` must be"),
        ({"run": generator}, "must return its output"),
        ({"version": 2}, "version must be a text"),
        ({"ports": "late"}, "ports must be a tuple"),
        ({"capabilities": ("network", "teleport")}, "'teleport' is no capability"),
        ({"retryable": ("Shop.Closed",)}, "'Shop.Closed' is no error code"),
        ({"examples": ("text",)}, "examples"),
    ],
)
def test_a_declaration_that_could_not_run_is_refused_at_once(attributes: dict[str, Any], message: str) -> None:
    async def run(self: Block, ctx: BlockContext, config: Any) -> Any:
        return config

    good = {"type": "good", "title": "Good", "summary": "Is good.", "run": run}
    type("Good", (Block,), good)
    with pytest.raises(TypeError, match=message):
        type("Bad", (Block,), good | attributes)


def test_a_block_runs_where_its_method_can() -> None:
    class Wait(Block):
        type = "wait-for-it"
        title = "Wait"
        summary = "Waits."

        def run(self, _ctx: BlockContext, config: Any) -> Any:
            return config

    class WaitNoMore(Wait):
        type = "wait-no-more"

        async def run(self, _ctx: BlockContext, config: Any) -> Any:
            return config

    class Same(Even):
        type = "same"

    assert [block.runs_in for block in (Greet, Wait, WaitNoMore, Even, Same)] == [
        "loop",
        "thread",
        "loop",
        "process",
        "process",
    ]


async def test_a_plain_function_runs_in_a_thread_in_tests_too() -> None:
    class Where(Block):
        type = "where"
        title = "Where"
        summary = "Says where it runs."

        def run(self, ctx: BlockContext, config: Any) -> Any:
            ctx.log("info", config)
            return threading.current_thread() is threading.main_thread()

    recorder = Recorder()
    assert await run_block(Where, "here", recorder.context()) is False
    assert [message for _, message, _ in recorder.logs] == ["here"]


def test_a_base_for_other_blocks_needs_no_type() -> None:
    class Base(Block):
        ports: ClassVar[tuple[str, ...]] = ("late",)

    assert not hasattr(Base, "type")


@pytest.mark.parametrize(
    ("fraction", "shown"), [(-1, 0.0), (0, 0.0), (0.25, 0.25), (1.0000001, 1.0), (math.inf, 1.0), (math.nan, 0.0)]
)
def test_progress_stays_between_0_and_1(fraction: float, shown: float) -> None:
    recorder = Recorder()
    recorder.context().progress(fraction)
    assert recorder.progress == [(shown, "")]


@pytest.mark.parametrize("code", ["", "Upper", "a b", "a..b", ".a", "a.", "a\n"])
def test_a_code_is_dotted_lower_case(code: str) -> None:
    with pytest.raises(ValueError, match="code"):
        BlockError(code, "message")


def test_a_wait_is_not_negative() -> None:
    with pytest.raises(ValueError, match="retry_after"):
        BlockError("a.b", "message", retry_after=-1)


def test_an_error_carries_what_messages_need() -> None:
    error = BlockError("shop.sold_out", "Sold out.", retryable=True, retry_after=3, details={"item": 7})
    assert str(error) == "shop.sold_out: Sold out."
    assert error.info.model_dump(exclude_none=True) == {
        "code": "shop.sold_out",
        "message": "Sold out.",
        "retryable": True,
        "retry_after": 3,
        "details": {"item": 7},
    }


@pytest.mark.parametrize("error", [BlockError("a.b", "message"), OddError(3)])
def test_an_error_can_be_pickled(error: BlockError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is BlockError
    assert copy.info == error.info
    assert str(copy) == str(error)


async def test_an_error_crosses_the_border_of_a_process() -> None:
    config = {"html": "<p>one</p>", "fields": {"n": {"css": "p", "cast": "number"}}}
    compute = HtmlScraper.compute
    with pytest.raises(BlockError) as caught:
        await anyio.to_process.run_sync(compute, config)
    assert caught.value.code == "html.cast"
    assert caught.value.details == {"field": "n", "text": "one"}
    assert await anyio.to_process.run_sync(compute, {"html": "<p>one</p>", "fields": {"n": "p"}}) == {"n": "one"}


async def test_a_block_for_a_process_runs_here_in_tests() -> None:
    assert await run_block(Even, {"n": 2}, Recorder().context()) == 2
    with pytest.raises(BlockError) as caught:
        await run_block(Even, {"n": 3}, Recorder().context())
    assert caught.value.code == "odd.number"
