"""The blocks of Telegram: one file each, named by its type."""
