"""What `sql` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "shop",
                "type": "sql",
                "config": {
                    "url": "sqlite://",
                    "transaction": [
                        {"statement": "CREATE TABLE stock (item TEXT PRIMARY KEY, pieces INTEGER)"},
                        {
                            "statement": "INSERT INTO stock VALUES (:item, :pieces)",
                            "parameters": [{"item": "soup", "pieces": 12}, {"item": "bread", "pieces": 3}],
                        },
                        {
                            "statement": "SELECT item, pieces FROM stock WHERE pieces < :few",
                            "parameters": {"few": 10},
                        },
                    ],
                },
            }
        ],
        "output": "{{ shop.results[2].rows }}",
    },
    [{"item": "bread", "pieces": 3}],
    "`sqlite://` is a database in memory, gone after the task; a real one has its URL in a connection.",
)
