"""What later versions bring is refused by name."""

from support.definitions import compiled, faults_of, noop


def test_a_workflow_that_is_a_program_is_refused_without_further_faults() -> None:
    ((pointer, code, message),) = faults_of({"script": "export default 1", "entry": "main", "wrong": 1})
    assert (pointer, code) == ("/script", "definition.not_supported")
    assert "another dialect" in message


def test_the_native_words_alone_are_fine() -> None:
    assert len(compiled({"steps": [noop("a"), noop("b")]}).blocks) == 2
