"""A centre in Central Asia: a warning in three languages, counters of an earthquake, and a file that another reads.

Names are Kazakh, Kyrgyz and Russian; what a spreadsheet or another node reads back is what was noted.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port
from tests.story.town_node import TownNode, warn
from tests.story.two_nodes import run

EVENT = "EQ-2027-000021-KAZ"
TITLE = "Шығыс Қазақстандағы жер сілкінісі"
OBLAST, ISSYK = "Шығыс Қазақстан облысы", "Ысык-Көл облусу"
SOURCE = "Төтенше жағдайлар министрлігі; МЧС «Сводка №1»"


class Centre:
    """The centre in Almaty, and a partner's node with nothing in it."""

    def __init__(self, folder: Path) -> None:
        more = '[alerts]\ncountries = []\nareas = ["KZ-63"]\n'
        self.door = TownNode(folder, "centre.kz", "KZ", ("kk", "ky", "ru"), more)
        self.node = self.door.node
        self.other = NodeProcess(folder, "partner.kg", free_port(), country="KG", languages=("ky",))

    def note(self, date: str, area: str, name: str, *figures: str) -> Any:
        said = [word for one in figures for word in ("--figure", one)]
        head = ("--area", area, "--area-name", name, "--date", date, "--source", SOURCE, "--title", TITLE)
        return run(self.node, "impact", "note", EVENT, *head, *said, "--currency", "KZT")

    def export(self, node: NodeProcess, *words: str) -> str:
        return str(run(node, "impact", "export", EVENT, *words)["text"])


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(tmp_path)
    made.node.start()
    made.other.start()
    yield made
    made.node.stop()
    made.other.stop()


@pytest.mark.heavy
def test_a_warning_and_counters_of_an_earthquake_in_three_languages(centre: Centre, tmp_path: Path) -> None:
    warn(centre.node, tmp_path, "quake", "KZ-63", {"kk": "Жер сілкінісі", "ky": "Жер титирөө", "ru": "Землетрясение"})
    for language, said in (("kk", "Жер сілкінісі"), ("ky", "Жер титирөө"), ("ru", "Землетрясение")):
        assert [one["event"] for one in run(centre.node, "alert", "list", "--language", language)] == [said]

    centre.note("2027-03-28", "KZ-63", OBLAST, "deaths=3", "injured=140", "missing=unknown", "loss=1250000.50")
    centre.note("2027-03-28", "KG-Y", ISSYK, "injured=25", "dwellings_damaged=412", "schools=2")
    shown = centre.note("2027-03-29", "KZ-63", OBLAST, "deaths=4", "missing=2")
    standing = {(one["area"], one["counter"]): one["figure"] for one in shown["counters"]}
    assert standing["KZ-63", "deaths"] == "4" and standing["KZ-63", "injured"] == "140"
    assert standing["KZ-63", "missing"] == "2" and ("KG-Y", "deaths") not in standing
    assert [one["figures"].get("deaths") for one in shown["history"]] == ["4", None, "3"]

    told = centre.export(centre.node, "--hxl")
    rows = list(csv.reader(io.StringIO(told)))
    assert rows[1][rows[0].index("deaths")] == "#affected+killed" and rows[1][0] == "#crisis+code"
    deaths = [row[rows[0].index("deaths")] for row in rows[2:]]
    assert "<10" in deaths and "4" not in deaths and OBLAST in told and ISSYK in told and SOURCE in told

    file = tmp_path / "counters.csv"
    run(centre.node, "impact", "export", EVENT, "--hxl", "--own", "--out", str(file))
    run(centre.node, "impact", "export", EVENT, "--own", "--out", str(file), fails=1)
    assert run(centre.other, "impact", "import", str(file))["kept"] == 3
    assert run(centre.other, "impact", "import", str(file)) == {"events": [EVENT], "kept": 0, "known": 3}
    ours, theirs = (run(node, "impact", "show", EVENT) for node in (centre.node, centre.other))
    assert theirs["counters"] == ours["counters"] and theirs["title"] == TITLE
    assert centre.export(centre.other, "--own", "--hxl") == file.read_text("utf-8")
    assert '"figure": "412"' in centre.export(centre.other, "--format", "json")

    file.write_text(file.read_text("utf-8").replace("412", "many"), "utf-8")
    run(centre.other, "impact", "import", str(file), fails=2)
    assert run(centre.other, "impact", "show", EVENT)["counters"] == ours["counters"], "all of a file, or nothing"
