"""The base of every value that crosses a process border."""

from pydantic import BaseModel, ConfigDict

#: Version of every message body. A reader refuses what it does not know (`UnknownVersionError`).
VERSION = 1


class Model(BaseModel):
    """A frozen value; unknown fields are ignored, so that older readers accept newer writers."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class StrictModel(BaseModel):
    """A frozen value that people write: an unknown field is a spelling mistake and is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
