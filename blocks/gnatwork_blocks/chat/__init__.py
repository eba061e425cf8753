"""How `llm` works: conversations with models, and answers that have to fit a schema."""
