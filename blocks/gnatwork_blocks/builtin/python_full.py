"""`python-full`: calls a function of the user's in real CPython. Off by default."""

from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from gnatwork_blocks.calls import limits
from gnatwork_blocks.calls.conversation import Call, make
from gnatwork_blocks.python.full import FullPython
from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_schemas.model import StrictModel


class PythonFull(Block):
    """Each call has a process of its own, which can read the standard library and reach nothing else.

    What holds the code is the kernel and not the language: a hole in the kernel is one for the code. An executor hosts
    it only where it is named, and `--allow-python-full` is given.
    """

    type = "python-full"
    title = "Python, all of it"
    summary = (
        "Calls a function in real CPython, held by the kernel alone; executors host it only when told to allow it."
    )
    icon = "terminal"
    category = "code"
    capabilities = ("cpu",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "source": "import statistics\n\ndef main(prices):\n    return statistics.quantiles(prices)",
            "input": "{{ input.prices }}",
        },
    )

    class Config(StrictModel):
        """The function, and what it is called with."""

        source: Annotated[str, StringConstraints(min_length=1)] = Field(
            description="The program: it defines the function, and may import the standard library."
        )
        entry: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")] = Field(
            default="main", description="The name of the function; it may be `async`."
        )
        input: Any = Field(default=None, description="What the function is called with.")
        timeout: Annotated[float, Field(gt=0, le=limits.LONGEST_TIMEOUT)] = Field(
            default=limits.TIMEOUT, description="Seconds that it may take."
        )
        memory: Annotated[int, Field(ge=1, le=limits.MOST_MEMORY)] = Field(
            default=limits.MEMORY, description="MiB that it may allocate beyond what Python itself has."
        )

    def __init__(self) -> None:
        self._python = FullPython()

    async def run(self, ctx: BlockContext, config: Config) -> Any:
        """Call the function."""
        call = Call(
            source=config.source,
            entry=config.entry,
            value=config.input,
            timeout=config.timeout,
            memory=config.memory,
            say=ctx.log,
        )
        return await make(call, self._python)
