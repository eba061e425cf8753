"""Roles as one writes them in a command."""

import pytest
import typer

from gnatwork_cli.role_flags import parse_roles, roles_text
from gnatwork_schemas.people import Role


def test_roles_by_namespace_and_for_all() -> None:
    assert parse_roles(["team=editor", "viewer", "other=admin", "team=editor"]) == {
        "team": Role.EDITOR,
        "*": Role.VIEWER,
        "other": Role.ADMIN,
    }
    assert roles_text(parse_roles(["team=editor", "*=viewer"])) == "*=viewer, team=editor"
    assert roles_text({}) == "none"


@pytest.mark.parametrize("texts", [["owner"], ["team="], ["=admin"], ["team=viewer", "team=admin"], [""]])
def test_what_is_no_role(texts: list[str]) -> None:
    with pytest.raises(typer.BadParameter):
        parse_roles(texts)
