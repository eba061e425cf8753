"""`python -m gnatwork_cli` is the command `gnatwork`."""

from gnatwork_cli.main import run

# Worker processes load the main module of their parent under another name.
if __name__ == "__main__":
    run()
