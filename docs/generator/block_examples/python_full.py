"""What `python-full` does, in a workflow."""

from docs.generator.block_examples._example import Example

_SOURCE = """\
import statistics

def main(prices):
    return {"median": statistics.median(prices), "quartiles": statistics.quantiles(prices)}"""

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "prices",
                "type": "python-full",
                "config": {"source": _SOURCE, "input": [20, 100, 30, 50]},
            }
        ],
        "output": "{{ prices }}",
    },
    {"median": 40.0, "quartiles": [22.5, 40.0, 87.5]},
    "It runs where an executor was started with `--blocks python-full --allow-python-full`.",
)
