"""The outlook of a need before anybody is asked: who could serve it, what is unknown, and that nothing was kept."""

import json

from tests.api.conftest import BG, HR, Desk
from tests.api.test_planning import reached
from xstock_node.domain.rights import Role

TENT = "HSHETENTF16C"


async def test_offers_that_could_serve_come_with_what_is_unknown(desks: dict[str, Desk]) -> None:
    desk = desks[BG]
    await reached(desk, HR)
    token = await desk.hire("ana", Role.VIEWER)
    now = desk.office.node.clock.now()
    need = {"lines": [{"item": TENT, "quantity": "300"}], "place": "Vidin", "country": "BG", "needed_by": now + 86_400}
    status, found, _ = await desk.ask("POST", "/requests/outlook", token, json=need)
    assert status == 200, found
    (row,) = found["rows"]
    assert (row["node"], row["quantity"], row["serves"], row["line"]) == (HR, "1000", "300", 1)
    assert row["arrive"] is None and row["late_hours"] is None, "no profile knows the road"
    assert row["kg"] is not None and row["why"] == "" and any("road" in said for said in found["said"])
    assert (await desk.ask("GET", "/requests", token))[1] == []


async def test_an_offer_that_cannot_serve_says_why_and_comes_last(desks: dict[str, Desk]) -> None:
    desk = desks[BG]
    await reached(desk, HR)
    need = {"lines": [{"item": TENT, "quantity": "5"}], "place": "Vidin", "terms": ["cost-recovery"]}
    _, found, _ = await desk.ask("POST", "/requests/outlook", json=need)
    assert found["rows"] and all(row["why"] and not row["serves"] for row in found["rows"])


async def test_an_outlook_refuses_what_a_request_would(desks: dict[str, Desk]) -> None:
    for lines in ([], [{"item": "NO-SUCH", "quantity": "5"}], [{"item": TENT, "quantity": "many"}]):
        status, found, _ = await desks[BG].ask("POST", "/requests/outlook", json={"lines": lines})
        assert status in (400, 404, 422), json.dumps(found)
