"""A loan from the offer to the count by the forms of the operation's page alone, each filled as a person would."""

import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.api.conftest import Desk
from tests.api.test_operations import Case, asked
from tests.api.test_outlook import TENT
from tests.console.conftest import BG, HR, Enter, Reader
from xstock_node.console.asked import local_moment
from xstock_node.domain.rights import Role

EVERYBODY = tuple(role for role in Role if role is not Role.NIGHT_DEPUTY)
GOODS = f"lines.{TENT}.qty"


class Sides:
    """Both sides of one operation, each at its own page."""

    def __init__(self, case: Case, readers: dict[str, Reader]) -> None:
        self.case, self.readers, self.sent = case, readers, 0

    async def page(self, who: str) -> str:
        return (await self.readers[who].get(f"/operation?case={self.case.case}")).html

    async def step(self, who: str, verb: str, expect: int = 303, **fields: Any) -> str:
        """Fill in a form of the page that shows it, and send it."""
        shown = await self.page(who)
        assert f'name="step" value="{verb}"' in shown, verb
        self.sent += 1
        form = {"act": "step", "once": f"step-{self.sent:08}", "case": self.case.case, "step": verb}
        answered = await self.readers[who].post(f"/operation?case={self.case.case}", form | fields)
        assert answered.status == expect, (verb, re.sub(r"<[^>]+>", " ", answered.html.partition("<main")[2])[:900])
        return answered.html


@pytest.fixture
async def sides(desks: dict[str, Desk], console: Enter) -> Sides:
    case = await asked(desks, "50")
    return Sides(case, {name: await console(*EVERYBODY, at=name) for name in (BG, HR)})


async def test_a_loan_by_forms_alone(sides: Sides, desks: dict[str, Desk]) -> None:
    case = sides.case
    await sides.step(HR, "offer", **{GOODS: "50", "terms": "loan", "hold_until": "2030-01-01T12:00"})
    await case.until(BG, "offered")
    await sides.step(BG, "accept", terms="loan", place="Vidin", due="2027-06-30")
    await case.until(HR, "confirmed")
    road = {"consignment": "c1", "crossings": "Gradina", "day": "2027-03-30", "vehicle": "ZG 1234-AB"}
    await sides.step(HR, "stage", **road)
    staged = await case.until(BG, "confirmed", "stage")
    (fields,) = [step["fields"] for step in staged["timeline"] if step["verb"] == "stage"]
    assert re.fullmatch("[0-9a-f]{64}", fields["vehicle"]) and "1234" not in str(fields), "a plate is in no step"
    shown = await sides.page(BG)
    assert 'name="crossing" value="Gradina"' in shown and 'name="consignment" value="c1"' in shown
    lit = {"consignment": "c1", "crossing": "Gradina", "day": "2027-03-30", "valid_until": "2030-01-01T12:00"}
    await sides.step(BG, "green-light", **lit)
    held = await case.until(HR, "confirmed", "green-light")
    assert held["timeline"][-1]["fields"]["vehicle"] == fields["vehicle"], "the light is for the vehicle as staged"
    await sides.step(HR, "clear", consignment="c1", seal="HR-1, HR-2")
    await sides.step(HR, "dispatch", **{GOODS: "50"}, consignment="c1", crossing="Gradina", day="2027-03-30")
    await case.until(BG, "dispatched")
    counts = {f"counts.{TENT}.good": "48", f"counts.{TENT}.damaged": "2"}
    await sides.step(BG, "received", consignment="c1", **counts)
    found = await case.until(HR, "received")
    assert found["counters"][0]["figures"] == found["counters"][0]["figures"] | {"received": "48", "damaged": "2"}


async def test_figures_that_cannot_be_are_refused_and_stay(sides: Sides) -> None:
    fine = {"terms": "loan", "hold_until": "2030-01-01T12:00", "note": "бележка"}
    half = await sides.step(HR, "offer", 422, **fine | {GOODS: "1,5"})
    assert "whole ones for pieces" in half and "бележка" in half and 'value="1,5"' in half
    gone = await sides.step(HR, "offer", 422, **fine | {GOODS: "5", "hold_until": "2027-03-28T02:30"})
    assert "the clocks go forward" in gone and "бележка" in gone


async def test_pieces_with_a_mark_have_one_reading(sides: Sides) -> None:
    await sides.step(HR, "offer", **{GOODS: "1.200", "terms": "loan", "hold_until": "2030-01-01T12:00"})
    _, (waits,), _ = await sides.case.desks[HR].ask("GET", "/operations/pending")
    assert waits["fields"]["lines"][0]["qty"] == [12, 2], "twelve hundred, of which a second person has to know"


@pytest.mark.parametrize("typed", ["", "morgen", "2027-13-01T00:00", "0001-01-01T00:00", "2027-03-28T02:30"])
def test_a_moment_that_is_none_has_a_doubt(typed: str) -> None:
    assert local_moment(typed, ZoneInfo("Europe/Belgrade")).doubt
