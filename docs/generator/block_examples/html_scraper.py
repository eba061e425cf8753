"""What `html-scraper` does, in a workflow."""

from docs.generator.block_examples._example import SITE, Example

EXAMPLE = Example(
    {
        "blocks": [
            {"id": "page", "type": "fetch", "config": {"url": f"{SITE}/news"}},
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
)
