"""What people are told of each step: every field of every type has a type in words and a sentence, and no more."""

import json
from pathlib import Path

import msgspec
import pytest

from xstock_node.domain import step_fields, steps
from xstock_node.domain.operations import STEPS
from xstock_node.domain.rights import RIGHTS, Role
from xstock_node.domain.step_fields import SENTENCES, rows

SCHEMA = json.loads((Path(__file__).parents[2] / "protocol" / "schemas" / "steps.json").read_text("utf-8"))
KINDS = [*dict.fromkeys(steps.BODIES.values()), *steps.Part.__subclasses__()]


def test_every_field_has_one_sentence_and_no_sentence_is_left_over() -> None:
    used = set()
    for kind in KINDS:
        for field in msgspec.structs.fields(kind):
            own = f"{kind.__name__}.{field.name}"
            used.add(own if own in SENTENCES else field.name)
            assert step_fields.meaning(kind, field.name).endswith("."), own
    assert used == set(SENTENCES)


def test_the_sentences_stand_in_the_published_schema() -> None:
    for kind in KINDS:
        for field in msgspec.structs.fields(kind):
            found = SCHEMA["$defs"][kind.__name__]["properties"][field.name]
            assert found["description"] == step_fields.meaning(kind, field.name)


def test_rows_are_the_table_with_its_rights_and_fields() -> None:
    for row, step in zip(rows(), STEPS, strict=True):
        assert (row.step, row.right, row.papers) == (step.verb, step.right, list(step.papers))
        assert set(row.roles) == {role for role in Role if step.right in RIGHTS[role]}
        named = [field.name.partition(".")[0].removesuffix("[]") for field in row.fields]
        assert set(named) == {field.name for field in msgspec.structs.fields(steps.BODIES[step.verb])}


@pytest.mark.parametrize(
    ("verb", "field", "type_"),
    [
        ("offer", "hold_until", "time"),
        ("offer", "terms", "list of one of loan, donation, replacement, cost-recovery"),
        ("offer", "lines[]", "list"),
        ("offer", "lines[].crew", "group"),
        ("offer", "lines[].crew.persons", "whole number"),
        ("accept", "due", "day"),
        ("lost", "leg", "one of out, loan, back"),
        ("stage", "units[].lines[].qty", "quantity"),
        ("stage", "units[].kg", "quantity"),
        ("stage", "countries", "list of country"),
        ("ask", "digits", "text"),
        ("close", "filed", "yes or no"),
    ],
)
def test_a_type_is_said_in_words(verb: str, field: str, type_: str) -> None:
    found = {one.name: one.type for one in rows([verb])[0].fields}
    assert found[field] == type_


def test_a_step_that_the_table_has_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        rows(["teleport"])
