"""Redaction: secrets that a process knows are replaced, by value, in all that it publishes or logs.

A secret shows in more forms than its own: inside of base64, where what stands before it decides which of three forms it
takes, percent-encoded in addresses, escaped in JSON, HTML and Python's own notation. All of them are looked for. What a
program makes of a secret on purpose, such as its letters in reverse, can't be found.
"""

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Collection, Iterator
from typing import Any

import orjson

#: What stands in the place of a secret.
REDACTED = "[redacted]"

#: Secrets from this length on are also found where they are a part of what was encoded as base64. The middle of a
#: shorter one is too short to be told from what is there by chance.
_WITHIN_BASE64 = 8
#: So much of the beginning of a secret is told from other text, where the rest of it was cut off.
_BEGINNING = 6
#: What shows that something was cut.
_CUT = "…"
#: Lines of a secret, such as those of a private key, that may be seen one by one.
_LINE = 16


class Redactor:
    """Replaces a set of secrets, each of which must not be empty."""

    __slots__ = ("_beginnings", "_needles", "_pattern")

    def __init__(self, secrets: Collection[str]) -> None:
        forms = {form for secret in secrets for form in _forms(secret)}
        parts = {letters for secret in secrets for letters in _within_base64(secret)}
        patterns = [re.escape(form) for form in forms]
        # The letters before and after hold a part of the secret.
        patterns += (f"[A-Za-z0-9+/_-]?{re.escape(letters)}(?:[A-Za-z0-9+/_-]={{0,2}})?" for letters in parts)
        # The longest first, so that no part of one form is left because another one was found in it.
        patterns.sort(key=lambda pattern: (-len(pattern), pattern))
        self._pattern = re.compile("|".join(patterns)) if patterns else None
        #: The forms, each with how it begins.
        self._beginnings = [(form[:_BEGINNING], form) for form in (*forms, *parts)]
        #: One of these is part of any JSON text that has a secret in it, or the beginning of one.
        self._needles = {json.dumps(begins, ensure_ascii=False)[1:-1].encode() for begins, _ in self._beginnings}

    def text(self, text: str) -> str:
        """A text without the secrets."""
        if self._pattern is None:
            return text
        return _CUT.join(map(self._uncut, self._pattern.sub(REDACTED, text).split(_CUT)))

    def _uncut(self, text: str) -> str:
        """The text without the beginning of a secret at its end, as it is left where something longer was cut."""
        end = len(text)
        for begins, form in self._beginnings:
            start = text.find(begins, max(0, len(text) - len(form)))
            while 0 <= start < end:
                if form.startswith(text[start:]):
                    end = start
                start = text.find(begins, start + 1)
        return text if end == len(text) else text[:end] + REDACTED

    def value(self, value: Any) -> Any:
        """A JSON value without them, in texts, in keys and in numbers. The value itself stays as it is."""
        holder: list[Any] = [value]
        pending: list[tuple[Any, Any]] = [(holder, 0)]
        # Not recursive: values nest deeper than calls can.
        while pending:
            container, key = pending.pop()
            match container[key]:
                case str(text):
                    container[key] = self.text(text)
                case dict(found):
                    container[key] = copy = {self.text(str(name)): inner for name, inner in found.items()}
                    pending.extend((copy, name) for name in copy)
                case list(found) | tuple(found):
                    container[key] = items = list(found)
                    pending.extend((items, index) for index in range(len(items)))
                case bool() | None:
                    pass
                case int(number) | float(number) if self.text(text := str(number)) != text:
                    container[key] = REDACTED
                case _:
                    pass
        return holder[0]

    def encoded(self, encoded: bytes) -> bytes:
        """JSON without them. Looking for them first costs much less than taking it apart."""
        if not any(needle in encoded for needle in self._needles):
            return encoded
        return orjson.dumps(self.value(orjson.loads(encoded)))


def _forms(secret: str) -> Iterator[str]:
    """How a secret may be written."""
    for text in _texts(secret):
        data = text.encode()
        yield text
        for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
            yield encoded.decode()
            yield urllib.parse.quote(encoded.decode(), safe="")
        for quoted in (urllib.parse.quote(text, safe=""), urllib.parse.quote(text), urllib.parse.quote_plus(text)):
            yield quoted
            yield re.sub("%[0-9A-F]{2}", lambda found: found.group().lower(), quoted)
        for escaped in _escaped(text):
            yield escaped
            yield escaped.replace("/", "\\/")
        yield html.escape(text)
        yield repr(text)[1:-1]
        yield data.hex()


def _texts(secret: str) -> list[str]:
    """A secret, and those of its lines that tell something of it by themselves."""
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret.strip() else []
    # The first and last lines of a key in PEM are the same for all keys.
    return [secret, *(line for line in lines if len(line) >= _LINE and not line.startswith("-----"))]


def _escaped(text: str) -> Iterator[str]:
    """A text as it stands in JSON, and in JSON that is a text of JSON."""
    for ascii_ in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_)[1:-1]
        yield once
        yield json.dumps(once, ensure_ascii=ascii_)[1:-1]


def _within_base64(secret: str) -> Iterator[str]:
    """The letters that base64 makes of a secret alone, or as JSON has it, wherever in the encoded bytes it begins."""
    for written in {one for text in _texts(secret) if len(text) >= _WITHIN_BASE64 for one in (text, *_escaped(text))}:
        data = written.encode()
        for before in range(3):
            # What lies before and after has a part in the first and last letters.
            first, bits = (0, 2, 3)[before], (before + len(data)) * 8
            for encode in (base64.b64encode, base64.urlsafe_b64encode):
                yield encode(bytes(before) + data + bytes(2)).decode()[first : bits // 6]
