"""Telegram for Gnatwork."""

from gnatwork_blocks.integration import Integration

INTEGRATION = Integration(name="telegram", title="Telegram", summary="Telegram.")
