"""Chance that repeats itself: each purpose draws from a source of its own, so that one does not disturb another."""

from random import Random


def chance(*names: object) -> Random:
    """A source that is the same whenever the names are."""
    return Random("/".join(map(str, names)))  # noqa: S311 - it is meant to be foreseeable
