"""The change of shift on the page Duty: who goes hands the note over, and somebody else reads it and takes over."""

import json

from tests.console.conftest import Enter
from xstock_node.domain.rights import Role

TAKE = "I have read it and take over"


async def test_a_shift_changes_hands_by_two_people_on_the_page(console: Enter) -> None:
    ana, boris = await console(Role.DUTY_OFFICER), await console(Role.DUTY_OFFICER, name="boris")
    assert TAKE not in (await boris.get("/duty")).html
    given = await ana.post("/duty", {"act": "hand_over", "hours": "12"})
    assert given.status == 303, given.html[:500]
    waiting = json.loads((await boris.get("/duty.json")).html)
    (one,) = waiting["hand_overs"]
    assert (one["given_by"], one["taken_by"]) == ("ana", "") and waiting["handed"][0]["words"].startswith("Hand-over")
    assert TAKE in (await boris.get("/duty")).html
    form = {"act": "take_over", "id": one["id"], "sha256": one["sha256"]}
    alone = await ana.post("/duty", form)
    assert alone.status == 403 and "somebody else than who handed over" in alone.html
    assert (await boris.post("/duty", form)).status == 303
    shown = await ana.get("/duty")
    assert "boris" in shown.html and TAKE not in shown.html
