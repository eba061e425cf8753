from support.definitions import compiled, faults_of, noop, places_of

from gnatwork_schemas.names import RESERVED_ROOTS


def test_an_id_names_one_block() -> None:
    ((pointer, code, message),) = faults_of({"blocks": [noop("a"), noop("b"), noop("a")]})
    assert (pointer, code) == ("/blocks/2/id", "definition.duplicate_id")
    assert message == "`a` is the id of /blocks/0 already"


def test_ids_are_case_sensitive() -> None:
    assert [block.id for block in compiled({"blocks": [noop("a"), noop("A"), noop("0-_")]}).blocks] == ["a", "A", "0-_"]


def test_a_root_of_templates_is_no_id() -> None:
    for root in RESERVED_ROOTS:
        assert places_of({"steps": [noop("a"), noop(root)]}) == [("/steps/1/id", "definition.reserved_id")]
