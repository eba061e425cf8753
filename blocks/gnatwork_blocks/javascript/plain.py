"""Expressions that can't leave anything behind: these share a context, which spares making one for each.

Such an expression reads values, compares, computes, and calls methods that only read, with arrow functions of the same
kind. It assigns nothing and makes nothing that lasts; what it can reach of the language, such as `input.constructor`,
it can't change. Whatever is not surely so is evaluated in a context of its own.
"""

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<name>[A-Za-z_$][\w$]*)
        |(?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.$]))
        |(?P<text>"[^"\\\n]*"|'[^'\\\n]*')
        |(?P<sign>=>|===|!==|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?![0-9])|[-+*/%](?![-+*/=])|[<>](?![<>=])|!|\?|[.,:()\[\]])
    )""",
    re.VERBOSE | re.ASCII,
)
_READING_METHODS = (
    "at charAt concat endsWith includes indexOf join lastIndexOf slice startsWith toLowerCase toUpperCase trim trimEnd"
    " trimStart"
)
_LANGUAGE = (
    "arguments async await break case catch class const continue debugger default delete do else enum eval export"
    " extends finally for function get globalThis if implements import in instanceof interface let new of package"
    " private protected public return set static super switch this throw try var void while with yield"
)
_END = re.compile(r"\s*\Z", re.ASCII)
#: Methods that only read, and call nothing.
_READING = frozenset(_READING_METHODS.split())
#: Likewise, but for the arrow function that they are given. Another function could be one that changes things.
_CALLING = frozenset({"every", "filter", "find", "findIndex", "map", "some"})
_CONSTANTS = frozenset({"true", "false", "null", "undefined"})
_TYPEOF = "typeof"
#: Words of the language that are no names.
_WORDS = frozenset(_LANGUAGE.split())
#: Characters; longer ones are worth a context of their own.
_LONGEST = 1000

_Token = tuple[str, str]


@lru_cache(maxsize=512)
def names_of(source: str) -> tuple[str, ...] | None:
    """The names of the values that a plain expression asks for; None if it is not surely one."""
    tokens = _tokens(source)
    if not tokens:
        return None
    names: dict[str, None] = {}
    parameters: set[str] = set()
    around = [("", ""), ("", ""), *tokens, ("", ""), ("", "")]
    for at, (kind, written) in enumerate(tokens, start=2):
        if kind != "name":
            if not _is_plain(around[at - 2 : at + 3]):
                return None
        elif around[at - 1][1] not in {".", "?."}:
            if written in _WORDS:
                return None
            if around[at + 1][1] == "=>":
                parameters.add(written)
            elif written != _TYPEOF:
                names[written] = None
    return tuple(name for name in names if name not in parameters | _CONSTANTS)


def _tokens(source: str) -> list[_Token] | None:
    if len(source) > _LONGEST:
        return None
    found, at = [], 0
    while not _END.match(source, at):
        token = _TOKEN.match(source, at)
        if token is None:
            return None
        found.append((str(token.lastgroup), str(token[str(token.lastgroup)])))
        at = token.end()
    return found


def _is_plain(around: list[_Token]) -> bool:
    """Whether what is no name, in the middle of these, does only what it seems to."""
    before, (_, written), after = around[1:4]
    match written:
        case "(":
            return _may_open(around)
        case ".":
            return _is_operand(before) and after[0] == "name"
        case "/":
            # It would begin a regular expression, in which quotes are no quotes.
            return _is_operand(before)
        case "=>":
            return before[0] == "name"
        case _:
            return True


def _may_open(around: list[_Token]) -> bool:
    """Whether a parenthesis, in the middle of these, groups or calls a method that may be called."""
    owner, before, _, first, second = around
    if not _is_operand(before):
        return before[1] != "?."
    if before[0] != "name" or owner[1] not in {".", "?."}:
        return False
    return before[1] in _READING or (before[1] in _CALLING and first[0] == "name" and second[1] == "=>")


def _is_operand(token: _Token) -> bool:
    """Whether an operand ends with it; what follows is then an operator, or a call."""
    kind, written = token
    return (kind in {"name", "number", "text"} and written != _TYPEOF) or written in {")", "]"}
