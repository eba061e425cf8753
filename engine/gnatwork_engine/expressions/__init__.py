"""JavaScript expressions: parsed, never evaluated. What they yield is the executors' affair."""

from gnatwork_engine.expressions.names import Mention, mentions_of
from gnatwork_engine.expressions.programs import check_program
from gnatwork_engine.expressions.syntax import BODY, EXPRESSION, Around, ExpressionError

__all__ = ["BODY", "EXPRESSION", "Around", "ExpressionError", "Mention", "check_program", "mentions_of"]
