"""Blocks that are careless with what they are given; found by executors as a package of its own."""

from pathlib import Path

_SOURCE = """
import logging

from gnatwork import Block, BlockContext, BlockError

log = logging.getLogger("careless")


class Careless(Block):
    type = "careless"
    title = "Careless"
    summary = "Tells everyone."

    async def run(self, ctx: BlockContext, config: dict) -> object:
        secret = config["secret"]
        ctx.log("info", f"with {secret}", secret=secret, deep=[{secret: secret}])
        ctx.progress(0.5, secret)
        log.warning("sending %s", secret)
        if config.get("fail") == "foreseen":
            raise BlockError("careless.failed", f"no {secret}", retryable=True, details={"config": config})
        if config.get("fail"):
            raise RuntimeError(secret)
        return {"config": config, "large": [secret] * 5000 if config.get("large") else None}


class CarelessProcess(Block):
    type = "careless-process"
    title = "Careless"
    summary = "Tells everyone, from a process of its own."
    runs_in = "process"

    @staticmethod
    def compute(config: dict) -> object:
        log.warning("computing %s", config["secret"])
        if config.get("fail"):
            raise RuntimeError(config["secret"])
        return config
"""

_ENTRY_POINTS = """
[gnatwork.blocks]
careless = gnatwork_careless:Careless
careless-process = gnatwork_careless:CarelessProcess
"""


def write_package(folder: Path) -> None:
    """Make `folder` one from which Python imports the blocks, once it is in PYTHONPATH."""
    info = folder / "gnatwork_careless-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "gnatwork_careless.py").write_text(_SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: gnatwork-careless\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(_ENTRY_POINTS)
