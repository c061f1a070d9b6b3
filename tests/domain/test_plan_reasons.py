"""Every reason that planning gives has a sentence, and every sentence is given somewhere."""

import re
from pathlib import Path

import xstock_node.domain.plan_reasons as room
from xstock_node.domain.plan_reasons import PLAN_MESSAGES, sentence
from xstock_node.domain.reasons import MESSAGES, Reason

FOLDER = Path(room.__file__).parent
ROOMS = ("needs", "fairness", "routes", "allocation_words", "allocation", "plan_basis", "plan_lanes", "plan_sources")
SERVICES = [FOLDER.parent / "services" / name for name in ("planning.py", "plan_views.py")]
PLANNING = [*(FOLDER / f"{name}.py" for name in ROOMS), *SERVICES]
CODE = re.compile(r'Reason\(\s*"(\w+)"')


def test_every_code_of_planning_has_a_sentence_and_every_sentence_a_code() -> None:
    given = {code for path in PLANNING for code in CODE.findall(path.read_text("utf-8"))}
    given |= {"worked_once", "worked_days", "share_whole", "share_as_far", "solver_missing", "solver_off"}
    given |= {"left_unit", "left_condition", "left_terms", "left_figures"}
    given -= set(MESSAGES)
    refused = CODE.findall((FOLDER / "allocation_choices.py").read_text("utf-8"))
    given |= {f"refused_{code}" for code in refused}
    assert given == set(PLAN_MESSAGES)
    assert not set(PLAN_MESSAGES) & set(MESSAGES)


def test_stock_s_own_reasons_are_said_too_and_an_unknown_one_as_it_is() -> None:
    assert sentence(Reason("blood")) == MESSAGES["blood"]
    assert sentence(Reason("nothing_like_this")) == "nothing_like_this"
