"""What of GitHub starts runs."""

from gnatwork_blocks.integration import PATH, connection_of
from gnatwork_schemas.integration import TriggerType

#: A header that says what has happened; `ping` is GitHub's own question whether anyone is there.
_EVENT = "trigger.headers['x-github-event']"

WEBHOOK = TriggerType(
    type="github",
    title="GitHub webhook",
    summary="Something happens in a repository or an organisation of GitHub.",
    icon="github",
    config_schema={
        "type": "object",
        "required": ["connection"],
        "properties": {
            "connection": connection_of("github", "secret of webhooks"),
            "path": PATH,
            "events": {
                "type": "array",
                "title": "Events",
                "description": "Such as `push` and `issues`; all unless given.",
                "items": {"type": "string"},
                "default": [],
            },
            "repository": {
                "type": "string",
                "title": "Repository",
                "description": "`owner/name`; all that send here unless given.",
                "pattern": "^[^/\\s]+/[^/\\s]+$",
            },
        },
        "additionalProperties": False,
    },
    trigger={
        "type": "webhook",
        "path": "{{ config.path }}",
        "auth": "hmac",
        "signature": "github",
        "secret": "{{ connections.{{ config.connection }}.webhook_secret }}",
        # The largest payload that GitHub sends: 25 MB.
        "max_body": 26_214_400,
        "filter": f"{_EVENT} !== 'ping' && "
        f"({{{{ config.events }}}}.length === 0 || {{{{ config.events }}}}.includes({_EVENT})) && "
        "[null, event.repository?.full_name].includes({{ config.repository ?? null }})",
    },
    examples=({"id": "pushes", "type": "github", "connection": "github", "events": ["push"]},),
)
