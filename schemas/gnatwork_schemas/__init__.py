"""The language that every part of Gnatwork speaks: definitions, messages, statuses, subjects, errors.

Floor 1 of the house: pydantic and the standard library only, no I/O.
"""
