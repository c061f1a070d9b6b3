"""The duty desk: the roster as people set and read it, the queue of what waits for whom, and who took what.

The queue is worked out from operations, waiting steps and stock at every look; kept is only what was done about each
thing (who was told, who took it).
"""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain import duty, escalation
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.duty import WEEK_SECONDS, Roster
from xstock_node.domain.escalation import Told, Wait, Waiting
from xstock_node.domain.operation import Operation
from xstock_node.domain.rights import DAY, GLASS, RIGHTS, Role
from xstock_node.services import alert_waiting, approving, branches, convoy_waiting, dossier, pausing, standing_down
from xstock_node.services.approving import ASK, Pending
from xstock_node.services.credentials import CREDENTIALS
from xstock_node.services.errors import Refusal
from xstock_node.services.findings import short
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import PEOPLE, ROSTER, THE_ROSTER, Person, forbidden, somewhere
from xstock_node.services.sessions import BY_CODE
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

TOLD: Shelf[Told] = Shelf("waiting", Told)
DECIDERS: Final = frozenset({Role.DUTY_OFFICER, Role.NIGHT_DEPUTY})
LARGEST: Final = 256 * 1024
_SIGNERS: Final = {
    "release": Role.STOCK_OWNER,
    "approve": Role.APPROVER,
    "pharmacist": Role.PHARMACIST,
    "ask": Role.DUTY_OFFICER,
}


class RosterFile(msgspec.Struct, frozen=True, kw_only=True):
    """A roster as TOML: `zone`, `[[duty]]`, `[[exception]]`, `[languages]`."""

    content: Annotated[str, Meta(max_length=LARGEST)]


class ShiftView(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of duty, by the roster's clock with its offset."""

    person: str
    role: Role
    begins: str
    ends: str


class GapView(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which nobody has duty in a function; a night deputy fills those of the duty officer."""

    role: Role
    begins: str
    ends: str


class RosterView(msgspec.Struct, frozen=True, kw_only=True):
    """Who has duty `now`, the `week` to come, its `gaps`, what to `mind`; `roster` null where none is set."""

    zone: str
    now: list[ShiftView]
    week: list[ShiftView]
    gaps: list[GapView]
    mind: list[str]
    roster: Roster | None


class WaitingView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that waits: for which function, since when, until when; who was told, who took it.

    `kind` is your-turn, answer-late (this node is silent), no-answer (the others are silent, which is no "no"),
    approval, at-risk, stand-down (a covered request; `other` may be told), grant (a role that holds after a day),
    loan-due (goods are due back: 30, 7 and 0 days before `answer_by`), count (`detail` is the hash of a count that a
    second person confirms), break-glass (`detail` took a duty officer's rights until `answer_by`), duty-code
    (`detail` signed in by a paper code), alert (a public warning of `other` touches us: `state` says of what, `detail`
    is its id), convoy-late (consignment `detail` was announced for `answer_by`), or passage (`detail` is a sighting
    that a person confirms or dismisses).
    `calm`: nobody is called for it. Unknown times are empty.
    """

    id: str
    kind: Wait
    role: Role
    case: str
    request: str
    other: str
    state: str
    detail: str
    since: str
    answer_by: str
    exercise: bool
    calm: bool
    told: list[str]
    told_at: str
    taken_by: str
    taken_at: str


class WaitingId(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of the queue."""

    id: str


async def show_roster(office: Office, actor: Actor, request: None = None) -> RosterView:
    """Who has duty now and in the week to come, and when nobody has."""
    return await office.node.engine.read(lambda tx: _view(tx, office.node.clock.now()))


async def set_roster(office: Office, actor: Actor, request: RosterFile) -> RosterView:
    """Put another roster in the place of the one that is there."""
    roster, now = parse(request.content), office.node.clock.now()

    def work(tx: Transaction) -> RosterView:
        known = {person.name for person in PEOPLE.list(tx)}
        strangers = sorted({*roster.people(), *roster.languages} - known)
        if strangers:
            expected = f"people of this node: {', '.join(sorted(known)) or 'none yet'}"
            raise Refusal("no-person", expected, ", ".join(strangers), "add them with `xstock user add`", 2)
        ROSTER.put(tx, THE_ROSTER, roster, now)
        office.record(tx, actor, "duty.set", roster.zone, f"{len(roster.duty)} duties, {len(roster.exception)} dates")
        return _view(tx, now)

    found = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return found


async def list_queue(office: Office, actor: Actor, request: None = None) -> list[WaitingView]:
    """What waits for people of this node: alarms first, then the longest waiting."""
    catalogue = await office.catalogue()

    def work(tx: Transaction) -> list[WaitingView]:
        told = {one.id: one for one in TOLD.list(tx)}
        found = _seen(office, tx, actor, things(office, tx, catalogue, told))
        return [_waiting_view(thing, told.get(thing.id)) for thing in found]

    return await office.node.engine.read(work)


async def take(office: Office, actor: Actor, request: WaitingId) -> WaitingView:
    """Take a thing: nobody else is called for it. Who takes what another had has it from then on."""
    catalogue, now = await office.catalogue(), office.node.clock.now()

    def work(tx: Transaction) -> WaitingView:
        told = {one.id: one for one in TOLD.list(tx)}
        found = _seen(office, tx, actor, things(office, tx, catalogue, told))
        thing = next((one for one in found if one.id == request.id), None)
        if thing is None:
            raise Refusal("not-waiting", "the id of something that waits", request.id, "see `xstock duty queue`")
        if not may_take(actor.at(branches.site_of(tx, thing.case or thing.request)), thing, now):
            raise forbidden(actor, f"act as {thing.role}", "ask who has duty: `xstock duty show`")
        before = told.get(thing.id) or Told(id=thing.id, first=now)
        taken = msgspec.structs.replace(before, taken_by=actor.name, taken_at=now)
        TOLD.put(tx, taken.id, taken, now)
        from_whom = f" from {before.taken_by}" if before.taken_by else ""
        office.record(tx, actor, "duty.take", thing.case or thing.detail, f"{thing.kind} {thing.id}{from_whom}")
        return _waiting_view(thing, taken)

    found = await office.node.engine.write(work, durable=True)
    office.changes.tell(found.case)
    return found


def may_take(actor: Actor, thing: Waiting, now: int) -> bool:
    """Whether an actor can do something about a thing: by a right of its function, of the duty officer, or to run
    the node."""
    rights = (RIGHTS[thing.role] | RIGHTS[Role.DUTY_OFFICER] | {"operate"}) - RIGHTS[Role.VIEWER]
    return any(somewhere(actor, right, now) for right in rights)


def parse(content: str) -> Roster:
    """A roster from TOML, or the Refusal that says what was expected."""
    do = "mend it by the example in deploy/README.md"
    try:
        roster = msgspec.convert(_with_dates_as_text(tomllib.loads(content)), Roster)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        expected = "zone, [[duty]] of person, role, days, begins, ends, [[exception]] of date beside these, [languages]"
        raise Refusal("bad-roster", expected, str(error), do, 2) from None
    wrong = duty.faults(roster)
    if wrong:
        raise Refusal("bad-roster", "a zone such as Europe/Sofia, dates such as 2027-03-28", "; ".join(wrong), do, 2)
    return roster


def things(office: Office, tx: Transaction, catalogue: Catalogue, told: Mapping[str, Told]) -> list[Waiting]:
    """Everything that waits now: alarms first, then by age."""
    now, own = office.node.clock.now(), office.node.identity.name
    found: list[Waiting] = []
    operations: dict[str, Operation] = {}
    for network in office.node.networks.values():
        exercise = network.shared.is_exercise
        for row in tx.cases.all(network.name):
            held = dossier.read(tx, row)
            operations[row.id] = operation = held.operation()
            seen = (row.id, operation, held.side(own), held.other(own), now, exercise)
            found += convoy_waiting.late(office, tx, row.id, operation, held.other(own), now, exercise)
            found += [*escalation.of_operation(*seen), *escalation.of_loans(*seen), *escalation.of_counts(*seen)]
        for (item, unit), quantity in short(office, tx, network, catalogue).items():
            id_ = escalation.id_of("at-risk", network.name, item, unit)
            since = told[id_].first if id_ in told else now
            detail, role = f"{quantity:f} {unit} {item}", Role.DUTY_OFFICER
            found.append(Waiting(id=id_, kind=Wait.AT_RISK, role=role, since=since, detail=detail, exercise=exercise))
    found += _approvals(approving.live(tx, now), found)
    found += [*_grants(PEOPLE.list(tx), now), *_glass(PEOPLE.list(tx), now), *_by_paper(tx, now)]
    found += standing_down.things(tx, operations) if office.settings.stand_down == standing_down.ASK else []
    found += [*alert_waiting.things(office, tx), *convoy_waiting.doubtful(tx)]
    if pausing.held(tx).since:
        found = [msgspec.structs.replace(one, calm=True) if one.exercise else one for one in found]
    alarms = {Wait.ALERT, Wait.AT_RISK, Wait.CONVOY_LATE, Wait.LATE, Wait.NO_ANSWER, Wait.GLASS}
    return sorted(found, key=lambda t: (t.calm, t.kind not in alarms, t.since, t.id))


def _seen(office: Office, tx: Transaction, actor: Actor, found: list[Waiting]) -> list[Waiting]:
    seen = branches.visible(tx, actor, office.node.clock.now())
    return [thing for thing in found if seen(thing.case or thing.request)]


def holders(people: Iterable[Person], now: int, site: str = "") -> dict[Role, tuple[str, ...]]:
    """The people of each function whose grant has taken effect, in the whole organisation or at a site."""
    found: dict[Role, list[str]] = {}
    for person in people:
        for grant in person.grants:
            if grant.holds(now) and (not grant.sites or site in grant.sites):
                found.setdefault(grant.role, []).append(person.name)
    return {role: tuple(dict.fromkeys(names)) for role, names in found.items()}


def roster_of(tx: Transaction) -> Roster | None:
    """The roster, without those who are people of this node no more; None where none was set."""
    roster = ROSTER.get(tx, THE_ROSTER)
    return None if roster is None else roster.among({person.name for person in PEOPLE.list(tx)})


def unmanned(tx: Transaction, now: int, hours: int = 24) -> list[str]:
    """When nobody at all has duty in the hours to come, by the roster's clock; empty without a roster."""
    roster = roster_of(tx)
    if roster is None:
        return []
    found = duty.gaps(roster, frozenset(Role), now, now + hours * 3600)
    return [f"{duty.local(roster, gap.begins)} to {duty.local(roster, gap.ends)}" for gap in found]


def _approvals(pending: Iterable[Pending], known: Iterable[Waiting]) -> list[Waiting]:
    """Steps that wait for a signature, with the operation's own time for an answer."""
    turns = {thing.case: thing for thing in known if thing.case and thing.kind is Wait.TURN}
    found = []
    for one in pending:
        if one.missing:
            turn = turns.get(one.case)
            found.append(
                Waiting(
                    id=escalation.id_of("approval", one.id, one.missing[0]),
                    kind=Wait.APPROVAL,
                    role=_SIGNERS.get(one.missing[0], Role.APPROVER),
                    since=max([one.at, *(signed.at for signed in one.signed)]),
                    case="" if one.verb == ASK else one.case,
                    request=one.case if one.verb == ASK else turn.request if turn else "",
                    other=turn.other if turn else "",
                    state=turn.state if turn else "",
                    detail=f"{one.verb} {one.id}",
                    answer_by=turn.answer_by if turn else 0,
                    exercise=one.is_exercise,
                )
            )
    return found


def _grants(people: Iterable[Person], now: int) -> list[Waiting]:
    """Roles that hold after a day unless somebody speaks: every approver is told (the 24 hours' notice)."""
    return [
        Waiting(
            id=escalation.id_of("grant", person.name, grant.role, str(grant.at)),
            kind=Wait.GRANT,
            role=Role.APPROVER,
            since=grant.at,
            detail=" ".join([person.name, grant.role, *grant.sites, f"by {grant.by}"]),
            answer_by=grant.effective,
        )
        for person in people
        for grant in person.grants
        if grant.effective > now
    ]


def _glass(people: Iterable[Person], now: int) -> list[Waiting]:
    """Rights that a person took in need: everybody is told, for a day."""
    return [
        Waiting(
            id=escalation.id_of("glass", person.name, str(grant.at)),
            kind=Wait.GLASS,
            role=Role.APPROVER,
            since=grant.at,
            detail=person.name,
            answer_by=grant.until,
        )
        for person in people
        for grant in person.grants
        if grant.agreed_by == GLASS and grant.role is Role.DUTY_OFFICER and now < grant.at + DAY
    ]


def _by_paper(tx: Transaction, now: int) -> list[Waiting]:
    """Who came in by a paper code, as long as it may last: listed for everybody, and nobody is called for it."""
    return [
        Waiting(
            id=escalation.id_of("duty-code", ways.person, str(code.used), str(code.number)),
            kind=Wait.CODE,
            role=Role.DUTY_OFFICER,
            since=code.used,
            detail=ways.person,
            answer_by=code.used + BY_CODE,
            calm=True,
        )
        for ways in CREDENTIALS.list(tx)
        for code in (ways.sheet.codes if ways.sheet else ())
        if code.used and now < code.used + BY_CODE
    ]


def _view(tx: Transaction, now: int) -> RosterView:
    roster, kept = roster_of(tx), ROSTER.get(tx, THE_ROSTER)
    if roster is None or kept is None:
        return RosterView(zone="", now=[], week=[], gaps=[], mind=[], roster=None)
    end = now + WEEK_SECONDS
    found = duty.stretches(roster, now, end)
    shown = [
        ShiftView(person=s.person, role=s.role, begins=duty.local(roster, s.begins), ends=duty.local(roster, s.ends))
        for s in found
    ]
    roles = dict.fromkeys([Role.DUTY_OFFICER, *(r for r in roster.roles() if r is not Role.NIGHT_DEPUTY)])
    missing = [
        GapView(role=role, begins=duty.local(roster, gap.begins), ends=duty.local(roster, gap.ends))
        for role in roles
        for gap in duty.gaps(roster, DECIDERS if role is Role.DUTY_OFFICER else {role}, now, end)
    ]
    mind = _minds(kept, PEOPLE.list(tx))
    here = [view for view, shift in zip(shown, found, strict=True) if shift.begins <= now]
    return RosterView(zone=roster.zone, now=here, week=shown, gaps=missing, mind=mind, roster=kept)


def _minds(roster: Roster, people: Iterable[Person]) -> list[str]:
    """Who has duty in a function whose role they were not given: the roster gives no right by itself."""
    given = {(person.name, grant.role) for person in people for grant in person.grants}
    wanted = dict.fromkeys((one.person, one.role) for one in roster.entries())
    return [f"{person} has no role {role} here" for person, role in wanted if (person, role) not in given]


def _waiting_view(thing: Waiting, told: Told | None) -> WaitingView:
    said = msgspec.structs.asdict(thing) | {"since": _time(thing.since), "answer_by": _time(thing.answer_by)}
    return WaitingView(
        **said,
        told=list(told.people) if told else [],
        told_at=_time(told.at) if told else "",
        taken_by=told.taken_by if told else "",
        taken_at=_time(told.taken_at) if told else "",
    )


def _time(unix: int) -> str:
    return iso(unix) if unix else ""


def _with_dates_as_text(value: object) -> object:
    """TOML dates and times as their ISO texts."""
    if isinstance(value, dict):
        return {key: _with_dates_as_text(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_dates_as_text(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
