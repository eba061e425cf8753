"""A workflow per built-in block type that runs as it stands, against the site of the examples where it needs one.

Each module is that of a block type: `html_scraper.py` has `EXAMPLE` for `html-scraper`, so a new block is a new file.
"""

from importlib import import_module
from pkgutil import iter_modules

from docs.generator.block_examples._example import Example

EXAMPLES: dict[str, Example] = {
    found.name.replace("_", "-"): import_module(f"{__name__}.{found.name}").EXAMPLE
    for found in sorted(iter_modules(__path__), key=lambda found: found.name)
    if not found.name.startswith("_")
}
