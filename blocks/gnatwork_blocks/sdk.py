"""What a block is written with."""

from gnatwork_blocks.block import Block
from gnatwork_blocks.context import BlockContext, Level, LogSink, ProgressSink
from gnatwork_blocks.errors import BlockError

__all__ = ["Block", "BlockContext", "BlockError", "Level", "LogSink", "ProgressSink"]
