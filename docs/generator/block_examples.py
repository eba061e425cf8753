"""A workflow per built-in block type that runs as it stands, against the site of the examples where it needs one."""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """A definition and what its run yields without an input."""

    definition: dict[str, Any]
    output: Any
    #: What else there is to say.
    note: str = ""


_SITE = "http://127.0.0.1:7480"

_ORDER = {"id": "order", "type": "noop", "config": {"total": 120, "lines": [{"price": 20}, {"price": 100}]}}

EXAMPLES = {
    "condition": Example(
        {
            "blocks": [
                _ORDER,
                {"id": "large", "type": "condition", "config": {"if": "order.total > 100"}},
                {"id": "gift", "type": "noop", "needs": ["large.true"], "config": "a pen"},
            ],
            "output": {"port": "{{ large.port }}", "gift": "{{ gift }}"},
        },
        {"port": "true", "gift": "a pen"},
    ),
    "delay": Example(
        {
            "steps": [
                {"id": "pause", "type": "delay", "config": {"for": "200ms"}},
                {"id": "after", "type": "noop", "config": {"waited": True}},
            ]
        },
        {"after": {"waited": True}},
    ),
    "fetch": Example(
        {
            "blocks": [
                {
                    "id": "weather",
                    "type": "fetch",
                    "config": {"url": f"{_SITE}/weather/lisbon"},
                    "retry": {"max_attempts": 3},
                    "timeout": "10s",
                }
            ],
            "output": {"status": "{{ weather.status }}", "sky": "{{ weather.body.sky }}"},
        },
        {"status": 200, "sky": "sunny"},
    ),
    "filter": Example(
        {
            "blocks": [
                _ORDER,
                {"id": "cheap", "type": "filter", "config": {"if": "order.lines.every(line => line.price < 50)"}},
                {"id": "ship", "type": "noop", "needs": ["cheap"]},
            ],
            "output": {"pass": "{{ cheap.pass }}", "shipped": "{{ ship ?? false }}"},
        },
        {"pass": False, "shipped": False},
    ),
    "group": Example(
        {
            "blocks": [
                {
                    "id": "both",
                    "type": "group",
                    "blocks": [
                        {"id": "one", "type": "noop", "config": {"n": 1}},
                        {"id": "two", "type": "noop", "config": {"n": 2}},
                    ],
                }
            ],
            "output": "{{ both }}",
        },
        {"one": {"n": 1}, "two": {"n": 2}},
    ),
    "hook": Example(
        {
            "blocks": [
                {
                    "id": "tell",
                    "type": "hook",
                    "config": {
                        "url": f"{_SITE}/hook",
                        "body": {"run": "{{ run.id }}"},
                        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                    },
                }
            ],
            "output": "{{ tell.status }}",
        },
        200,
    ),
    "html-scraper": Example(
        {
            "blocks": [
                {"id": "page", "type": "fetch", "config": {"url": f"{_SITE}/news"}},
                {
                    "id": "news",
                    "type": "html-scraper",
                    "config": {
                        "html": "{{ page.body }}",
                        "fields": {"title": "h1", "headlines": {"css": "article h2", "all": True}},
                    },
                },
            ],
            "output": {"paper": "{{ news.title }}", "headlines": "{{ news.headlines.length }}"},
        },
        {"paper": "The Swamp Gazette", "headlines": 3},
    ),
    "loop": Example(
        {
            "blocks": [
                {
                    "id": "squares",
                    "type": "loop",
                    "config": {"items": [1, 2, 3], "as": "n"},
                    "blocks": [{"id": "square", "type": "transform", "config": {"expression": "n * n"}}],
                }
            ],
            "output": "{{ squares }}",
        },
        [{"square": 1}, {"square": 4}, {"square": 9}],
    ),
    "noop": Example(
        {"blocks": [{"id": "same", "type": "noop", "config": {"answer": 42}}]},
        {"same": {"answer": 42}},
    ),
    "response": Example(
        {
            "blocks": [
                {"id": "answer", "type": "response", "config": {"status": 201, "body": {"run": "{{ run.workflow }}"}}}
            ]
        },
        {"run": "adhoc"},
    ),
    "sleep": Example(
        {"blocks": [{"id": "nap", "type": "sleep", "config": {"for": "200ms"}}]},
        {"nap": {"slept_ms": 200}},
    ),
    "switch": Example(
        {
            "blocks": [
                _ORDER,
                {
                    "id": "size",
                    "type": "switch",
                    "config": {
                        "cases": {"large": "order.total > 1000", "medium": "order.total > 100"},
                        "default": "small",
                    },
                },
            ],
            "output": "{{ size.port }}",
        },
        "medium",
    ),
    "transform": Example(
        {
            "blocks": [
                _ORDER,
                {
                    "id": "sum",
                    "type": "transform",
                    "config": {
                        "set": {"lines": "{{ order.lines }}"},
                        "expression": "({ lines }) => lines.reduce((sum, line) => sum + line.price, 0)",
                    },
                },
            ],
            "output": "{{ sum }}",
        },
        120,
    ),
    "wait": Example(
        {
            "blocks": [
                {"id": "approval", "type": "wait", "config": {"timeout": "200ms"}},
                {"id": "late", "type": "noop", "needs": ["approval.error"], "config": "{{ error.code }}"},
            ]
        },
        {"late": "wait.timeout"},
        "Were the signal `approval` to come within that time, its data would be the output of the block.",
    ),
    "workflow": Example(
        {
            "blocks": [
                {"id": "child", "type": "workflow", "config": {"name": "greeting", "input": {"name": "Ada"}}},
            ],
            "output": "{{ child }}",
        },
        {"hello": {"to": "Ada"}},
        'It takes a stored workflow `greeting` with the block `{"id": "hello", "type": "noop", "config":'
        ' {"to": "{{ input.name }}"}}`.',
    ),
}
