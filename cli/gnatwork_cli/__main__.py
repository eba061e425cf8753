"""`python -m gnatwork_cli` is the command `gnatwork`."""

from gnatwork_cli.main import run

run()
