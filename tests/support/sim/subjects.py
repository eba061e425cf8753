"""Matching of subjects and patterns."""

import re
from functools import lru_cache


@lru_cache(maxsize=65_536)
def matcher(pattern: str) -> re.Pattern[str]:
    """What a subject must look like to match `pattern`."""
    tokens = ["[^.]+" if token == "*" else ".+" if token == ">" else re.escape(token) for token in pattern.split(".")]
    return re.compile(r"\.".join(tokens))


@lru_cache(maxsize=65_536)
def is_literal(pattern: str) -> bool:
    """Whether it is a subject, without wildcards."""
    return not any(token in {"*", ">"} for token in pattern.split("."))


def matches(pattern: str, subject: str) -> bool:
    """Whether a subject is one of a pattern."""
    return pattern == subject or matcher(pattern).fullmatch(subject) is not None
