"""Mailer for Gnatwork."""

from gnatwork_blocks.integration import Integration

INTEGRATION = Integration(name="mailer", title="Mailer", summary="Mailer.")
