"""What `code` does, in a workflow."""

from docs.generator.block_examples._example import ORDER, Example

_JAVASCRIPT = """\
function main(order) {
  console.log(`${order.lines.length} lines`);
  return order.lines.reduce((sum, line) => sum + line.price, 0);
}"""
_PYTHON = """\
import math

def main(sum):
    return math.ceil(sum * 1.07)"""

EXAMPLE = Example(
    {
        "blocks": [
            ORDER,
            {
                "id": "sum",
                "type": "code",
                "config": {"language": "javascript", "source": _JAVASCRIPT, "input": "{{ order }}"},
            },
            {
                "id": "gross",
                "type": "code",
                "config": {"language": "python", "source": _PYTHON, "input": "{{ sum }}"},
            },
        ],
        "output": {"sum": "{{ sum }}", "gross": "{{ gross }}"},
    },
    {"sum": 120, "gross": 129},
)
