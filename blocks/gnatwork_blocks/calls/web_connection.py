"""A connection as HTTP from code needs it."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints


class WebConnection(BaseModel):
    """What is needed of a connection. Its other values are left alone."""

    #: Everything that code requests lies below it.
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s?#@]+$", max_length=2000)]
    authorization: str | None = Field(default=None, repr=False)
    #: Of connections that are a header.
    name: str | None = None
    value: str | None = Field(default=None, repr=False)

    @property
    def credentials(self) -> dict[str, str]:
        """The headers that are added to each request."""
        found = {"authorization": self.authorization} if self.authorization else {}
        return found | ({self.name: self.value} if self.name and self.value else {})
