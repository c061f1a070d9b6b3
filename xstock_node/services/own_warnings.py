"""Warnings of this node: issued, revised and cancelled by people, and handed to plugins that publish them."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.alerts import Alert, Area, Block, Coded, Id, Name, Prose, Reference, Status
from xstock_node.domain.rights import DAY
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

MOST: Final = 500
"""Own warnings that are kept; the oldest that have ended make room."""

Category = Literal["Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE",
                   "Other"]  # fmt: skip
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


class WarningArea(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where: in words, and by codes such as `{NUTS3 = "BG311"}`."""

    description: Annotated[Name, Meta(min_length=1)]
    codes: Annotated[dict[str, str], Meta(max_length=50)] = {}


class WarningText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said, in one language (BCP 47)."""

    language: Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*(?!\n)$", max_length=35)]
    event: Annotated[Name, Meta(min_length=1)]
    headline: Name = ""
    description: Prose = ""
    instruction: Prose = ""


class IssueRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warning to issue, for `hours` from now; `replaces` an own one that it revises."""

    category: Category
    severity: Severity
    urgency: Urgency
    certainty: Certainty
    hours: Annotated[int, Meta(ge=1, le=14 * 24)]
    area: Annotated[list[WarningArea], Meta(min_length=1, max_length=50)]
    text: Annotated[list[WarningText], Meta(min_length=1, max_length=20)]
    exercise: bool = False
    replaces: Id = ""


class CancelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An own warning that is over, and why."""

    id: Id
    note: Name = ""


class OwnWarningView(msgspec.Struct, frozen=True, kw_only=True):
    """An own warning. `state`: in-force, ended, revised, cancelled, or cancel (the word that ended one)."""

    id: str
    state: Literal["in-force", "ended", "revised", "cancelled", "cancel"]
    sent: str
    until: str
    event: str
    languages: list[str]
    areas: list[str]
    exercise: bool
    refers_to: list[str]


OWN: Shelf[Alert] = Shelf("own-warning", Alert)


async def issue(office: Office, actor: Actor, request: IssueRequest) -> OwnWarningView:
    """Issue a warning, or revise one that is in force. It goes out by plugins that publish warnings."""
    now, name = office.node.clock.now(), office.node.identity.name
    status: Status = "Exercise" if request.exercise or office.node.home.shared.is_exercise else "Actual"
    languages = [one.language.lower() for one in request.text]
    if len(set(languages)) < len(languages):
        raise Refusal("bad-warning", "each language once", ", ".join(languages), "join its texts", 2)

    def work(tx: Transaction) -> Alert:
        before = _standing(tx, request.replaces, now) if request.replaces else None
        alert = Alert(
            identifier=f"{name}.{fresh(office.node.random)[0]}",
            sender=name,
            sent=now,
            status=status,
            kind="Update" if before else "Alert",
            references=(_reference(before),) if before else (),
            countries=(office.settings.country,),
            blocks=tuple(_block(office, request, one, now) for one in request.text),
        )
        if before is not None and before.status != alert.status:
            raise Refusal("exercise", f"a warning of the same kind ({before.status})", status, "issue it by itself")
        _keep(tx, alert, now)
        office.record(tx, actor, "alert.issue", alert.identifier, f"{status} {request.severity} {request.hours} h")
        return alert

    return _view(await office.node.engine.write(work, durable=True), [], now)


async def cancel(office: Office, actor: Actor, request: CancelRequest) -> OwnWarningView:
    """Say that an own warning is over before its time."""
    now, name = office.node.clock.now(), office.node.identity.name

    def work(tx: Transaction) -> Alert:
        before = _standing(tx, request.id, now)
        alert = msgspec.structs.replace(
            before,
            identifier=f"{name}.{fresh(office.node.random)[0]}",
            sent=now,
            kind="Cancel",
            note=plain(request.note, "note"),
            references=(_reference(before),),
        )
        _keep(tx, alert, now)
        office.record(tx, actor, "alert.cancel", before.identifier, request.note)
        return alert

    return _view(await office.node.engine.write(work, durable=True), [], now)


async def list_own(office: Office, actor: Actor, request: None = None) -> list[OwnWarningView]:
    """Own warnings, the newest first."""
    now, found = office.node.clock.now(), await office.node.engine.read(OWN.list)
    return [_view(one, found, now) for one in sorted(found, key=lambda one: (-one.sent, one.identifier))]


async def published(office: Office) -> tuple[Alert, ...]:
    """What goes out: warnings in force, and for a day the words that revised or ended one."""
    now, found = office.node.clock.now(), await office.node.engine.read(OWN.list)
    return tuple(one for one in found if _state(one, found, now) == "in-force" or (one.references and _fresh(one, now)))


def _fresh(one: Alert, now: int) -> bool:
    return now - one.sent < DAY


def _block(office: Office, request: IssueRequest, text: WarningText, now: int) -> Block:
    areas = [
        Area(
            description=plain(area.description, "area"),
            codes=tuple(Coded(plain(scheme, "code"), plain(value, "code")) for scheme, value in area.codes.items()),
        )
        for area in request.area
    ]
    return Block(
        event=plain(text.event, "event"),
        language=text.language,
        categories=(request.category,),
        urgency=request.urgency,
        severity=request.severity,
        certainty=request.certainty,
        effective=now,
        expires=now + request.hours * 3600,
        sender_name=office.node.identity.title(),
        headline=plain(text.headline, "headline"),
        description=_lines(text.description, "description"),
        instruction=_lines(text.instruction, "instruction"),
        areas=tuple(areas),
    )


def _lines(text: str, what: str) -> str:
    """A text of several lines, each without control and direction characters."""
    return "\n".join(plain(line, what) for line in text.split("\n"))


def _standing(tx: Transaction, id_: str, now: int) -> Alert:
    """An own warning that is in force; Refusal `no-warning` for any other."""
    found = OWN.list(tx)
    one = next((a for a in found if a.identifier == id_ and _state(a, found, now) == "in-force"), None)
    if one is None:
        raise Refusal("no-warning", "an own warning that is in force", id_, "see `xstock alert own`")
    return one


def _reference(one: Alert) -> Reference:
    return Reference(one.sender, one.identifier, one.sent)


def _keep(tx: Transaction, alert: Alert, now: int) -> None:
    found = OWN.list(tx)
    if len(found) >= MOST:
        ended = sorted((one for one in found if _state(one, found, now) != "in-force"), key=lambda one: one.sent)
        if not ended:
            raise Refusal("too-many", f"at most {MOST} warnings in force", str(len(found)), "cancel some")
        OWN.drop(tx, ended[0].identifier)
    OWN.put(tx, alert.identifier, alert, now)


def _state(one: Alert, every: list[Alert], now: int) -> Literal["in-force", "ended", "revised", "cancelled", "cancel"]:
    if one.kind == "Cancel":
        return "cancel"
    for other in every:
        if any(reference.identifier == one.identifier for reference in other.references):
            return "cancelled" if other.kind == "Cancel" else "revised"
    return "in-force" if any(block.expires > now for block in one.blocks) else "ended"


def _view(one: Alert, every: list[Alert], now: int) -> OwnWarningView:
    first = one.blocks[0]
    return OwnWarningView(
        id=one.identifier,
        state=_state(one, every, now),
        sent=iso(one.sent),
        until=iso(first.expires),
        event=first.headline or first.event,
        languages=[block.language for block in one.blocks],
        areas=[area.description for area in first.areas],
        exercise=one.status != "Actual",
        refers_to=[reference.identifier for reference in one.references],
    )


class NodeWarnings:
    """The `Warnings` of a plugin's context."""

    def __init__(self, office: Office, plugin: str) -> None:
        self._office = office

    async def own(self) -> tuple[Alert, ...]:
        """See `Warnings.own`."""
        return await published(self._office)
