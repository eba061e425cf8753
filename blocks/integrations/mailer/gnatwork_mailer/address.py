"""Addresses of e-mail."""

from typing import Annotated

from pydantic import StringConstraints

#: One address; the service reads a comma as the beginning of another.
Address = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=255, pattern=r"^[^\x00-\x1F\x7F,;]+$")
]
