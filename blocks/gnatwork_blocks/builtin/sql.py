"""`sql`: asks a database."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from gnatwork_blocks.sdk import Block, BlockContext
from gnatwork_blocks.sql.statement import Query, Statement
from gnatwork_schemas.duration import PositiveDuration
from gnatwork_schemas.model import StrictModel

_Parameters = dict[str, Any]
Text = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100_000),
    Field(json_schema_extra={"x-gnatwork-literal": True}),
]


class Step(StrictModel):
    """A statement of a transaction."""

    statement: Text = Field(description="One statement of SQL, with `:name` for each value.")
    parameters: _Parameters | list[_Parameters] = Field(
        default_factory=dict, description="The values by name; of a list, the statement is run for each member."
    )


class Sql(Block):
    """Runs statements of SQL.

    Values are bound by the driver and never become part of the statement, which is taken as it is written.

    PostgreSQL and SQLite work as they are. For another database, install an async driver of SQLAlchemy beside Gnatwork
    and name it in the URL, e.g. `mysql+asyncmy://…`.
    """

    type = "sql"
    title = "SQL"
    summary = "Runs statements in a database and yields their rows."
    icon = "database"
    category = "data"
    capabilities = ("network", "secrets", "side-effects")
    retryable = ("sql.conflict", "sql.timeout")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "url": "{{ connections.shop.url }}",
            "statement": "SELECT id, name FROM customers WHERE city = :city ORDER BY name",
            "parameters": {"city": "{{ input.city }}"},
        },
        {
            "url": "{{ connections.shop.url }}",
            "transaction": [
                {
                    "statement": "UPDATE stock SET left = left - :count WHERE item = :item",
                    "parameters": {"count": 1, "item": "{{ input.item }}"},
                },
                {
                    "statement": "INSERT INTO orders (id, item) VALUES (:id, :item) ON CONFLICT (id) DO NOTHING",
                    "parameters": {"id": "{{ run.id }}", "item": "{{ input.item }}"},
                },
            ],
        },
    )

    class Config(
        StrictModel, json_schema_extra={"oneOf": [{"required": ["statement"]}, {"required": ["transaction"]}]}
    ):
        """What to run where: `statement`, or several as a `transaction`."""

        url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)] = Field(
            description="URL of the database, such as `postgresql://user:password@host/database`; keep it in a "
            "connection. `sqlite:///shop.db` is a file in the folder that `GNATWORK_SQLITE_DIR` names, `sqlite://` a "
            "database in memory that is gone after the task."
        )
        statement: Text | None = Field(default=None, description="One statement of SQL, with `:name` for each value.")
        parameters: _Parameters | list[_Parameters] = Field(
            default_factory=dict,
            description="The values by name; of a list, the statement is run for each member, in one transaction.",
        )
        transaction: list[Step] | None = Field(
            default=None, min_length=1, max_length=1000, description="Statements of which all are done, or none."
        )
        max_rows: int = Field(
            default=1000, ge=0, le=100_000, description="Most rows of a statement; more are an error."
        )
        timeout: PositiveDuration | None = Field(
            default=None, description="For everything together; by default the block's own timeout holds."
        )

        @model_validator(mode="after")
        def _check(self) -> Self:
            if (self.statement is None) == (self.transaction is None):
                raise ValueError("give `statement` or `transaction`")
            if self.transaction is not None and "parameters" in self.model_fields_set:
                raise ValueError("in a transaction, each statement has its own `parameters`")
            return self

        @property
        def steps(self) -> list[Step]:
            """All statements, in order."""
            if self.transaction is not None:
                return self.transaction
            return [Step(statement=self.statement or "", parameters=self.parameters)]

    class Output(BaseModel):
        """What the statement yields; of a transaction it is `results`, with one such object for each statement."""

        columns: list[str] | None = Field(
            default=None, description="Names, in order; the second `id` is `id_2`. Only of a statement with rows."
        )
        rows: list[dict[str, Any]] = Field(
            default_factory=list,
            description="Objects by column. Dates and times are ISO 8601, decimals texts, bytes base64.",
        )
        row_count: int | None = Field(default=None, description="Rows read or changed; null if the driver can't tell.")
        last_insert_id: Any = Field(default=None, description="Of an `INSERT`, where the database tells it.")
        results: list[dict[str, Any]] | None = Field(
            default=None, description="Of a transaction alone: what each statement yields, in order."
        )

    async def run(self, ctx: BlockContext, config: Config) -> dict[str, Any]:
        """Run the statements."""
        results = await ctx.sql.run(
            Query(
                url=config.url,
                statements=tuple(Statement(step.statement, step.parameters) for step in config.steps),
                max_rows=config.max_rows,
                timeout=min(config.timeout or ctx.timeout, ctx.timeout),
            )
        )
        return {"results": results} if config.transaction is not None else results[0]
