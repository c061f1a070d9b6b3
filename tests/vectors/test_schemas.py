"""The schemas of `protocol/schemas` are those of the types."""

import json

from tests.vectors.schemas import FOLDER, schemas


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
