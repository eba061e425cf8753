"""The blocks of Google Sheets."""
