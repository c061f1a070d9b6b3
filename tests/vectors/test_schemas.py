"""The schemas of `protocol/schemas` are those of the types."""

import json

from tests.vectors.schemas import FOLDER, PAGE, page, schemas
from xstock_node.domain.operations import BY_VERB
from xstock_node.domain.steps import BODIES


def test_the_schemas_do_not_drift_from_the_types() -> None:
    made = schemas()
    assert set(made) == {path.name for path in FOLDER.glob("*.json")}
    differ = [name for name, text in made.items() if (FOLDER / name).read_text("utf-8") != text]
    assert not differ, "run python -m tests.vectors.schemas"


def test_each_schema_is_json_with_words_and_no_python() -> None:
    for name, text in schemas().items():
        schema = json.loads(text)
        assert schema["title"] == name.removesuffix(".json")
        assert "(?!" not in text


# xs1 16.21
def test_the_page_of_operations_does_not_drift_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python -m tests.vectors.schemas"


# xs1 16.20
def test_every_step_of_the_table_has_a_schema_and_no_other() -> None:
    defined = json.loads((FOLDER / "steps.json").read_text("utf-8"))["$defs"]
    assert {name for name in defined if "$ref" in defined[name]} == set(BY_VERB) == set(BODIES)
