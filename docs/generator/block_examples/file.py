"""What `file` does, in a workflow."""

from docs.generator.block_examples._example import Example

EXAMPLE = Example(
    {
        "steps": [
            {"id": "write", "type": "file", "config": {"put": "reports/today.txt", "content": "All is well."}},
            {"id": "read", "type": "file", "config": {"get": "reports/today.txt"}},
            {"id": "all", "type": "file", "config": {"list": "reports/"}},
            {"id": "forget", "type": "file", "config": {"delete": "reports/today.txt"}},
        ],
        "output": {"content": "{{ read.content }}", "size": "{{ read.size }}", "first": "{{ all.files[0].name }}"},
    },
    {"content": "All is well.", "size": 12, "first": "reports/today.txt"},
)
