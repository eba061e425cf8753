"""What `template` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "page",
                "type": "template",
                "config": {
                    "template": "<ul>${lines.map(line => html`<li>${line.title}: ${line.price}</li>`)}</ul>",
                    "data": {"lines": [{"title": "Pens & paper", "price": 20}, {"title": "A lamp", "price": 100}]},
                    "escape": "html",
                },
            }
        ],
        "output": "{{ page }}",
    },
    "<ul><li>Pens &amp; paper: 20</li><li>A lamp: 100</li></ul>",
)
