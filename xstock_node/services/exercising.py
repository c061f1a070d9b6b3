"""Exercising: a person opens a named exercise in a network of exercises, ends it, and reads what came out.

What is offered in it is invented and said in figures: the own stock is never read and never touched. What belongs to an
exercise is known by the log and the case id, both of which begin with `x`; nothing here marks a thing afterwards.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from secrets import token_bytes
from statistics import median
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BY_VERB, ENDED, Kind
from xstock_node.domain.steps import Ask
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import record_id
from xstock_node.protocol.records import Offer, encode
from xstock_node.services import dossier, mobilising, pausing
from xstock_node.services.asked_lines import Asked
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.exercises_held import EXERCISES, Exercise
from xstock_node.services.mobilising import EventId
from xstock_node.services.network import Network
from xstock_node.services.offer_views import offer_in
from xstock_node.services.offering import DAY, Entropy, ending
from xstock_node.services.office import Actor, Office
from xstock_node.services.request_views import REQUESTS
from xstock_node.services.times import iso
from xstock_node.services.typed import pair_of
from xstock_node.storage.interfaces import Transaction

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}(?!\n)$")]
SOURCE = "exercise"


class StartExercise(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise to begin: its name, its network (the home network by default), what this node offers in it."""

    name: Name
    network: str = ""
    offers: Annotated[list[Asked], Meta(max_length=500)] = []


class ExerciseName(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise; empty: the one that runs, or that ran last."""

    name: str = ""


class ExerciseView(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise; `ended` is empty while it runs. `open` are its operations that have not ended: nobody ends those."""

    name: str
    network: str
    log: str
    runs: bool
    began: str
    by: str
    ended: str
    ended_by: str
    offers: int
    withdrawn: int
    open: list[str]


class Covering(msgspec.Struct, frozen=True, kw_only=True):
    """An event: how many items were asked, and the mean over them of what was promised of the asked (0 to 1)."""

    event: str
    items: int
    share: float


class ExerciseReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came out at this node between two times. Seconds are medians, null where nobody answered.

    `answer_seconds` from a request that arrived here to this node's first decision, `answered_seconds` from an own
    request to the supplier's; by the writers' clocks. `paused_seconds`: how long it was paused meanwhile.
    """

    name: str
    network: str
    begins: str
    ends: str
    runs: bool
    requests: int
    operations: int
    binding: int
    by_state: dict[str, int]
    steps_signed: int
    answer_seconds: float | None
    answered_seconds: float | None
    paused_seconds: int
    covered: list[Covering]


async def start(office: Office, actor: Actor, request: StartExercise, entropy: Entropy = token_bytes) -> ExerciseView:
    """Begin an exercise and sign its offers; one at a time in a network, and each name once."""
    network, now = office.node.network(request.network), office.node.clock.now()
    if not network.shared.is_exercise:
        do = (
            "found or join a network whose name begins with x-, or `xstock init --exercise NAME` in a folder of its own"
        )
        raise Refusal("not-an-exercise", "a network of exercises", f"{network.name}, which is real", do)
    offers = [await _offer(office, one, now, entropy) for one in request.offers]
    made = Exercise(
        name=request.name, network=network.name, began=now, by=actor.name, offers=tuple(o.id for o in offers)
    )

    def work(tx: Transaction) -> Sequence[bytes]:
        for one in EXERCISES.list(tx):
            if one.name == request.name or (one.runs and one.network == network.name):
                came = f"{one.name} since {iso(one.began)}{'' if one.runs else ', which has ended'}"
                raise Refusal("exercise-there", "another name, while no exercise runs", came, "`xstock exercise stop`")
        EXERCISES.put(tx, made.name, made, now)
        pausing.note_in_force(office, tx)
        office.record(tx, actor, "exercise.start", made.name, f"{network.name}, {len(offers)} offers")
        return [encode(offer) for offer in offers]

    await _write(office, network, work)
    office.changes.tell("")
    return await office.node.engine.read(lambda tx: view(office, tx, made))


async def stop(office: Office, actor: Actor, request: ExerciseName, entropy: Entropy = token_bytes) -> ExerciseView:
    """End an exercise: its offers are withdrawn; its open operations are told and run on until people end them."""
    held, now = await office.node.engine.read(lambda tx: named(tx, request.name)), office.node.clock.now()
    network, withdrawn = office.node.network(held.network), 0

    def work(tx: Transaction) -> Sequence[bytes]:
        nonlocal withdrawn
        found = named(tx, held.name)
        if not found.runs:
            raise Refusal("exercise-over", "an exercise that runs", f"{found.name}, ended {iso(found.ended)}", "")
        EXERCISES.put(tx, found.name, msgspec.structs.replace(found, ended=now, ended_by=actor.name), now)
        live = [o for s in tx.offers.of_log(network.shared) if s.exp > now and (o := offer_in(s.line))]
        own = [ending(offer, now, entropy, "the exercise is over") for offer in live if offer.id in found.offers]
        withdrawn = len(own)
        office.record(tx, actor, "exercise.stop", found.name, f"{withdrawn} offers withdrawn")
        return [encode(one) for one in own]

    await _write(office, network, work)
    office.changes.tell("")
    done = await office.node.engine.read(lambda tx: view(office, tx, named(tx, held.name)))
    return msgspec.structs.replace(done, withdrawn=withdrawn)


async def list_exercises(office: Office, actor: Actor, request: None = None) -> list[ExerciseView]:
    """The exercises of this node, those that run first, then the newest."""

    def work(tx: Transaction) -> list[ExerciseView]:
        found = sorted(EXERCISES.list(tx), key=lambda one: (not one.runs, -one.began))
        return [view(office, tx, one) for one in found]

    return await office.node.engine.read(work)


async def report(office: Office, actor: Actor, request: ExerciseName) -> ExerciseReport:
    """The figures of an exercise, from the cases that were opened while it ran."""
    held = await office.node.engine.read(lambda tx: named(tx, request.name))
    until = held.ended or office.node.clock.now()

    def work(tx: Transaction) -> tuple[list[Dossier], int, int]:
        asked = [one for one in REQUESTS.list(tx) if one.network == held.network and held.began <= one.at <= until]
        return _cases(tx, held, until), len(asked), pausing.seconds_between(tx, held.began, until)

    cases, requests, paused = await office.node.engine.read(work)
    own = office.node.identity.name
    operations = [(found.side(own), found.operation()) for found in cases]
    events = sorted({mobilising.event_of(found) for found in cases if found.case.requester == own})
    covered = [await _covered(office, actor, event) for event in events]
    return ExerciseReport(
        name=held.name,
        network=held.network,
        begins=iso(held.began),
        ends=iso(held.ended) if held.ended else "",
        runs=held.runs,
        requests=requests,
        operations=len(operations),
        binding=sum(any(e.verb == "confirm" for e in one.events) for _, one in operations),
        by_state=dict(sorted(Counter(str(one.state or "") for _, one in operations).items())),
        steps_signed=sum(e.side == side for side, one in operations for e in one.events),
        answer_seconds=_median(one for side, one in operations if side == "supplier"),
        answered_seconds=_median(one for side, one in operations if side == "requester"),
        paused_seconds=paused,
        covered=[one for one in covered if one.items],
    )


async def _offer(office: Office, asked: Asked, now: int, entropy: Entropy) -> Offer:
    """An invented offer: an item of the catalogue, in a figure that a person gave."""
    item, settings = (await office.catalogue()).get(asked.item), office.settings
    if item is None:
        raise Refusal("no-item", "a code of the catalogue", asked.item, "see `xstock catalogue list`", 2)
    return Offer(
        id=record_id(entropy(10)),
        ts=now,
        exp=now + settings.lease_days * DAY,
        n=to_base64(entropy(12)),
        item=item.code,
        scheme=item.scheme,
        name=item.names.get("en", item.code)[:200],
        lang="en",
        cat=item.category.value,
        kind=item.kind.value,
        qty=pair_of(asked.quantity, "a quantity", above_zero=True),
        unit=asked.unit or item.unit.value,
        terms=settings.terms,
        ready=settings.ready_hours,
        cc=settings.country,
        place=settings.place[:120],
        at=settings.at,
        asof=now,
        src=SOURCE,
    )


async def _write(office: Office, network: Network, work: Callable[[Transaction], Sequence[bytes]]) -> None:
    await network.own.append(work)
    network.signed(network.own)


def named(tx: Transaction, name: str) -> Exercise:
    """An exercise by its name, or the one that runs; raises Refusal where there is none."""
    every = sorted(EXERCISES.list(tx), key=lambda one: (one.runs, one.began))
    found = EXERCISES.get(tx, name) if name else (every[-1] if every else None)
    if found is None:
        there = ", ".join(one.name for one in every) or "none yet"
        raise Refusal(
            "no-exercise", f"an exercise of this node: {there}", name or "none", "`xstock exercise start NAME`"
        )
    return found


def _cases(tx: Transaction, held: Exercise, until: int) -> list[Dossier]:
    """The cases of the exercise's network that were opened while it ran."""
    rows = [row for row in tx.cases.all(held.network) if row.id.startswith("x")]
    return [dossier.read(tx, row) for row in rows if held.began <= row.opened <= until]


def view(office: Office, tx: Transaction, held: Exercise) -> ExerciseView:
    """An exercise as it is shown."""
    cases = _cases(tx, held, held.ended or office.node.clock.now())
    return ExerciseView(
        name=held.name,
        network=held.network,
        log=office.node.network(held.network).shared.log,
        runs=held.runs,
        began=iso(held.began),
        by=held.by,
        ended=iso(held.ended) if held.ended else "",
        ended_by=held.ended_by,
        offers=len(held.offers),
        withdrawn=0,
        open=[found.case.id for found in cases if found.operation().decided not in ENDED],
    )


async def _covered(office: Office, actor: Actor, event: str) -> Covering:
    """How much of what this node asked for an event is promised to it, item by item."""
    table = await mobilising.show_event(office, actor, EventId(event=event, exercise=True))
    shares = []
    for total in table.totals:
        asked = Decimal(total.sums["asked"].known)
        if total.side == "requester" and asked > 0:
            shares.append(min(max((asked - Decimal(total.gap)) / asked, Decimal(0)), Decimal(1)))
    return Covering(event=event, items=len(shares), share=round(float(sum(shares) / len(shares)), 3) if shares else 0.0)


def _median(operations: Iterable[Operation]) -> float | None:
    """Seconds from the first word of the requester with lines to the supplier's first decision."""
    found = []
    for one in operations:
        asked = [e.time for e in one.events if isinstance(e.body, Ask) and e.verb == "request"]
        said = [e.time for e in one.events if e.side == "supplier" and BY_VERB[e.verb].kind is Kind.DECISION]
        if asked and said:
            found.append(float(max(min(said) - min(asked), 0)))
    return float(median(found)) if found else None
