"""One module per part of `docs/reference` that is written from the code."""
