"""Who may ask what: every role at every route and every step, made from the routes and the table; denied by default."""

from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk
from xstock_node.api.routes import ROUTES
from xstock_node.domain.duty import Roster, Weekly
from xstock_node.domain.operations import STEPS, Step
from xstock_node.domain.rights import ALL, OPEN, RIGHTS, Grant, Role, rights_of, sites_of
from xstock_node.services import operating
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor
from xstock_node.services.operating import StepRequest
from xstock_node.services.people import ROSTER, THE_ROSTER
from xstock_node.services.requesting import NewRequest, new_request


async def test_a_role_reaches_the_routes_of_its_rights_and_no_other(desk: Desk) -> None:
    always = Roster(duty=(Weekly(person=f"ana-{Role.NIGHT_DEPUTY}", role=Role.NIGHT_DEPUTY),))
    await desk.office.node.engine.write(lambda tx: ROSTER.put(tx, THE_ROSTER, always, 0), durable=True)
    for role in Role:
        token = await desk.hire(f"ana-{role}", role)
        for route in ROUTES:
            body = b"not json" if route.method == "POST" else None
            status, found, _ = await desk.ask(route.method, route.path, token, data=body)
            refused = status == 403 and found["error"]["expected"] == f"a person who may {route.right}"
            assert refused == (route.right not in RIGHTS[role] | {OPEN}), (route.name, role, status, found)


async def test_who_has_no_role_or_an_unknown_token_reaches_nothing(desk: Desk) -> None:
    nobody = await desk.hire("nobody")
    for route in ROUTES:
        for token in (nobody, "xs_unknown", ""):
            status, _, _ = await desk.ask(route.method, route.path, token)
            assert status == (400 if route.right == OPEN else 403), route.name
    assert [route.name for route in ROUTES if route.right == OPEN] == ["user.enter"]


async def test_the_scope_of_a_token_narrows_what_its_person_may(desk: Desk) -> None:
    actor = Actor("ana", "test", (Grant(role=Role.DUTY_OFFICER),), frozenset({"see"}))
    assert operating.people.may(actor, "see", 1) and not operating.people.may(actor, "ask", 1)


async def test_a_step_is_taken_by_whom_its_right_names(two: dict[str, Any]) -> None:
    """Rights come before the guards: who lacks the right is told so, whatever the fields say."""
    operating.check = lambda *asked: two["body"]  # type: ignore[assignment]
    sent: list[str] = []

    async def send(office: Any, actor: Any, row: Any, draft: Any, pending: str = "") -> Any:
        sent.append(draft.verb)

    operating.send = send  # type: ignore[assignment]
    for step in STEPS:
        for role in [*Role, None]:
            await _judge(two, step, role, sent)


async def _judge(two: dict[str, Any], step: Step, role: Role | None, sent: list[str]) -> None:
    office = two[step.side or "requester"]
    actor = Actor("ana", "test", (Grant(role=role),) if role else ())
    holds = role is not None and step.right in RIGHTS[role]
    writes = role is not None and "answer" in RIGHTS[role] and step.verb in ("offer", "standby", "amended")
    sent.clear()
    try:
        result = await operating.take_step(office, actor, StepRequest(case=two["case"], step=step.verb))
    except Refusal as refused:
        assert refused.code == "forbidden" and not holds and not writes, (step.verb, role)
        return
    assert holds or writes, (step.verb, role)
    assert sent == [step.verb] or result.missing == ["release"], (step.verb, role)


@pytest.fixture
async def two(desks: dict[str, Desk], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Both offices of one case; what a test replaces in `operating` is put back."""
    monkeypatch.setattr(operating, "check", operating.check)
    monkeypatch.setattr(operating, "send", operating.send)
    asker = desks[BG].office
    made = await new_request(
        asker, Actor("ana", "test"), NewRequest(to=[HR], lines=[Asked(item="HSHETENTF16C", quantity="5")])
    )
    case = made.operations[0].case
    for _ in range(200):
        if await desks[HR].office.node.engine.read(lambda tx: tx.cases.get(case)):
            break
        await __import__("asyncio").sleep(0.02)
    body = operating.steps.Promise(lines=(operating.steps.Line(item="HSHETENTF16C", unit="H87", qty=(5, 0)),))
    return {"requester": asker, "supplier": desks[HR].office, "case": case, "body": body}


def test_every_right_of_the_table_belongs_to_a_role_and_a_role_at_a_site_holds_there_alone() -> None:
    assert {step.right for step in STEPS} <= ALL
    at_home = (Grant(role=Role.STOCK_OWNER, sites=("Zagreb",)),)
    assert rights_of(at_home, 1) == frozenset() and "release" in rights_of(at_home, 1, "Zagreb")
    assert rights_of(at_home, 1, "Split") == frozenset()
    assert sites_of(at_home, "release", 1) == {"Zagreb"} and sites_of(at_home, "ask", 1) == frozenset()
    assert sites_of((Grant(role=Role.STOCK_OWNER),), "release", 1) is None
    waits = (Grant(role=Role.APPROVER, effective=10),)
    assert rights_of(waits, 9) == frozenset() and "approve" in rights_of(waits, 10)
