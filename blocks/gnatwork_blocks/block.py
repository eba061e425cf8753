"""The base of every block."""

import re
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ValidationError

from gnatwork_blocks.context import BlockContext
from gnatwork_blocks.errors import BlockError
from gnatwork_schemas.names import BLOCK_TYPE_PATTERN, PORT_PATTERN
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
    #: What it does to the world: `network`, `cpu`, `secrets`, `side-effects`.
    capabilities: ClassVar[tuple[str, ...]] = ()
    #: Whether a run's caller gets this block's output as the reply.
    responds: ClassVar[bool] = False
    #: `loop`: `run` is awaited on the event loop. `process`: `compute` is called in a worker process that can be
    #: killed, for work that keeps a CPU busy.
    runs_in: ClassVar[Literal["loop", "process"]] = "loop"
    #: Error codes of its own that another attempt may get over.
    retryable: ClassVar[tuple[str, ...]] = ()
    #: Configs that show what it can do.
    examples: ClassVar[tuple[dict[str, Any], ...]] = ()

    async def run(self, ctx: BlockContext, config: Any) -> Any:
        """Do the work and return the output: JSON, or an instance of `Output`.

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
            _check_declaration(cls)

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


def _check_declaration(cls: type[Block]) -> None:
    """TypeError for a declaration that could not run; found when the module is imported, not in the first task."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    if not re.fullmatch(BLOCK_TYPE_PATTERN, cls.type):
        raise TypeError(f"{name}: type {cls.type!r} must match {BLOCK_TYPE_PATTERN}")
    for attribute in ("title", "summary"):
        if not getattr(cls, attribute, ""):
            raise TypeError(f"{name}: {attribute} is missing")
    for attribute in ("Config", "Output"):
        declared = getattr(cls, attribute)
        if declared is not Any and not (isinstance(declared, type) and issubclass(declared, BaseModel)):
            raise TypeError(f"{name}: {attribute} must be a pydantic model or typing.Any")
    if wrong := [port for port in cls.ports if not re.fullmatch(PORT_PATTERN, port) or port in {"out", "error"}]:
        raise TypeError(f"{name}: {wrong[0]!r} can't be a port")
    if cls.runs_in not in {"loop", "process"}:
        raise TypeError(f"{name}: runs_in must be 'loop' or 'process'")
    if cls.runs_in == "loop" and cls.run is Block.run:
        raise TypeError(f"{name}: `async def run(self, ctx, config)` is missing")
    if cls.runs_in == "process" and cls.compute is Block.compute:
        raise TypeError(f"{name}: a static method `compute(config)` is missing")


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
