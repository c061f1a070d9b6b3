"""Every act has its hash in the audit log: who, what, about what and why cannot be changed unseen."""

from tests.api.conftest import BG, HR, Desk
from xstock_node.domain.rights import Role
from xstock_node.services.accounting import hash_acts
from xstock_node.storage.values import Act

ASK = {"to": [HR], "lines": [{"item": "HSHETENTF16C", "quantity": "5"}]}


async def acts_hold(desk: Desk) -> bool:
    _, found, _ = await desk.ask("GET", "/logs/verify")
    rows = [row for row in found if row["log"] == "acts"]
    assert all(not row["holds"] and "op.offer" in row["why"] for row in rows)
    return not rows


async def test_acts_are_hashed_and_one_that_was_added_or_changed_is_found(desk: Desk) -> None:
    token = await desk.hire("ana", Role.DUTY_OFFICER, Role.NODE_ADMIN)
    await desk.ask("POST", "/requests", token, json=ASK)
    await desk.ask("POST", "/people", token, json={"name": "boris", "role": "viewer"})
    engine = desk.office.node.engine
    assert await hash_acts(desk.office) == 0
    desk.net.clocks[BG].offset += 3600
    assert await hash_acts(desk.office) >= 3 and await hash_acts(desk.office) == 0
    found = await engine.read(lambda tx: tx.acts.last(9))
    assert [act.verb for act in found][::-1] == ["request.new", "op.request", "user.role"]
    assert all(act.actor.startswith("ana by") for act in found)
    assert await acts_hold(desk)
    forged = Act(found[0].at, "ana by loopback", "op.offer", "aaaaaaaaaaaaaaaa bbbb", "")
    await engine.write(lambda tx: tx.acts.add(forged), durable=True)
    assert not await acts_hold(desk)
