"""Typed steps: their order, branches and fallbacks, what names stand for, and mistakes where they were made."""

from typing import Any

import pytest
from support.dialects import compiled, faults_of, native_of, places_of

_GET: dict[str, Any] = {"url": "https://example.com/"}


def step(id_: str, type_: str = "noop", config: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": type_, **({} if config is None else {"config": config}), **more}


def typed(*steps: Any, **more: Any) -> dict[str, Any]:
    """Steps in their order; the first key that no other language has stands ahead of them."""
    return {"retryMaxAttempts": 1, "steps": list(steps), **more}


def code(text: str) -> dict[str, Any]:
    return step("code", "transform", {"code": text})


def needs(raw: Any) -> dict[str, list[str]]:
    return {block["id"]: block.get("needs", []) for block in native_of(raw)["blocks"]}


def test_steps_run_in_the_order_of_their_positions() -> None:
    raw = typed(step("c", position=7), step("a", position=-1), step("b", position=0.5))
    assert needs(raw) == {"a": [], "b": ["a"], "c": ["b"]}


def test_branches_meet_behind_a_conditional() -> None:
    inner = step("inner", "conditional", {"condition": "true", "trueSteps": ["x"]})
    raw = typed(
        step("if", "conditional", {"condition": "input.a", "trueSteps": [inner, "y"], "falseSteps": [step("z")]}),
        step("y"),
        step("x"),
        step("end"),
    )
    assert needs(raw) == {
        "if": [],
        "inner": ["if.true"],
        "x": ["inner.true"],
        "y": ["inner", "x"],
        "z": ["if.false"],
        "end": ["if", "y", "z"],
    }


def test_a_fallback_takes_the_place_of_its_step() -> None:
    raw = typed(step("a"), step("f", "fallback", {"for": "a", "steps": [step("b")]}), step("end", config="{{a.x}}"))
    assert needs(raw) == {"a-try": [], "f": ["a-try.error"], "a": ["a-try", "f"], "end": ["a"]}


@pytest.mark.parametrize(
    ("text", "native"),
    [
        ("{{get.data.x}}", "{{ blocks.get.body.x }}"),
        ("{{context.get.status}}", "{{ blocks.get.status }}"),
        ("{{each[1].post.data}}", "{{ blocks.each[1].post.body }}"),
        ("{{each.length}}", "{{ blocks.each.length }}"),
        ("{{user.items[0].name ?? 'x'}}", '{{ input.user.items[0].name ?? "x" }}'),
        ("{{input.user}}", "{{ input.user }}"),
        ("{{item.x}}", "{{ input.item.x }}"),
        ("{{error.x}}", "{{ input.error.x }}"),
    ],
)
def test_names_in_templates(text: str, native: str) -> None:
    each = step("each", "loop", {"items": [1], "steps": [step("post", "http_request", _GET)]})
    raw = typed(step("get", "http_request", _GET), each, step("use", config=text))
    assert native_of(raw)["blocks"][-1]["config"] == native
    compiled(raw)


def test_names_in_loops_and_handlers() -> None:
    use = step("use", config="{{n.x}} {{index}} {{get.data}}")
    loop = step(
        "each", "loop", {"items": "{{get.data}}", "itemVariable": "n", "steps": [use, code("return n + context.n")]}
    )
    handler = step("h", "error_handler", {"steps": [step("tell", config="{{error.message}} {{get.status}}")]})
    native = native_of(typed(step("get", "http_request", _GET), loop, handler))
    inner = native["blocks"][1]["blocks"]
    assert inner[0]["config"] == "{{ n.x }} {{ index }} {{ blocks.get.body }}"
    assert inner[1]["config"]["expression"] == '((context) => {return n + context.n\n})({"n": n})'
    assert native["on_failure"][0]["blocks"][0]["config"] == "{{ error.message }} {{ blocks.get.status }}"


def test_a_program_is_kept_as_it_was_written() -> None:
    text = "// first\nconst {a} = input;\nreturn a // last"
    expression = native_of(typed(code(text)))["blocks"][0]["config"]["expression"]
    assert expression == f"(() => {{{text}\n}})()"


def test_python_is_a_function_of_what_it_mentions() -> None:
    text = 'result = 1\nif input["n"]:\n    result = f"""a\nb {context}\n"""'
    raw = typed(step("a"), step("py", "custom_code", {"language": "python", "code": text, "timeoutMs": 1500}))
    block = native_of(raw)["blocks"][1]
    assert (block["type"], block["timeout"], block["config"]["timeout"]) == ("code", "1500ms", 1.5)
    assert block["config"]["input"] == {"input": "{{ input }}", "context": {"a": "{{ blocks.a ?? null }}"}}
    lines = block["config"]["source"].splitlines()
    assert lines[1:6] == ["    result = 1", '    if input["n"]:', '        result = f"""a', "b {context}", '"""']
    compiled(raw)


def test_limits() -> None:
    raw = typed(step("a"), retryMaxAttempts=3, retryBackoffMs=250, rateLimitMaxConcurrent=2, rateLimitPerMinute=30)
    found = compiled(raw).control_block
    retry = found.blocks[0].retry
    assert (retry.max_attempts, retry.initial, retry.factor, retry.jitter) == (3, 0.25, 1, 0)
    assert found.concurrency
    assert found.concurrency.max == 2
    assert found.rate_limit
    assert (found.rate_limit.max, found.rate_limit.per) == (30, 60)


def conditional(id_: str = "if", **config: Any) -> dict[str, Any]:
    return step(id_, "conditional", {"condition": "true", **config})


def holding(type_: str, *steps: Any, **config: Any) -> dict[str, Any]:
    return step(type_, type_, {"steps": list(steps), **config})


@pytest.mark.parametrize(
    ("raw", "pointer", "code_", "told"),
    [
        (typed(step("a", "slack_post")), "/steps/0/type", "block.unknown_type", "`slack-post`"),
        (
            typed(step("a", "custom_code", {"language": "ruby", "code": "1"})),
            "/steps/0/config/language",
            "block.config_invalid",
            "`ruby`",
        ),
        (
            typed(step("a", "custom_code", {"language": "javascript"})),
            "/steps/0/config",
            "block.config_invalid",
            "`code` is missing",
        ),
        (typed(code("return 1 +;")), "/steps/0/config/code", "expression.syntax", "line 1"),
        (typed(code("let a = 1;\nreturn (a")), "/steps/0/config/code", "expression.syntax", "line 2"),
        (typed(step("a"), code("return a.x")), "/steps/1/config/code", "expression.unknown_name", "`context.a`"),
        (typed(code("return total")), "/steps/0/config/code", "expression.unknown_name", "`input.total`"),
        (typed(code("return context.nope.x")), "/steps/0/config/code", "expression.unknown_name", "no block `nope`"),
        (typed(code("return console.log(1)")), "/steps/0/config/code", "expression.unknown_name", "`console`"),
        (typed(step("a", config="{{b.x}}"), step("b")), "/steps/0/config", "template.not_upstream", ""),
        (
            typed(step("g", "http_request", _GET), step("a", config="{{g}}")),
            "/steps/1/config",
            "template.unknown_root",
            "`data`",
        ),
        (
            typed(step("g", "http_request", _GET), step("a", config="{{g.body.x}}")),
            "/steps/1/config",
            "template.unknown_root",
            "`data`",
        ),
        (
            typed(holding("loop", step("x"), step("y"), items=[1]), step("a", config="{{loop[0].x}}")),
            "/steps/1/config",
            "template.unknown_root",
            "`y`",
        ),
        (typed(step("t", "transform", {})), "/steps/0/config", "block.config_invalid", "just one"),
        (
            typed(step("t", "transform", {"code": "1", "maping": 1})),
            "/steps/0/config/maping",
            "block.config_invalid",
            "`mapping`",
        ),
        (typed(conditional(condition="a >")), "/steps/0/config/condition", "expression.syntax", ""),
        (typed(conditional(condition="{{a}} > 1")), "/steps/0/config/condition", "expression.syntax", "without braces"),
        (typed(step("if", "conditional", {})), "/steps/0/config", "block.config_invalid", "`condition` is missing"),
        (typed(conditional(trueSteps=["b"])), "/steps/0/config/trueSteps/0", "definition.invalid", "no step `b`"),
        (
            typed(conditional(trueSteps=["b"], falseSteps=["b"]), step("b")),
            "/steps/0/config/falseSteps/0",
            "definition.invalid",
            "/steps/0/config/trueSteps/0 already",
        ),
        (typed(conditional(trueSteps=["if"])), "/steps/0/config/trueSteps/0", "definition.cycle", "could never start"),
        (
            typed(conditional("a", trueSteps=["b"]), conditional("b", trueSteps=["a"])),
            "/steps/1/config/trueSteps/0",
            "definition.cycle",
            "",
        ),
        (
            typed(conditional(elseSteps=[])),
            "/steps/0/config/elseSteps",
            "block.config_invalid",
            "did you mean `falseSteps`",
        ),
        (typed(step("a", position=1), step("b")), "/steps/1", "definition.invalid", "`position`"),
        (typed(step("a", position=1), step("b", position=1)), "/steps/1/position", "definition.invalid", "`a`"),
        (
            typed(step("a"), conditional(trueSteps=[step("a")])),
            "/steps/1/config/trueSteps/0/id",
            "definition.duplicate_id",
            "/steps/0",
        ),
        (typed(holding("loop", step("x"), items="big")), "/steps/0/config/items", "block.config_invalid", "a template"),
        (
            typed(holding("loop", step("x"), items=[1], itemVariable="input")),
            "/steps/0/config/itemVariable",
            "block.config_invalid",
            "root",
        ),
        (
            typed(holding("loop", step("x"), items=[1], maxIterations=0)),
            "/steps/0/config/maxIterations",
            "block.config_invalid",
            "at least 1",
        ),
        (typed(holding("loop", items=[1])), "/steps/0/config/steps", "definition.invalid", "empty"),
        (
            typed(holding("loop", step("x", "nope"), items=[1])),
            "/steps/0/config/steps/0/type",
            "block.unknown_type",
            "`nope`",
        ),
        (typed(holding("error_handler", step("x")), step("a")), "/steps/0", "definition.invalid", "`a` comes after it"),
        (
            typed(holding("loop", holding("error_handler", step("x")), items=[1])),
            "/steps/0/config/steps/0/type",
            "definition.invalid",
            "of the workflow itself",
        ),
        (
            typed(step("a"), holding("fallback", step("x"), **{"for": "b"})),
            "/steps/1/config/for",
            "block.config_invalid",
            "no step `b`",
        ),
        (
            typed(step("a"), holding("fallback", step("x"))),
            "/steps/1/config",
            "block.config_invalid",
            "`for` is missing",
        ),
        (
            typed(conditional(), holding("fallback", step("x"), **{"for": "if"})),
            "/steps/1/config/for",
            "block.config_invalid",
            "has no fallback",
        ),
        (typed(step("d", "delay", {"ms": "1s"})), "/steps/0/config/ms", "block.config_invalid", ""),
        (typed(step("d", "delay", {"for": "1s"})), "/steps/0/config/for", "block.config_invalid", "there is no `for`"),
        (typed(step("a"), retryBackoffMs=1.5), "/retryBackoffMs", "definition.invalid", "milliseconds"),
        (typed(step("a"), rateLimitPerMinute=0), "/rateLimitPerMinute", "definition.invalid", "at least 1"),
        (typed(step("a", retry=1)), "/steps/0/retry", "definition.invalid", "there is no `retry`"),
    ],
)
def test_mistakes(raw: Any, pointer: str, code_: str, told: str) -> None:
    found = faults_of(raw)
    (fault, *_) = [fault for fault in found if fault[0] == pointer] or found
    assert fault[:2] == (pointer, code_)
    assert told in fault[2]


def test_conditionals_may_lead_to_each_other_only_so_deep() -> None:
    steps = [conditional(f"s{number}", trueSteps=[f"s{number + 1}"]) for number in range(70)]
    assert ("/steps/64", "definition.too_large") in places_of(typed(*steps, step("s70")))
