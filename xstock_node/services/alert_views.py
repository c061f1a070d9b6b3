"""Warnings as people see them: each thing in their language where there is one, and what is doubtful marked."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.domain.alerts import Alert, Block
from xstock_node.domain.public_warnings import Concern, State, rank_of
from xstock_node.domain.warning_languages import Shown, pairs, shown
from xstock_node.domain.warning_reach import concerns
from xstock_node.services.alert_drafts import draft_of
from xstock_node.services.alert_waiting import rank_word
from xstock_node.services.alerting import source_of, take_in
from xstock_node.services.alerts_held import (
    ALERTS,
    OPEN_WARNINGS,
    HeldAlert,
    HeldWarning,
    all_warnings,
    ends_of,
    here_of,
    longest_of,
)
from xstock_node.services.drafts import DRAFTS
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

Language = Annotated[str, Meta(max_length=35)]


class AlertsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Open warnings that may touch us, or `all` that are kept; texts in `language` (BCP 47), else in the node's."""

    all: bool = False
    language: Language = ""


class AlertRef(msgspec.Struct, frozen=True, kw_only=True):
    """One warning, by its id or by that of one of its alerts."""

    id: str
    language: Language = ""


class WarningRow(msgspec.Struct, frozen=True, kw_only=True):
    """A warning. `state` active, expected (in force, the danger is ahead), expired, cancelled; `here` whether it
    touches us; `rank` 3 red or Extreme ... 0 green or Minor, null where nobody says, `level` the same in a word.

    `marks`: exercise, test, system, draft; private, restricted; first-not-seen (its first alert never came),
    other-sender (it refers to alerts of another, which stand), place-unknown, rank-unknown, other-language (in none of
    the wanted ones), unpaired (in one language alone), no-end (it lasts as long as the settings say),
    said-otherwise (an alert came again with other words; the first is kept). `draft` is the request it opened.
    """

    id: str
    state: State
    here: Concern
    rank: int | None
    level: str
    event: str
    areas: list[str]
    language: str
    begins: str
    ends: str
    sent: str
    source: str
    feed: str
    status: str
    marks: list[str]
    draft: str


class SaidView(msgspec.Struct, frozen=True, kw_only=True):
    """What one standing alert says of one thing, in one language; unknown times are empty, an unknown rank null.

    `marks`: other-language, unpaired, expired, elsewhere. `codes` are those of its areas, as SCHEME=VALUE.
    """

    event: str
    headline: str
    description: str
    instruction: str
    language: str
    rank: int | None
    urgency: str
    severity: str
    certainty: str
    level: str
    begins: str
    ends: str
    areas: list[str]
    codes: list[str]
    source: str
    contact: str
    web: str
    marks: list[str]


class WordView(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of a warning, as it came: by which feed, when, and whether it stands."""

    id: str
    identifier: str
    sender: str
    kind: str
    sent: str
    came: str
    feed: str
    stands: bool
    note: str
    refers: list[str]


class WarningView(msgspec.Struct, frozen=True, kw_only=True):
    """A warning with all that it says, the gravest first, and the alerts that it came from, the newest first."""

    warning: WarningRow
    said: list[SaidView]
    alerts: list[WordView]


class AlertTaken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an alert of a document: new, known, differs (the first stays), too-old, too-new (sent
    more than a day ahead), no-warning, full.

    `warning` is what it now belongs to; null where it was not kept.
    """

    id: str
    identifier: str
    kind: str
    status: str
    became: str
    warning: WarningRow | None


class _Said(NamedTuple):
    word: Alert
    shown: Shown
    here: Concern
    ends: int


async def list_alerts(office: Office, actor: Actor, request: AlertsAsked) -> list[WarningRow]:
    """Warnings, the open and grave ones first."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> list[tuple[HeldWarning, WarningRow]]:
        every = all_warnings(tx) if request.all else [row for row in OPEN_WARNINGS.list(tx) if row.is_open(now)]
        return [(row, _Reader(office, tx, row, request.language).row()) for row in every]

    found = await office.node.engine.read(work)
    found.sort(key=lambda one: (not one[0].is_open(now), -(-1 if one[1].rank is None else one[1].rank), one[0].id))
    return [view for _, view in found]


async def show_alert(office: Office, actor: Actor, request: AlertRef) -> WarningView:
    """One warning with what it says."""

    def work(tx: Transaction) -> WarningView:
        row = next((one for one in all_warnings(tx) if request.id == one.id or request.id in one.alerts), None)
        if row is None:
            raise Refusal("no-alert", "the id of a warning", clean(request.id)[:80], "see `xstock alert list --all`", 2)
        reader = _Reader(office, tx, row, request.language)
        return WarningView(warning=reader.row(), said=[*reader.said()], alerts=[*reader.words()])

    return await office.node.engine.read(work)


async def import_alerts(office: Office, actor: Actor, format_: str, alerts: Sequence[Alert]) -> list[AlertTaken]:
    """Take in the alerts of a document that a person brought; what became of each, and of its warning."""
    taken = await take_in(office, actor, format_, alerts)

    def work(tx: Transaction) -> list[AlertTaken]:
        rows = {id_: row for row in all_warnings(tx) for id_ in row.alerts} if taken else {}
        return [
            AlertTaken(
                id=one.id,
                identifier=clean(alert.identifier),
                kind=alert.kind,
                status=alert.status,
                became=one.became,
                warning=_Reader(office, tx, rows[one.id]).row() if one.id in rows else None,
            )
            for alert, one in zip(alerts, taken, strict=True)
        ]

    return await office.node.engine.read(work)


class _Reader:
    """One warning as it is read by somebody now."""

    def __init__(self, office: Office, tx: Transaction, row: HeldWarning, language: str = "") -> None:
        self._tx, self._row, self._now, self._longest = tx, row, office.node.clock.now(), longest_of(office)
        self._held = {one.id: one for id_ in row.alerts if (one := ALERTS.get(tx, id_)) is not None}
        wanted = (language, *office.settings.languages) if language else office.settings.languages
        self._said = [*_things(self._standing(), wanted, self._longest, office)]

    def row(self) -> WarningRow:
        """The warning in a line; what it is about comes from what is gravest of what lasts and may be here."""
        row, now = self._row, self._now
        first = self._said[0].shown.block if self._said else None
        rank, newest = row.rank(now), max(self._standing(), key=lambda one: one.alert.sent, default=None)
        areas = dict.fromkeys(area.description for one in self._said for area in one.shown.block.areas)
        draft = DRAFTS.get(self._tx, draft_of(row))
        begins = min((span.begins for span in row.spans), default=0)
        return WarningRow(
            id=row.id,
            state=row.state(now),
            here=row.here,
            rank=rank,
            level=rank_word(rank),
            event=clean(first.event) if first else row.title,
            areas=[clean(one) for one in areas if one],
            language=first.language if first else "",
            begins=iso(begins) if begins else "",
            ends=iso(row.ends),
            sent=iso(newest.alert.sent) if newest else "",
            source=row.source,
            feed=newest.feed if newest else "",
            status=row.status,
            marks=list(dict.fromkeys(self._marks(rank))),
            draft=draft.id if draft else "",
        )

    def said(self) -> Iterator[SaidView]:
        """All that the standing alerts say."""
        for word, one, here, ends in self._said:
            block, rank = one.block, rank_of(one.block)
            begins = max(block.effective, block.onset)
            marks = {
                "other-language": one.fallback,
                "unpaired": one.unpaired,
                "expired": ends <= self._now,
                "elsewhere": here == "no",
            }
            yield SaidView(
                event=clean(block.event),
                headline=clean(block.headline),
                description=clean(block.description),
                instruction=clean(block.instruction),
                language=block.language,
                rank=rank,
                urgency=block.urgency,
                severity=block.severity,
                certainty=block.certainty,
                level=block.level,
                begins=iso(begins) if begins else "",
                ends=iso(ends),
                areas=[clean(area.description) for area in block.areas],
                codes=[clean(f"{code.scheme}={code.value}") for area in block.areas for code in area.codes],
                source=clean(block.sender_name or source_of(word)),
                contact=clean(block.contact),
                web=clean(block.web),
                marks=[mark for mark, holds in marks.items() if holds],
            )

    def words(self) -> Iterator[WordView]:
        """The alerts, the newest first."""
        for one in sorted(self._held.values(), key=lambda held: (-held.alert.sent, held.id)):
            yield WordView(
                id=one.id,
                identifier=clean(one.alert.identifier),
                sender=clean(one.alert.sender),
                kind=one.alert.kind,
                sent=iso(one.alert.sent),
                came=iso(one.at),
                feed=one.feed,
                stands=one.id in self._row.standing,
                note=clean(one.alert.note),
                refers=[clean(ref.identifier) for ref in one.alert.references],
            )

    def _standing(self) -> list[HeldAlert]:
        return [self._held[id_] for id_ in self._row.standing if id_ in self._held]

    def _marks(self, rank: int | None) -> Iterator[str]:
        row = self._row
        if row.status != "Actual":
            yield row.status.lower()
        yield from {one.alert.scope.lower() for one in self._standing()} - {"public"}
        yield from row.marks
        if row.here == "unknown":
            yield "place-unknown"
        if rank is None and row.spans:
            yield "rank-unknown"
        for _, one, here, _ends in self._said:
            if here != "no":
                yield from ["other-language"] if one.fallback else []
                yield from ["unpaired"] if one.unpaired else []
        if any(not one.shown.block.expires for one in self._said):
            yield "no-end"
        if any(one.differs for one in self._held.values()):
            yield "said-otherwise"


def _things(standing: Sequence[HeldAlert], languages: Sequence[str], longest: int, office: Office) -> list[_Said]:
    """Each thing that stands in one language: what lasts and may be here first, then the gravest."""
    now, place = office.node.clock.now(), here_of(office)
    found = []
    for held in standing:
        for one in shown(pairs(held.alert.blocks), languages) if held.alert.kind != "Cancel" else ():
            alone = msgspec.structs.replace(held.alert, blocks=(one.block,))
            found.append(_Said(held.alert, one, concerns(alone, place), ends_of(alone, longest)))
    return sorted(found, key=lambda one: (one.here == "no", one.ends <= now, -_grave(one.shown.block)))


def _grave(block: Block) -> int:
    rank = rank_of(block)
    return -1 if rank is None else rank
