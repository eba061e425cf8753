"""Telegram for Gnatwork."""

from gnatwork_blocks.integration import Integration
from gnatwork_telegram.connection import CONNECTION
from gnatwork_telegram.triggers import POLL, WEBHOOK

INTEGRATION = Integration(
    name="telegram",
    title="Telegram",
    summary="Messages and photos of a Telegram bot, and what people write to it.",
    triggers=(WEBHOOK, POLL),
    connections=(CONNECTION,),
)
