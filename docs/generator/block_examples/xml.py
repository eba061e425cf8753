"""What `xml` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "order",
                "type": "xml",
                "config": {"parse": '<order number="7"><line sku="a">A pen</line></order>', "lists": ["line"]},
            },
            {
                "id": "answer",
                "type": "xml",
                "config": {
                    "render": {
                        "accepted": {
                            "@order": '{{ order.order["@number"] }}',
                            "first": '{{ order.order.line[0]["#text"] }}',
                        }
                    }
                },
            },
        ],
        "output": {"order": "{{ order }}", "answer": "{{ answer }}"},
    },
    {
        "order": {"order": {"@number": "7", "line": [{"@sku": "a", "#text": "A pen"}]}},
        "answer": '<?xml version="1.0" encoding="utf-8"?>\n<accepted order="7"><first>A pen</first></accepted>',
    },
)
