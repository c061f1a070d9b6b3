"""What verbs print: no character of a stranger moves the cursor; a defect is told as one."""

import json
import sys

import pytest

from xstock_node.cli import output as under_test
from xstock_node.protocol import records
from xstock_node.services.typed import UNSAFE, clean

NASTY = "Red\x1b[2J\u202eCross\nsecond\tcell\u2066\x9b"


def test_no_cell_carries_control_or_direction_characters() -> None:
    for shown in (
        under_test.table(("name",), [(NASTY,)]),
        under_test.pairs([("name", NASTY)]),
        under_test.words("test", "{name}", name=NASTY),
    ):
        assert not UNSAFE.search(shown.replace("\n", "")) and "second cell" in shown
    assert under_test.table(("name",), [(NASTY,)]).count("\n") == 1


def test_what_is_clean_here_can_be_said_in_a_record() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert not records._UNSAFE.search(clean(every))


@pytest.mark.parametrize("as_json", [True, False])
def test_a_defect_has_its_own_exit_code_and_is_json_too(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        under_test.fail(KeyError("boom"), as_json)
    said = capsys.readouterr()
    assert ended.value.code == 70 and "KeyError" in said.err
    if as_json:
        assert json.loads(said.out)["error"]["code"] == "defect"
