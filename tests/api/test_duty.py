"""Duty and notice: at 03:00 a request reaches who has duty by a real mail, then the next, until somebody takes it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from xstock_mail.mail import Mail

from tests.api.conftest import BG, HR, Desk
from tests.api.test_operations import Case, asked
from tests.mailbox import Mailbox
from xstock_node.domain.rights import Role
from xstock_node.i18n import catalogue
from xstock_node.plugins import Notice, NotifierContext, Registry, Undeliverable, calls
from xstock_node.services.notifying import MOST, OUTBOX, Notifying, duty_findings
from xstock_node.services.office import Office
from xstock_node.services.people import PEOPLE
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine

ZONE = ZoneInfo("Europe/Zagreb")
ROSTER = """
zone = "Europe/Zagreb"
[[duty]]
person = "ivan"
role = "duty-officer"
begins = "00:00"
ends = "08:00"
[[duty]]
person = "eva"
role = "night-deputy"
begins = "20:00"
ends = "08:00"
[[duty]]
person = "day"
role = "duty-officer"
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
begins = "08:00"
ends = "20:00"
[languages]
eva = "hr"
"""
PEOPLE_OF = {"ivan": Role.DUTY_OFFICER, "day": Role.DUTY_OFFICER, "eva": Role.NIGHT_DEPUTY, "root": Role.NODE_ADMIN}


class Night(NamedTuple):
    """Croatia at 03:00, with a roster, a mailbox and its people's tokens."""

    desks: dict[str, Desk]
    box: Mailbox
    tokens: dict[str, str]

    @property
    def desk(self) -> Desk:
        return self.desks[HR]

    def later(self, minutes: float) -> None:
        """Both nodes' clocks move on."""
        for clock in self.desk.net.clocks.values():
            clock.offset += int(minutes * 60)

    def until_hour(self, hour: int) -> None:
        """Both nodes' clocks move on to an hour of Zagreb."""
        now = datetime.fromtimestamp(self.desk.office.node.clock.now(), ZONE)
        self.later(((hour - now.hour) % 24) * 60 - now.minute)

    async def look(self) -> list[tuple[str, str]]:
        """One look of a node that has just been started anew; who got a mail in it, and of what kind."""
        before = len(self.box.mails)
        await Notifying(self.desk.office).look()
        fresh = self.box.mails[before:]
        return sorted((mail["To"].partition("@")[0], mail["Subject"]) for mail in fresh)

    async def queue(self) -> list[Any]:
        return (await self.desk.ask("GET", "/duty/queue"))[1]  # type: ignore[no-any-return]

    async def read(self, work: Callable[[Transaction], Any]) -> Any:
        return await self.desk.office.node.engine.read(work)


def carry(office: Office, notifier: Any) -> None:
    """Let a notifier of this test carry the notices of a node."""
    registry = Registry()
    registry.notifier(notifier)
    office.host.adopt(notifier.name, registry)
    office.host.attach(office.ways, office.home)


@pytest.fixture
async def night(desks: dict[str, Desk], tmp_path: Path) -> AsyncIterator[Night]:
    box, desk = Mailbox(), desks[HR]
    await box.start()
    desk.office.home = tmp_path / "hr"
    (desk.office.home / "plugins").mkdir(parents=True)
    people = "\n".join(f'{name} = "{name}@redcross.example"' for name in PEOPLE_OF)
    settings = f'security = "plain"\nserver = "127.0.0.1"\nport = {box.port}\nsender = "node@redcross.example"\n'
    (desk.office.home / "plugins" / "mail.toml").write_text(f"{settings}[people]\n{people}\n")
    carry(desk.office, Mail())
    tokens = {name: await desk.hire(name, role) for name, role in PEOPLE_OF.items()}
    status, found, _ = await desk.ask("POST", "/duty", json={"content": ROSTER})
    assert status == 200, found
    made = Night(desks, box, tokens)
    made.until_hour(3)
    await _renew_tokens(desk)
    yield made
    await box.stop()


async def _renew_tokens(desk: Desk) -> None:
    """The tokens hold for an hour from when they were made, and the clock was moved since."""
    far = desk.office.node.clock.now() + 30 * 86_400

    def work(tx: Transaction) -> None:
        for person in PEOPLE.list(tx):
            held = tuple(msgspec.structs.replace(token, exp=far) for token in person.tokens)
            PEOPLE.put(tx, person.name, msgspec.structs.replace(person, tokens=held), 0)

    await desk.office.node.engine.write(work, durable=True)


async def test_at_three_who_has_duty_gets_a_mail_then_the_next_until_one_takes_it(night: Night) -> None:
    assert await night.look() == []
    case = await asked(night.desks, "9801")  # a figure that no time and no id of a case holds
    subject, in_evas = "redcross.bg waits for duty officer: asked", catalogue("hr").gettext("asked")
    assert await night.look() == [("ivan", subject)]
    assert await night.look() == [] and await night.look() == []
    night.later(14)
    assert await night.look() == []
    night.later(2)
    ((called, said),) = await night.look()
    assert called == "eva" and said.startswith("redcross.bg ") and said.endswith(f": {in_evas}") and said != subject
    (waiting,) = await night.queue()
    assert waiting["case"] == case.case and waiting["told"] == ["ivan", "eva"] and waiting["taken_by"] == ""
    status, taken, _ = await night.desk.ask("POST", "/duty/take", night.tokens["eva"], json={"id": waiting["id"]})
    assert status == 200 and taken["taken_by"] == "eva"
    for _ in range(4):
        night.later(16)
        assert await night.look() == []
    mail = night.box.to("ivan@redcross.example")[0]
    text = mail.get_content()
    assert case.case in text and f"xstock duty take {waiting['id']}" in text
    assert "9801" not in text and "tent" not in text.lower(), "no figures of stock leave by mail"
    acts = await night.read(lambda tx: [a.verb for _, a in tx.acts.since(0, 1000)])
    assert acts.count("duty.told") == 2 and acts.count("duty.take") == 1


async def test_what_a_person_took_who_left_since_is_called_for_anew_and_what_the_operator_took_is_not(
    night: Night,
) -> None:
    await asked(night.desks)
    assert [name for name, _ in await night.look()] == ["ivan"]
    (waiting,) = await night.queue()
    await night.desk.ask("POST", "/duty/take", night.tokens["eva"], json={"id": waiting["id"]})
    night.later(16)
    assert await night.look() == []
    assert (await night.desk.ask("POST", "/people/remove", json={"name": "eva"}))[0] == 200
    assert [name for name, _ in await night.look()] == ["day", "root"]
    assert (await night.desk.ask("POST", "/duty/take", json={"id": waiting["id"]}))[0] == 200
    for _ in range(3):
        night.later(16)
        assert await night.look() == []


async def test_a_request_of_nobody_s_interest_reaches_all_and_then_rests(night: Night) -> None:
    await asked(night.desks)
    called = []
    for _ in range(6):
        called.append([name for name, _ in await night.look()])
        night.later(16)
    assert called == [["ivan"], ["eva"], ["day", "root"], [], [], []]


async def test_a_mail_server_that_is_down_delays_a_notice_and_sends_it_once(night: Night) -> None:
    await night.box.stop()
    await asked(night.desks)
    assert await night.look() == []
    (waits,) = await night.read(OUTBOX.list)
    assert waits.tries == 1 and waits.error and "@" not in waits.error
    found = {f.check: f for f in await duty_findings(night.desk.office)}
    assert found["notices by mail"].state == "warning" and "ivan" in found["notices by mail"].found
    await night.box.start()
    assert await night.look() == [], "it waits before it tries again"
    night.later(1)
    assert [name for name, _ in await night.look()] == ["ivan"]
    assert await night.look() == [] and await night.read(OUTBOX.list) == []
    assert "notices by mail" not in {f.check for f in await duty_findings(night.desk.office)}


async def test_what_was_sent_before_a_crash_is_sent_again_with_the_same_message_id(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(night.desks)
    write = SqliteEngine.write

    async def crash(self: Any, work: Any, durable: bool = False) -> Any:
        if getattr(work, "__name__", "") == "<lambda>" and night.box.mails:
            raise OSError("the power failed")
        return await write(self, work, durable=durable)

    with monkeypatch.context() as patch, pytest.raises(OSError, match="power"):
        patch.setattr(SqliteEngine, "write", crash)
        await Notifying(night.desk.office).look()
    assert len(night.box.mails) == 1
    await night.look()
    assert len(night.box.mails) == 2 and len({mail["Message-ID"] for mail in night.box.mails}) == 1
    assert await night.look() == []


async def test_what_was_taken_while_the_line_was_down_is_told_to_nobody_afterwards(night: Night) -> None:
    await night.box.stop()
    await asked(night.desks)
    await night.look()
    (waiting,) = await night.queue()
    await night.desk.ask("POST", "/duty/take", json={"id": waiting["id"]})
    await night.box.start()
    night.later(30)
    assert await night.look() == [] and await night.read(OUTBOX.list) == []


async def test_silence_after_the_time_for_an_answer_is_an_alarm_on_both_sides_and_no_no(night: Night) -> None:
    case = await asked(night.desks, answer_by=night.desk.office.node.clock.now() + 1200)
    assert [name for name, _ in await night.look()] == ["ivan"]
    first = (await night.queue())[0]
    await night.desk.ask("POST", "/duty/take", json={"id": first["id"]})
    night.later(21)
    assert await night.look() == [("ivan", "overdue: redcross.bg has no answer from us")]
    assert [w["kind"] for w in await night.queue()] == ["answer-late", "your-turn"]
    (silent,) = (await night.desks[BG].ask("GET", "/duty/queue"))[1]
    assert (silent["kind"], silent["other"], silent["state"]) == ("no-answer", HR, "requested")
    await night.desk.ask("POST", "/operations/step", json={"case": case.case, "step": "decline", "fields": {}})
    await case.until(BG, "declined")
    assert (await night.desks[BG].ask("GET", "/duty/queue"))[1] == [] and await night.queue() == []


async def test_an_approval_waits_for_the_owner_and_then_for_the_approver(night: Night) -> None:
    case = await asked(night.desks, "500")
    token = await night.desk.hire("log", Role.LOGISTICS)
    hold = night.desk.office.node.clock.now() + 3600
    fields = {"lines": [{"item": "HSHETENTF16C", "unit": "H87", "qty": [500, 0]}], "hold_until": hold}
    body = {"case": case.case, "step": "offer", "fields": fields | {"terms": ["loan"]}}
    status, made, _ = await night.desk.ask("POST", "/operations/step", token, json=body)
    assert status == 200 and made["missing"] == ["release", "approve"]
    waits = [w for w in await night.queue() if w["kind"] == "approval"]
    assert [w["role"] for w in waits] == ["stock-owner"] and waits[0]["case"] == case.case
    owner = await night.desk.hire("owner", Role.STOCK_OWNER)
    await night.desk.ask("POST", "/operations/approve", owner, json={"id": made["waiting"]})
    after = [w for w in await night.queue() if w["kind"] == "approval"]
    assert [w["role"] for w in after] == ["approver"] and after[0]["id"] != waits[0]["id"]


class Broken:
    """A notifier that fails in one way."""

    name, settings = "broken", msgspec.defstruct("Empty", [])

    def __init__(self, way: str) -> None:
        self.way = way
        self.asked = 0

    async def send(self, notice: Notice, context: NotifierContext) -> None:
        self.asked += 1
        if self.way == "hangs":
            while True:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if self.asked > 1:
                        raise
        if self.way == "cancels":
            raise asyncio.CancelledError
        if self.way == "gives up":
            raise Undeliverable("no such person")
        raise RuntimeError("x" * 10_000 + "\x1b[31m")


@pytest.mark.parametrize("way", ["raises", "cancels", "gives up", "hangs"])
async def test_a_broken_notifier_harms_neither_the_node_nor_another_notifier(
    night: Night, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "hangs":  # the time-out is the other notifier's too
        short = calls.METHODS["notifier"]["send"]._replace(seconds=2.0)
        monkeypatch.setitem(calls.METHODS["notifier"], "send", short)  # type: ignore[arg-type]
    broken = Broken(way)
    carry(night.desk.office, broken)
    (night.desk.office.home / "plugins" / "broken.toml").write_text("")
    await asked(night.desks)
    assert [name for name, _ in await night.look()] == ["ivan"]
    (left,) = await night.read(OUTBOX.list)
    assert left.notifier == "broken" and len(left.error) <= 200 and "\x1b" not in left.error
    assert left.given_up == (way == "gives up")
    night.later(1)
    await night.look()
    assert broken.asked == (1 if way == "gives up" else 2)
    assert len(night.box.mails) == 1


async def test_settings_of_a_notifier_that_cannot_be_read_are_named_and_nothing_is_lost(night: Night) -> None:
    path = night.desk.office.home / "plugins" / "mail.toml"
    right = path.read_text()
    path.write_text(right.replace("sender", "sendr"))
    await asked(night.desks)
    assert await night.look() == []
    (found,) = [f for f in await duty_findings(night.desk.office) if f.check == "notifier mail"]
    assert found.state == "error" and "sendr" in found.found
    path.write_text(right)
    assert [name for name, _ in await night.look()] == ["ivan"]


async def test_a_full_outbox_keeps_back_further_calls_and_loses_none(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xstock_node.services.notifying.MOST", 1)
    assert MOST == 500
    await night.box.stop()
    for _ in range(2):
        await asked(night.desks)
        await night.look()
    assert len(await night.read(OUTBOX.list)) == 1
    await night.box.start()
    night.later(3)
    assert [name for name, _ in [*await night.look(), *await night.look()]] == ["ivan", "ivan"]


async def test_who_has_left_is_called_no_more(night: Night) -> None:
    await night.desk.ask("POST", "/people/remove", json={"name": "ivan"})
    await asked(night.desks)
    assert [name for name, _ in await night.look()] == ["eva"]
    assert (await night.desk.ask("GET", "/duty"))[1]["mind"] == ["ivan has no role duty-officer here"]


async def test_the_running_loop_calls_by_itself_when_a_request_arrives(night: Night) -> None:
    running = Notifying(night.desk.office)
    await running.start()
    await asked(night.desks)
    for _ in range(400):
        if night.box.mails:
            break
        await asyncio.sleep(0.02)
    await running.stop()
    assert [mail["To"] for mail in night.box.mails] == ["ivan@redcross.example"]


async def test_a_night_deputy_acts_in_the_hours_of_the_roster_alone(night: Night) -> None:
    case, other = await asked(night.desks), await asked(night.desks)
    decline = {"case": case.case, "step": "decline", "fields": {}}
    assert (await night.desk.ask("POST", "/operations/step", night.tokens["eva"], json=decline))[0] == 200
    night.until_hour(12)
    late = decline | {"case": other.case}
    status, found, _ = await night.desk.ask("POST", "/operations/step", night.tokens["eva"], json=late)
    assert status == 403 and found["error"]["code"] == "forbidden"
    assert "night deputy outside the hours of the roster (next from" in found["error"]["came"]
    assert "T20:00+" in found["error"]["came"]
    assert (await night.desk.ask("GET", "/operations", night.tokens["eva"]))[0] == 200, "seeing is allowed at any time"
    (waiting,) = await night.queue()
    take = await night.desk.ask("POST", "/duty/take", night.tokens["eva"], json={"id": waiting["id"]})
    assert take[0] == 403 and "outside the hours" in take[1]["error"]["came"]
    assert (await night.desk.ask("POST", "/operations/step", night.tokens["day"], json=late))[0] == 200


async def test_the_roster_is_shown_with_its_gaps_and_the_doctor_warns_of_a_day_without_anybody(night: Night) -> None:
    _, found, _ = await night.desk.ask("GET", "/duty", night.tokens["ivan"])
    assert [(s["person"], s["role"]) for s in found["now"]] == [("eva", "night-deputy"), ("ivan", "duty-officer")]
    assert found["gaps"] == [] and found["mind"] == [] and found["zone"] == "Europe/Zagreb"
    thin = 'zone = "Europe/Zagreb"\n[[exception]]\ndate = 2020-01-01\nperson = "day"\nrole = "warehouse"\n'
    _, found, _ = await night.desk.ask("POST", "/duty", json={"content": thin})
    assert {g["role"] for g in found["gaps"]} == {"duty-officer", "warehouse"}
    assert found["mind"] == ["day has no role warehouse here"]
    checks = {f["check"]: f for f in (await night.desk.ask("GET", "/doctor"))[1]}
    assert checks["duty"]["state"] == "warning" and "nobody has duty" in checks["duty"]["found"]


@pytest.mark.parametrize(
    ("content", "came"),
    [
        ('zone = "Europe/Atlantis"', "Atlantis"),
        ("[[duty]]\nperson = 'ivan'\nrole = 'king'", "king"),
        ("[[duty]]\nperson = 'ivan'\nrole = 'duty-officer'\nbegins = '8:00'", "begins"),
        ("[[duty]]\nperson = 'nobody'\nrole = 'duty-officer'", "nobody"),
        ("[[duty]\n", "line 1"),
        ("[[duties]]\nperson = 'ivan'", "duties"),
    ],
)
async def test_a_roster_that_does_not_fit_says_what_was_expected(night: Night, content: str, came: str) -> None:
    status, found, _ = await night.desk.ask("POST", "/duty", json={"content": content})
    assert 400 <= status < 500 and found["error"]["expected"] and came in found["error"]["came"]
    assert (await night.desk.ask("GET", "/duty"))[1]["zone"] == "Europe/Zagreb", "the roster stands as it was"


async def test_only_who_can_do_something_takes_a_thing_and_taking_over_is_written_down(night: Night) -> None:
    await asked(night.desks)
    (waiting,) = await night.queue()
    viewer = await night.desk.hire("viewer", Role.VIEWER)
    assert (await night.desk.ask("POST", "/duty/take", viewer, json={"id": waiting["id"]}))[0] == 403
    for name in ("eva", "ivan"):
        _, taken, _ = await night.desk.ask("POST", "/duty/take", night.tokens[name], json={"id": waiting["id"]})
        assert taken["taken_by"] == name
    acts = await night.read(lambda tx: [a for _, a in tx.acts.since(0, 1000) if a.verb == "duty.take"])
    assert "from eva" in acts[-1].detail
    assert (await night.desk.ask("POST", "/duty/take", json={"id": "000000000000"}))[1]["error"][
        "code"
    ] == "not-waiting"


async def test_stock_below_a_promise_is_an_alarm(night: Night) -> None:
    case = await asked(night.desks)
    made = Case(night.desks, case.case)
    hold = night.desk.office.node.clock.now() + 3600
    lines = [{"item": "HSHETENTF16C", "unit": "H87", "qty": [50, 0]}]
    await made.step(HR, "offer", lines=lines, hold_until=hold, terms=["donation"])
    await made.until(BG, "offered")
    offers = (await night.desk.ask("GET", "/offers"))[1]
    await night.desk.ask("POST", "/offers/withdraw", json={"ids": [offers[0]["id"]]})
    (risk,) = [w for w in await night.queue() if w["kind"] == "at-risk"]
    assert risk["role"] == "duty-officer" and "50 H87 HSHETENTF16C" in risk["detail"]
    assert await night.look() == [("ivan", "promised goods at risk: 50 H87 HSHETENTF16C")]
    assert await night.look() == []


async def test_a_change_of_shift_is_signed_by_both_and_nobody_takes_over_from_themselves(night: Night) -> None:
    status, given, _ = await night.desk.ask("POST", "/duty/hand-over", night.tokens["ivan"], json={"hours": 8})
    assert status == 200, given
    assert given["sha256"] == sha256("\n".join(given["text"]).encode()).hexdigest()
    assert (given["given_by"], given["taken_by"], given["taken"]) == ("ivan", "", "")
    taking = {"id": given["id"], "sha256": given["sha256"]}
    status, refused, _ = await night.desk.ask("POST", "/duty/take-over", night.tokens["ivan"], json=taking)
    assert (status, refused["error"]["code"]) == (403, "second-person")
    other = {**taking, "sha256": "0" * 64}
    status, refused, _ = await night.desk.ask("POST", "/duty/take-over", night.tokens["day"], json=other)
    assert (status, refused["error"]["code"]) == (409, "another-note")
    status, taken, _ = await night.desk.ask("POST", "/duty/take-over", night.tokens["day"], json=taking)
    assert status == 200 and taken["taken_by"] == "day" and taken["text"] == given["text"]
    status, refused, _ = await night.desk.ask("POST", "/duty/take-over", night.tokens["eva"], json=taking)
    assert (status, refused["error"]["code"]) == (404, "no-hand-over") and "day" in refused["error"]["came"]
    acts = await night.desk.office.node.engine.read(lambda tx: [act for _, act in tx.acts.since(0, 1000)])
    signed = [(act.actor, act.verb, act.detail) for act in acts if act.subject == given["id"]]
    assert signed == [
        ("ivan by loopback", "duty.hand-over", given["sha256"]),
        ("day by loopback", "duty.take-over", given["sha256"]),
    ]


async def test_a_newer_note_replaces_the_one_that_waits_and_what_was_taken_stays(night: Night) -> None:
    first = (await night.desk.ask("POST", "/duty/hand-over", night.tokens["ivan"], json={}))[1]
    await night.desk.ask("POST", "/duty/take-over", night.tokens["day"], json={"id": first["id"]})
    second = (await night.desk.ask("POST", "/duty/hand-over", night.tokens["day"], json={}))[1]
    third = (await night.desk.ask("POST", "/duty/hand-over", night.tokens["eva"], json={}))[1]
    listed = (await night.desk.ask("GET", "/duty/hand-overs", night.tokens["eva"]))[1]
    assert {one["id"] for one in listed} == {first["id"], third["id"]} and second["id"] not in str(listed)
    assert {one["id"]: bool(one["text"]) for one in listed} == {first["id"]: False, third["id"]: True}
    (kept,) = (await night.desk.ask("GET", f"/duty/hand-overs?id={first['id']}", night.tokens["eva"]))[1]
    assert (kept["text"], kept["taken_by"]) == (first["text"], "day")
    assert (await night.desk.ask("GET", "/duty/hand-overs?id=none", night.tokens["eva"]))[0] == 404
    assert (await night.desk.ask("POST", "/duty/take-over", night.tokens["ivan"], json={"id": second["id"]}))[0] == 404
