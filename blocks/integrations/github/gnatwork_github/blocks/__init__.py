"""The blocks of GitHub: one file each, named by its type."""
