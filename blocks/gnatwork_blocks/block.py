"""The base of every block."""

from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.declaration import RunsIn, check_declaration, place_of
from gnatwork_blocks.errors import BlockError
from gnatwork_schemas.problem import plain


class Block:
    """What a block type does. One instance serves all tasks of a process, many at once: keep no state of a run in it.

    A block of its own::

        class Greet(Block):
            type = "greet"
            title = "Greet"
            summary = "Says hello."

            class Config(BaseModel):
                name: str

            async def run(self, ctx: BlockContext, config: Config) -> dict[str, str]:
                return {"text": f"Hello, {config.name}!"}

    A subclass without `type` is a base for others.
    """

    #: Its name in definitions; a breaking change is a new type.
    type: ClassVar[str]
    version: ClassVar[str] = "1"
    title: ClassVar[str]
    #: One sentence for catalogue and documentation.
    summary: ClassVar[str]
    #: Name of an icon for a designer.
    icon: ClassVar[str] = "box"
    category: ClassVar[str] = "other"
    #: A pydantic model, or `Any`: the config is whatever was written, and costs no validation.
    Config: ClassVar[Any] = Any
    #: A pydantic model, or `Any`: any JSON, unchecked.
    Output: ClassVar[Any] = Any
    #: Ports beside `out` and `error`.
    ports: ClassVar[tuple[str, ...]] = ()
    #: What it does to the world, of `declaration.CAPABILITIES`.
    capabilities: ClassVar[tuple[str, ...]] = ()
    #: Whether a run's caller gets this block's output as the reply.
    responds: ClassVar[bool] = False
    #: As the method that a class has. `loop`: an `async def run` is awaited on the event loop. `thread`: a plain
    #: `def run` is called in a thread, for libraries that wait. `process`: `compute` is called in a worker process that
    #: can be killed, for work that keeps a CPU busy, or that may never end.
    runs_in: ClassVar[RunsIn] = "loop"
    #: Error codes of its own that another attempt may get over, whatever it says when it raises one.
    retryable: ClassVar[tuple[str, ...]] = ()
    #: Configs that show what it can do.
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()

    def run(self, ctx: BlockContext, config: Any) -> Any:
        """Do the work and return the output: JSON, or an instance of `Output`. Mostly an `async def`.

        In a thread, `ctx` is for `log`, `progress` and `cancelled`: what is awaited belongs to the event loop. A thread
        can't be stopped: it is left behind at a timeout, unless it looks at `ctx.cancelled` and returns.

        Raises:
            BlockError: The attempt failed in a way that was foreseen.
        """
        raise NotImplementedError

    @staticmethod
    def compute(config: Any) -> Any:
        """As `run`, for `runs_in = "process"`: takes the config as JSON, not validated, and returns JSON.

        It crosses the process border by its name, so it is a static method of a class at module level.
        """
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "type"):
            cls.runs_in = place_of(cls, Block)
            check_declaration(cls, cls.runs_in)

    @classmethod
    def parse_config(cls, value: Any) -> Any:
        """The `Config` that the JSON `value` makes.

        Raises:
            BlockError: `block.config_invalid`, with `details.errors` a list of `{pointer, message}`.
        """
        if cls.Config is Any:
            return value
        try:
            return cls.Config.model_validate(value)
        except ValidationError as error:
            raise _invalid("block.config_invalid", "config", error) from error

    @classmethod
    def check_output(cls, value: Any) -> Any:
        """The JSON of what `run` or `compute` returned.

        Raises:
            BlockError: `block.output_invalid`, when it is not what `Output` declares.
        """
        if isinstance(value, BaseModel):
            return value.model_dump(mode="json", by_alias=True)
        if cls.Output is not Any:
            try:
                cls.Output.model_validate(value)
            except ValidationError as error:
                raise _invalid("block.output_invalid", "output", error) from error
        return value


def _invalid(code: str, what: str, error: ValidationError) -> BlockError:
    """The values themselves are left out: they may be secrets."""
    faults = [
        {"pointer": "".join(f"/{_escape(str(part))}" for part in fault["loc"]), "message": plain(fault["msg"])}
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    shown = "; ".join(f"{fault['pointer'] or what}: {fault['message']}" for fault in faults[:5])
    return BlockError(code, f"The {what} is not valid: {shown}", details={"errors": faults[:50]})


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
