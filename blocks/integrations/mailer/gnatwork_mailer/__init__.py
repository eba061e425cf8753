"""Mailer for Gnatwork."""

from gnatwork_blocks.integration import Integration
from gnatwork_mailer.connection import CONNECTION
from gnatwork_mailer.triggers import BOUNCE, INBOUND

INTEGRATION = Integration(
    name="mailer",
    title="Mailer",
    summary="E-mail through Postmark: messages, templates, bounces, and mail that comes in.",
    triggers=(INBOUND, BOUNCE),
    connections=(CONNECTION,),
)
