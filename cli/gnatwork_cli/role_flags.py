"""Roles as one writes them in a command: `team=editor`, and `*=admin` for all namespaces."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from gnatwork_schemas.people import EVERYWHERE, Role

RoleArguments = Annotated[
    list[str],
    typer.Argument(
        help="Their roles, e.g. `team=editor`; `viewer`, `editor` or `admin` alone is for all namespaces.",
        metavar="[NAMESPACE=]ROLE...",
    ),
]


def parse_roles(texts: Sequence[str]) -> dict[str, Role]:
    """`["team=editor", "viewer"]` as a mapping by namespace; typer.BadParameter for anything else."""
    roles: dict[str, Role] = {}
    for text in texts:
        namespace, separator, role = text.rpartition("=")
        if separator and not namespace:
            raise typer.BadParameter(f"{text}: write NAMESPACE=ROLE")
        if role not in list(Role):
            raise typer.BadParameter(f"{text}: a role is one of {', '.join(Role)}")
        if roles.setdefault(namespace or EVERYWHERE, Role(role)) is not Role(role):
            raise typer.BadParameter(f"{text}: there is another role for the same namespace")
    return roles


def roles_text(roles: Mapping[str, Role]) -> str:
    """Roles as a line."""
    return ", ".join(f"{namespace}={role}" for namespace, role in sorted(roles.items())) or "none"
