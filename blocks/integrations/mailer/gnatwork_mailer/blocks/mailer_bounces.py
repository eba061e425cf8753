"""`mailer-bounces`: lists what could not be delivered."""

from datetime import date
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from gnatwork_blocks.json_api import ApiAnswer
from gnatwork_blocks.json_pages import Next, read_pages
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_mailer.api import CONNECTION, MailerConnection, api_of, checked
from gnatwork_schemas.model import StrictModel

#: Of one page, and in all, as the service has it.
_PAGE = 500
_MOST = 10_000


class MailerBounces(Block):
    """Lists messages that could not be delivered (`GET /bounces`), newest first."""

    type = "mailer-bounces"
    title = "List bounces"
    summary = "Lists the e-mails of a mail service that could not be delivered."
    icon = "undo"
    category = "mailer"
    capabilities = ("network", "secrets")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"connection": "{{ connections.mail }}", "type": "HardBounce", "from_date": "2026-11-01", "max_items": 500},
    )

    class Config(StrictModel):
        """Which of them."""

        connection: MailerConnection = CONNECTION
        type: str | None = Field(default=None, description="Type of bounce, such as `HardBounce`.")
        email: str | None = Field(default=None, description="Whose address it was, or a part of it.")
        message_id: str | None = Field(default=None, description="Which message it was.")
        tag: str | None = Field(default=None, description="What the messages were tagged with.")
        inactive: bool | None = Field(default=None, description="Whether the service sends there no more.")
        stream: str | None = Field(default=None, description="The message stream.")
        from_date: date | None = Field(default=None, description="From this day on.")
        to_date: date | None = Field(default=None, description="Up to this day.")
        max_items: int = Field(default=_PAGE, ge=1, le=_MOST, description="Most bounces.")

    class Output(BaseModel):
        """The bounces."""

        bounces: list[dict[str, Any]] = Field(
            description="As the service tells them: `{ID, Type, MessageID, Email, BouncedAt, Inactive, …}`."
        )
        total: int = Field(description="How many there are of the kind.")
        more: bool = Field(description="Whether there are more than were wanted.")

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Read as many pages as are wanted."""
        api = api_of(ctx, config.connection)
        seen, total = 0, 0

        def items(answer: ApiAnswer) -> Any:
            nonlocal seen, total
            json = checked(api, answer)
            bounces = json.get("Bounces")
            if not isinstance(bounces, list) or not isinstance(json.get("TotalCount"), int):
                raise api.unexpected("something that is no list of bounces")
            seen += len(bounces)
            # A page without any is the last one, whatever the count says.
            total = json["TotalCount"] if bounces else seen
            return bounces

        def following(_: ApiAnswer) -> Next | None:
            return Next(query={"offset": seen}) if seen < min(total, _MOST) else None

        query = {
            "count": min(config.max_items, _PAGE),
            "offset": 0,
            "type": config.type,
            "emailFilter": config.email,
            "messageID": config.message_id,
            "tag": config.tag,
            "inactive": config.inactive,
            "messagestream": config.stream,
            "fromdate": config.from_date.isoformat() if config.from_date else None,
            "todate": config.to_date.isoformat() if config.to_date else None,
        }
        pages = await read_pages(
            api, "bounces", items=items, following=following, max_items=config.max_items, query=query
        )
        return {"bounces": pages.items, "total": total, "more": total > len(pages.items)}
