"""How deep JSON may be nested before those who read it in a message give up."""

from pydantic_core import from_json

#: Brackets up to which no text can be too deep, whatever it looks like.
_FEW = 150
#: pydantic reads about 200 levels. A value has to leave room for the messages and values that it becomes part of.
_ROOM = 50


def is_too_deep(data: bytes) -> bool:
    """Whether this JSON is nested too deep for a message: about 150 levels. It can still be stored as a payload."""
    if data.count(b"[") + data.count(b"{") <= _FEW:
        return False
    try:
        from_json(b"%b%b%b" % (b"[" * _ROOM, data, b"]" * _ROOM))
    except ValueError:
        return True
    return False
