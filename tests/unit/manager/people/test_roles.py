"""Roles: what includes what, and how much of some is within others."""

import pytest

from gnatwork_schemas.people import Role, covers, role_in, within

V, E, A = Role.VIEWER, Role.EDITOR, Role.ADMIN


def test_each_role_includes_those_before_it() -> None:
    assert [[one.includes(other) for other in Role] for one in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ({}, None),
        ({"other": A}, None),
        ({"here": V}, V),
        ({"*": E}, E),
        ({"*": V, "here": A}, A),
        ({"*": A, "here": V}, A),
    ],
)
def test_the_larger_of_two_roles_counts(roles: dict[str, Role], role: Role | None) -> None:
    assert role_in(roles, "here") is role


@pytest.mark.parametrize(
    ("roles", "bounds", "left"),
    [
        ({"*": A}, {"*": A}, {"*": A}),
        ({"*": A}, {"a": E}, {"a": E}),
        ({"a": E}, {"*": V}, {"a": V}),
        ({"a": E}, {"b": A}, {}),
        ({"*": V, "a": A}, {"*": E, "b": A}, {"*": V, "a": E, "b": V}),
        ({"a": A}, {}, {}),
    ],
)
def test_what_is_left_of_roles_within_others(
    roles: dict[str, Role], bounds: dict[str, Role], left: dict[str, Role]
) -> None:
    found = within(roles, bounds)
    assert found == left
    assert covers(bounds, found)
    assert covers(roles, found)


def test_roles_cover_no_more_than_they_are() -> None:
    assert covers({"*": E}, {"a": E, "*": V})
    assert covers({"a": A}, {})
    assert not covers({"a": A}, {"*": V})
    assert not covers({"a": E}, {"a": A})
    assert not covers({"a": A}, {"a": V, "b": V})
