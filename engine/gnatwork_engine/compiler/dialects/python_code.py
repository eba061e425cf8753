"""Python of a dialect, statements that set `result`, as the source of a `code` block."""

import io
import tokenize

#: Its first line is the only one before theirs. What they leave unset is null.
_SOURCE = """\
def gnatwork_code(result=None):
{body}
    return result

def main(given):
    global input, context
    input, context = given["input"], given["context"]
    return gnatwork_code()"""


def python_source(code: str) -> str:
    """A program whose `main` takes `{input, context}` and returns what the statements leave in `result`."""
    within = _within_texts(code)
    lines = code.split("\n")
    body = "\n".join(line if not line or at in within else f"    {line}" for at, line in enumerate(lines, start=1))
    return _SOURCE.format(body=body)


def _within_texts(code: str) -> set[int]:
    """The lines that begin inside of a text, which must stay as they are."""
    found: set[int] = set()
    begun: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(code).readline):
            kind = tokenize.tok_name[token.type]
            if kind == "STRING":
                found.update(range(token.start[0] + 1, token.end[0] + 1))
            elif kind == "FSTRING_START":
                begun.append(token.start[0])
            elif kind == "FSTRING_END":
                found.update(range(begun.pop() + 1, token.end[0] + 1))
    except (tokenize.TokenError, SyntaxError):
        # Executors tell what is wrong with it.
        pass
    return found
