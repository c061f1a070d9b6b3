"""The map's page: what is offered, needed and under way, by place; its twin and tables, and an operator's outlines."""

import csv
import io
import json
from typing import Any

import pytest

from tests.api.conftest import Desk
from tests.api.test_operations import asked, bound
from tests.console.conftest import BG, HR, Enter, Reader
from xstock_node.console.ground import OWN
from xstock_node.domain.rights import Role

TENT = "HSHETENTF16C"


async def twin(reader: Reader, query: str = "") -> Any:
    """The page as JSON."""
    return json.loads((await reader.get(f"/map.json{query}")).html)


async def test_offers_needs_and_operations_stand_where_they_are(console: Enter, desks: dict[str, Desk]) -> None:
    await asked(desks, "50", place="Vidin")
    reader = await console(Role.DUTY_OFFICER)
    view = await twin(reader)
    places = {(one["node"], one["place"]): one for one in view["places"]}
    offer, own = places[HR, "Wien"], places[BG, ""]
    assert (offer["latitude"], offer["longitude"], offer["offered"], offer["ready_hours"]) == (48.2, 16.4, "1", 24)
    assert (own["own"], own["offered"], own["needed"]) == (True, "0", "1"), "in the middle of Bulgaria"
    assert 41 < own["latitude"] < 44 and 22 < own["longitude"] < 29
    [trip] = view["trips"]
    assert view["places"][trip["start"]]["node"] == HR and view["places"][trip["end"]]["node"] == BG
    assert trip["way"] == "asked" and trip["goods"].startswith("50 pcs ")
    other = await twin(await console(Role.DUTY_OFFICER, at=HR))
    assert [one["node"] for one in other["places"]] == [HR] and other["unplaced"] == 1, "nobody knows where it is"


async def test_one_item_is_told_in_quantities_and_its_unit(console: Enter, desks: dict[str, Desk]) -> None:
    await bound(desks, 50)
    reader = await console(Role.DUTY_OFFICER)
    view = await twin(reader, f"?item={TENT}")
    assert view["unit"] == "H87" and view["items"][0] == TENT
    assert (view["places"][0]["node"], view["places"][0]["offered"]) == (HR, "1000")
    assert [one["way"] for one in view["trips"]] == ["promised"]
    shown = await reader.get(f"/map?item={TENT}")
    assert shown.status == 200 and "1,000" in shown.html and "svg" in shown.html
    found = await reader.get(f"/map.csv?table=places&item={TENT}")
    rows = list(csv.reader(io.StringIO(found.html.removeprefix("\ufeff"))))
    assert rows[1][3] == "1000"


@pytest.mark.parametrize("query", ["?item=NONE", "?item=%22%3E%3Cscript%3E", "?exercise=true"])
async def test_a_map_of_nothing_says_so(console: Enter, query: str) -> None:
    shown = await (await console(Role.VIEWER)).get(f"/map{query}")
    assert shown.status == 200 and "<script>" not in shown.html
    assert ("EXERCISE" in shown.html) == ("exercise" in query)


async def test_exercises_and_real_operations_never_stand_on_one_map(console: Enter, desks: dict[str, Desk]) -> None:
    await asked(desks, "50")
    reader = await console(Role.DUTY_OFFICER)
    assert (await twin(reader, "?exercise=true"))["trips"] == []
    assert len((await twin(reader))["trips"]) == 1


async def test_the_operator_s_outlines_are_served_and_a_broken_file_is_told(
    console: Enter, desks: dict[str, Desk]
) -> None:
    reader, home = await console(Role.VIEWER), desks[BG].office.home
    assert (await reader.get("/outlines.json")).status == 404
    square = [[[15, 42], [25, 42], [25, 50], [15, 50], [15, 42]]]
    own = {"type": "FeatureCollection", "features": [{"geometry": {"type": "Polygon", "coordinates": square}}]}
    (home / OWN).write_text(json.dumps(own), "utf-8")
    assert 'data-outlines="/outlines.json"' in (await reader.get("/map")).html
    assert json.loads((await reader.get("/outlines.json")).html) == own
    assert (await (await console()).get("/outlines.json")).status == 401, "not to strangers"
    (home / OWN).write_text("not this", "utf-8")
    shown = await reader.get("/map")
    assert (
        "cannot be used" in shown.html and "<svg" in shown.html and (await reader.get("/outlines.json")).status == 404
    )


@pytest.mark.parametrize("path", ["/peers", "/countries", "/desk"])
async def test_pages_carry_their_pictures_with_a_table(console: Enter, desks: dict[str, Desk], path: str) -> None:
    await asked(desks, "50")
    shown = await (await console(*Role)).get(path)
    assert 'class="picture"' in shown.html and "The same as a table" in shown.html


async def test_an_operation_shows_how_much_came_through(console: Enter, desks: dict[str, Desk]) -> None:
    case = await bound(desks, 50)
    shown = await (await console(Role.DUTY_OFFICER)).get(f"/operation?case={case.case}")
    assert "From asked to received" in shown.html and "not sent yet" in shown.html
