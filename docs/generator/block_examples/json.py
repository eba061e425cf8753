"""What `json` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {"id": "order", "type": "json", "config": {"parse": '{"number": 7, "lines": [{"price": 20}]}'}},
            {"id": "text", "type": "json", "config": {"render": "{{ order }}", "sorted": True}},
        ],
        "output": {"price": "{{ order.lines[0].price }}", "text": "{{ text }}"},
    },
    {"price": 20, "text": '{"lines":[{"price":20}],"number":7}'},
)
