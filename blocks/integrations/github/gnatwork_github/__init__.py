"""GitHub for Gnatwork."""

from gnatwork_blocks.integration import Integration

INTEGRATION = Integration(name="github", title="GitHub", summary="GitHub.")
