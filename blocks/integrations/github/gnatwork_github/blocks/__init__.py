"""The blocks of GitHub."""
