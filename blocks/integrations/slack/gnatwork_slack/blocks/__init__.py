"""The blocks of Slack."""
