"""What `aggregate` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "blocks": [
            {
                "id": "orders",
                "type": "noop",
                "config": [
                    {"country": "PT", "price": 20},
                    {"country": "ES", "price": 15},
                    {"country": "PT", "price": 100},
                ],
            },
            {
                "id": "sales",
                "type": "aggregate",
                "config": {
                    "items": "{{ orders }}",
                    "group_by": "country",
                    "calculate": {"orders": {"op": "count"}, "total": {"op": "sum", "of": "price"}},
                    "sort": "-total",
                },
            },
        ],
        "output": "{{ sales }}",
    },
    [{"country": "PT", "orders": 2, "total": 120}, {"country": "ES", "orders": 1, "total": 15}],
)
