"""What `script` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "total",
                "type": "script",
                "config": {
                    "source": "async function main(prices) {\n"
                    "  const taken = await all(prices.map((price) => step('noop', {price})));\n"
                    "  return taken.reduce((sum, {price}) => sum + price, 0);\n"
                    "}",
                    "args": [3, 4],
                },
            },
        ],
        "output": "{{ total }}",
    },
    7,
    "Each of the two steps is a task of the run.",
)
