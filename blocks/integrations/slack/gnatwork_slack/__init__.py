"""Slack for Gnatwork."""

from gnatwork_blocks.integration import Integration

INTEGRATION = Integration(name="slack", title="Slack", summary="Slack.")
