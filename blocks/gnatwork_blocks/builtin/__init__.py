"""The built-in blocks: one file each, named by its type."""
