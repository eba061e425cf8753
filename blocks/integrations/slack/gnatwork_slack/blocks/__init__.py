"""The blocks of Slack: one file each, named by its type."""
