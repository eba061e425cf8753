"""A workflow per built-in block type that runs as it stands, against the site of the examples where it needs one."""

from typing import Any, NamedTuple


class Example(NamedTuple):
    """A definition and what its run yields without an input."""

    definition: dict[str, Any]
    output: Any


_SITE = "http://127.0.0.1:7480"

EXAMPLES = {
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
}
