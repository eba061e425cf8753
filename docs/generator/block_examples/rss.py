"""What `rss` does, in a workflow."""

from docs.generator.block_examples._example import SITE, Example

EXAMPLE = Example(
    {
        "blocks": [{"id": "gazette", "type": "rss", "config": {"url": f"{SITE}/feed", "limit": 1}}],
        "output": {"paper": "{{ gazette.feed.title }}", "latest": "{{ gazette.entries[0].title }}"},
    },
    {"paper": "The Swamp Gazette", "latest": "Gnats agree on a message format"},
)
