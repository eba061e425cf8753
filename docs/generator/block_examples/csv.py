"""What `csv` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "table",
                "type": "csv",
                "config": {"parse": "name;price\nPen;1.5\nLamp;20\n", "delimiter": ";", "types": {"price": "number"}},
            },
            {"id": "text", "type": "csv", "config": {"render": "{{ table }}", "columns": ["price", "name"]}},
        ],
        "output": {"rows": "{{ table }}", "text": "{{ text }}"},
    },
    {
        "rows": [{"name": "Pen", "price": 1.5}, {"name": "Lamp", "price": 20}],
        "text": "price,name\r\n1.5,Pen\r\n20,Lamp\r\n",
    },
)
