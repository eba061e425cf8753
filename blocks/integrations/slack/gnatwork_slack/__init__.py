"""Slack for Gnatwork."""

from gnatwork_blocks.integration import Integration
from gnatwork_slack.connection import CONNECTION
from gnatwork_slack.triggers import COMMAND, EVENTS

INTEGRATION = Integration(
    name="slack",
    title="Slack",
    summary="Messages, channels, people and files of Slack; its events, and slash commands.",
    triggers=(EVENTS, COMMAND),
    connections=(CONNECTION,),
)
