"""The implicit tasks, see `gnatwork_schemas.implicit`: one file per type."""
