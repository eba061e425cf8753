"""GitHub for Gnatwork."""

from gnatwork_blocks.integration import Integration
from gnatwork_github.connection import CONNECTION
from gnatwork_github.triggers import WEBHOOK

INTEGRATION = Integration(
    name="github",
    title="GitHub",
    summary="Issues, comments, files and workflows of GitHub, any other request to it, and its webhooks.",
    triggers=(WEBHOOK,),
    connections=(CONNECTION,),
)
