"""`slack-upload-file`: shares a file in Slack."""

import base64
import binascii
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, Field

from gnatwork_blocks.api_bodies import Fields
from gnatwork_blocks.exchange import Call, exchange
from gnatwork_blocks.sdk import Block, BlockContext, BlockError
from gnatwork_schemas.model import StrictModel
from gnatwork_slack.api import CONNECTION, Slack, SlackConnection


class SlackUploadFile(Block):
    """Uploads a file and shares it (`files.getUploadURLExternal`, `files.completeUploadExternal`).

    Until the last of its three requests nobody sees the file. Slack can't tell a repetition of that one: a file whose
    answer got lost is shared again by another attempt. Without `retry` there is none.
    """

    type = "slack-upload-file"
    title = "Upload a file"
    summary = "Uploads a file to Slack, and shares it in a channel."
    icon = "slack"
    category = "slack"
    capabilities = ("network", "secrets", "side-effects")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "connection": "{{ connections.slack }}",
            "filename": "report.csv",
            "content": "{{ report.text }}",
            "channel": "C0123456789",
            "comment": "The report of today.",
        },
    )

    class Config(StrictModel):
        """The file."""

        connection: SlackConnection = CONNECTION
        filename: str = Field(min_length=1, max_length=255, description="Its name.")
        content: str = Field(min_length=1, description="What is in it.")
        encoding: Literal["text", "base64"] = Field(default="text", description="How `content` is written.")
        title: str | None = Field(default=None, description="What people see; the name unless given.")
        channel: str | None = Field(default=None, description="The id of a channel to share it in.")
        thread_ts: str | None = Field(default=None, description="A thread of that channel.")
        comment: str | None = Field(default=None, description="What to say beside it.")

    class Output(BaseModel):
        """The file."""

        id: str = Field(description="Its id.")
        file: Any = Field(default=None, description="All that Slack says of it.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Ask where, upload, and share."""
        content, slack = _bytes(config), Slack(ctx, config.connection)
        file: Fields = {"filename": config.filename, "length": len(content)}
        place = await slack.form("files.getUploadURLExternal", file)
        url, id_ = place.get("upload_url"), place.get("file_id")
        if not isinstance(url, str) or not isinstance(id_, str):
            raise slack.api.unexpected("no `upload_url`")
        # Elsewhere, and without the token: the URL is all that it takes.
        call = Call(
            method="POST",
            url=url,
            headers={"content-type": "application/octet-stream"},
            content=content,
            fails=lambda status: not 200 <= status < 300,
        )
        await exchange(ctx, call)
        shared = {
            "files": [{"id": id_, "title": config.title or config.filename}],
            "channel_id": config.channel,
            "thread_ts": config.thread_ts,
            "initial_comment": config.comment,
        }
        files = (await slack.post("files.completeUploadExternal", shared)).get("files") or [None]
        return {"id": id_, "file": files[0]}


def _bytes(config: SlackUploadFile.Config) -> bytes:
    if config.encoding == "text":
        return config.content.encode()
    try:
        return base64.b64decode(config.content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BlockError("block.config_invalid", f"The content is not base64: {error}") from error
