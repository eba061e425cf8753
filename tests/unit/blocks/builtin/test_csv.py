from typing import Any

import pytest

from gnatwork_blocks.builtin.csv import MAX_BYTES, Csv
from gnatwork_blocks.sdk import BlockContext, BlockError
from gnatwork_blocks.testing import run_block


async def failure(ctx: BlockContext, config: Any) -> BlockError:
    with pytest.raises(BlockError) as caught:
        await run_block(Csv, config, ctx)
    return caught.value


@pytest.mark.parametrize(
    ("config", "rows"),
    [
        ({"parse": "a,b\n1,2\n"}, [{"a": "1", "b": "2"}]),
        ({"parse": "\ufeffa,b\r\n1,2\r\n\r\n3,4"}, [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]),
        ({"parse": "a;b\n1;2,5", "delimiter": ";"}, [{"a": "1", "b": "2,5"}]),
        ({"parse": "a\tb\n1\t2", "delimiter": "\t"}, [{"a": "1", "b": "2"}]),
        ({"parse": 'a,b\n"x, ""y""","two\nlines"'}, [{"a": 'x, "y"', "b": "two\nlines"}]),
        ({"parse": "1,2\n3,4", "header": False}, [["1", "2"], ["3", "4"]]),
        ({"parse": "1,2\n3,4", "header": ["x", "y"]}, [{"x": "1", "y": "2"}, {"x": "3", "y": "4"}]),
        ({"parse": "a,b\n1\n"}, [{"a": "1", "b": None}]),
        ({"parse": "a,b\n,\n"}, [{"a": "", "b": ""}]),
        ({"parse": "a,b\n"}, []),
        ({"parse": ""}, []),
        ({"parse": "\n", "types": {"a": "number"}}, []),
        (
            {
                "parse": "n,i,b,s\n1.5,2,yes,7\n,,,\n",
                "types": {"n": "number", "i": "integer", "b": "boolean", "s": "string"},
            },
            [{"n": 1.5, "i": 2, "b": True, "s": "7"}, {"n": None, "i": None, "b": None, "s": ""}],
        ),
    ],
)
async def test_rows_of_a_text(ctx: BlockContext, config: Any, rows: Any) -> None:
    assert await run_block(Csv, config, ctx) == rows


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"render": [{"a": 1, "b": "x,y"}, {"a": None, "c": True}]}, 'a,b,c\r\n1,"x,y",\r\n,,true\r\n'),
        ({"render": [{"a": 1, "b": 2}], "columns": ["b", "z"]}, "b,z\r\n2,\r\n"),
        ({"render": [{"a": 'q"', "b": [1, {"x": 2}]}], "header": False}, '"q""","[1,{""x"":2}]"\r\n'),
        ({"render": [[1, 2], [3, 4]], "delimiter": ";"}, "1;2\r\n3;4\r\n"),
        ({"render": [[1]], "columns": ["n"]}, "n\r\n1\r\n"),
        ({"render": []}, ""),
    ],
)
async def test_a_text_of_rows(ctx: BlockContext, config: Any, text: str) -> None:
    assert await run_block(Csv, config, ctx) == text


async def test_what_is_written_is_read_alike(ctx: BlockContext) -> None:
    rows = [{"a": "x\r\ny", "b": ' "q", '}, {"a": "", "b": "=1+1"}]
    assert await run_block(Csv, {"parse": await run_block(Csv, {"render": rows}, ctx)}, ctx) == rows


@pytest.mark.parametrize(
    ("config", "details"),
    [
        ({"parse": "a,b\n1,2\n1,2,3"}, {"line": 3}),
        ({"parse": 'a\n"open'}, {"line": 2}),
        ({"parse": 'a\n"x"y'}, {"line": 2}),
        ({"parse": "a,a\n1,2"}, {"line": 1}),
        ({"parse": "a\n1", "types": {"b": "number"}}, {"line": 1}),
        ({"parse": "a\n1\nx", "types": {"a": "number"}}, {"line": 3, "column": "a"}),
        ({"render": [{"a": 1}, [1]]}, {"row": 1}),
        ({"render": [[1], {"a": 1}]}, {"row": 1}),
    ],
)
async def test_the_place_of_a_mistake_is_told(ctx: BlockContext, config: Any, details: Any) -> None:
    error = await failure(ctx, config)
    assert (error.code, error.details) == ("csv.invalid", details)


async def test_size_is_bounded(ctx: BlockContext) -> None:
    assert (await failure(ctx, {"parse": "x" * (MAX_BYTES + 1)})).code == "csv.too_large"
    assert (await failure(ctx, {"render": [["x" * MAX_BYTES]]})).code == "csv.too_large"
    wide = "x" * 1_000_000
    assert await run_block(Csv, {"parse": wide, "header": False}, ctx) == [[wide]]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"parse": "", "render": []},
        {"parse": "", "delimiter": ",,"},
        {"parse": "", "delimiter": '"'},
        {"parse": "", "delimiter": "\n"},
        {"parse": "", "columns": ["a"]},
        {"parse": "", "header": False, "types": {"a": "number"}},
        {"parse": "", "types": {"a": "date"}},
        {"render": [], "header": ["a"]},
        {"render": [1]},
    ],
)
async def test_a_bad_config_is_told(ctx: BlockContext, config: Any) -> None:
    assert (await failure(ctx, config)).code == "block.config_invalid"
