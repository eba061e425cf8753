"""What can't be done is said in one paragraph, with what to do about it, and nothing is half-started."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.installation import Ended, Installation, gnatwork


def definition(*blocks: dict[str, Any], **more: Any) -> str:
    return json.dumps({"blocks": blocks, **more})


def block(id_: str, type_: str = "noop", **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, **more}


REFUSED = {
    "unknown type": (definition(block("a", "fech")), "/blocks/0/type", "did you mean `fetch`"),
    "bad config": (definition(block("a", "fetch", config={"uri": "x"})), "/blocks/0/config", "`url` is missing"),
    "cycle": (definition(block("a", needs=["b"]), block("b", needs=["a"])), "/blocks/0", "circle"),
    "unknown need": (definition(block("a", needs=["z"])), "/blocks/0/needs/0", "`z`"),
    "template to nowhere": (definition(block("a", config="{{ z.x }}")), "/blocks/0/config", "z"),
    "two languages": (definition(block("a"), script="main()"), "/script", "is written in one language"),
    "input": (definition(block("a"), input={"type": "object"}), "/input", "must be an object"),
}


def check_refusal(ended: Ended) -> None:
    assert ended.code == 1
    assert ended.out == ""
    assert ended.err.startswith("Error: ")
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(("text", "pointer", "message"), REFUSED.values(), ids=REFUSED)
async def test_a_definition_with_a_mistake(installation: Installation, text: str, pointer: str, message: str) -> None:
    ended = await installation.gnatwork("run", "start", "-", "--wait", stdin=text)
    check_refusal(ended)
    assert pointer in ended.err
    assert message in ended.err


async def test_a_run_that_is_not_there(installation: Installation) -> None:
    ended = await installation.gnatwork("run", "show", "01890000-0000-7000-8000-000000000000")
    check_refusal(ended)
    assert "gnatwork run list" in ended.err


async def test_a_wrong_token(installation: Installation) -> None:
    ended = await gnatwork("run", "list", "--api", installation.addresses["api"], "--token", "wrong")
    check_refusal(ended)
    assert "connection.json" in ended.err


async def test_no_token(installation: Installation) -> None:
    ended = await gnatwork("run", "list", "--api", installation.addresses["api"])
    check_refusal(ended)
    assert "Authorization: Bearer" in ended.err


async def test_nobody_there(tmp_path: Path) -> None:
    ended = await gnatwork("run", "list", "--api", "http://127.0.0.1:1", "--token", "t")
    check_refusal(ended)
    assert "gnatwork doctor" in ended.err
    asked = await gnatwork("doctor", "--api", "http://127.0.0.1:1", "--token", "t")
    assert asked.code == 1
    assert "PROBLEM  manager" in asked.out


async def test_a_large_input_works_and_a_huge_one_is_refused(installation: Installation) -> None:
    workflow = {"definition": json.loads(definition(block("a", config={"n": "{{ input.length }}"})))}
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False, timeout=60) as client:

        async def submit(size: int) -> httpx.Response:
            body = {"workflow": workflow, "input": "x" * size}
            return await client.post(f"{installation.api}/runs", params={"wait": "30s"}, json=body)

        large, huge = await submit(5_000_000), await submit(50_000_000)
    assert large.json()["output"] == {"a": {"n": 5_000_000}}
    assert huge.status_code == 413
    assert huge.json()["code"] == "request.too_large"


async def test_broken_json_over_http(installation: Installation) -> None:
    async with httpx.AsyncClient(headers=installation.headers, trust_env=False) as client:
        answer = await client.post(f"{installation.api}/runs", content=b'{"workflow": ')
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "request.invalid_json"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("up", "--scale", "fetch=many"), "--scale fetch=many"),
        (("up", "--scale", "noop=2"), "none of --blocks"),
        (("up", "--blocks", "fetch,nope"), "'nope'"),
        (("up", "--sync", "sometimes"), "--sync sometimes"),
        (("up", "--data-dir", "/proc/nowhere"), "/proc/nowhere"),
    ],
)
async def test_settings_that_can_not_be_used(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    ended = await gnatwork(*arguments, cwd=tmp_path)
    assert ended.code == 1
    assert ended.err.startswith("Error: ")
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / ".gnatwork" / "connection.json").exists()
