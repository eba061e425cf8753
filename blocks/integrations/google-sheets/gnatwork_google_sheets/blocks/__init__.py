"""The blocks of Google Sheets: one file each, named by its type."""
