"""Alerting: public warnings in, from feeds that are read when they are due and from documents that people bring.

An alert is kept once, as it came first. What belongs together is one warning; when it touches us and is grave enough it
waits for who has duty, and opens a draft request. Nothing is asked of anybody, and no stock moves.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain.alerts import Alert, Block
from xstock_node.domain.public_warnings import WORDS, fold, rank_of, spans, together
from xstock_node.domain.rights import DAY
from xstock_node.domain.warning_languages import pairs, shown
from xstock_node.domain.warning_reach import concerns
from xstock_node.protocol import limits
from xstock_node.services import alert_drafts
from xstock_node.services.alerts_held import (
    ALERTS,
    ENDED_WARNINGS,
    OPEN_WARNINGS,
    UNRANKED,
    HeldAlert,
    HeldWarning,
    alert_id,
    all_warnings,
    drop_ended,
    ends_of,
    forget_warning,
    here_of,
    is_old,
    keep_warning,
    longest_of,
    names_of,
)
from xstock_node.services.office import Actor, Office
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

TITLE: Final = 160


class Taken(NamedTuple):
    """What became of an alert: its id here; `new`, or why it is not: known, differs, too-old, too-new,
    no-warning, full.
    """

    id: str
    became: str


async def take_in(office: Office, actor: Actor, feed: str, alerts: Sequence[Alert]) -> list[Taken]:
    """Keep alerts that came through a feed, or in a document of a format; each once."""
    if not alerts:
        return []

    def work(tx: Transaction) -> list[Taken]:
        return _Intake(office, actor, tx, feed).take(alerts)

    found = await office.node.engine.write(work, durable=True)
    if any(one.became == "new" for one in found):
        office.changes.tell("")
    return found


async def look_again(office: Office, actor: Actor) -> None:
    """Work out all open warnings anew, as after a change of settings."""

    def work(tx: Transaction) -> None:
        intake = _Intake(office, actor, tx, "")
        for row in OPEN_WARNINGS.list(tx):
            intake.refold([row], [])

    await office.node.engine.write(work, durable=True)


async def sweep(office: Office, actor: Actor) -> int:
    """End what is over by now; how many warnings ended."""
    now = office.node.clock.now()

    def over(tx: Transaction) -> list[HeldWarning]:
        return [row for row in OPEN_WARNINGS.list(tx) if alert_drafts.is_over(row, now)]

    def work(tx: Transaction) -> int:
        rows = over(tx)
        for row in rows:
            keep_warning(tx, row, now)
            alert_drafts.end(office, actor, tx, row, now)
        return len(rows)

    if not await office.node.engine.read(over):
        return 0
    ended = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return ended


async def forget_old(office: Office) -> int:
    """Remove what ended a month ago; how many alerts."""
    now = office.node.clock.now()

    def old(tx: Transaction) -> list[HeldWarning]:
        return [row for row in ENDED_WARNINGS.list(tx) if is_old(row.ends, now)]

    if not await office.node.engine.read(old):
        return 0
    return await office.node.engine.write(lambda tx: drop_ended(tx, old(tx), now), durable=True)


class _Intake:
    """One transaction in which alerts come in."""

    def __init__(self, office: Office, actor: Actor, tx: Transaction, feed: str) -> None:
        self._office, self._actor, self._tx, self._feed = office, actor, tx, feed
        self._now, self._longest, self._here = office.node.clock.now(), longest_of(office), here_of(office)

    def take(self, alerts: Sequence[Alert]) -> list[Taken]:
        found: list[Taken] = []
        fresh: dict[str, HeldAlert] = {}
        for alert in alerts:
            id_ = alert_id(alert)
            became = self._judge(id_, alert, fresh)
            if became == "new":
                fresh[id_] = HeldAlert(id=id_, feed=self._feed, at=self._now, alert=alert)
            found.append(Taken(id_, became))
        rows = all_warnings(self._tx) if fresh else []
        room = self._room(rows, len(fresh))
        full = set(list(fresh)[room:])
        for id_ in full:
            del fresh[id_]
        for id_, held in fresh.items():
            ALERTS.put(self._tx, id_, held, self._now)
        self._group({row.id: row for row in rows}, fresh)
        return [one._replace(became="full") if one.id in full else one for one in found]

    def refold(self, rows: Sequence[HeldWarning], fresh: Sequence[HeldAlert]) -> None:
        """Make one warning of rows and alerts that belong together, with all that follows from it."""
        known = [held for row in rows for id_ in row.alerts if (held := ALERTS.get(self._tx, id_)) is not None]
        before = min(rows, key=lambda row: (row.at, row.id), default=None)
        for row in rows:
            if before is not None and row.id != before.id:
                forget_warning(self._tx, row.id)
                alert_drafts.end(self._office, self._actor, self._tx, row, self._now, alert_drafts.JOINED)
        peak = max((row.peak for row in rows), default=UNRANKED)
        self._keep(before, peak, [*known, *fresh])

    def _judge(self, id_: str, alert: Alert, fresh: dict[str, HeldAlert]) -> str:
        if alert.kind not in WORDS:
            return "no-warning"
        held = fresh.get(id_) or ALERTS.get(self._tx, id_)
        if held is None and alert.sent > self._now + DAY:
            return "too-new"  # by a clock that is far ahead: it would stand over all that is said until then
        if held is None:
            return "too-old" if is_old(ends_of(alert, self._longest), self._now) else "new"
        if held.alert == alert:
            return "known"
        if not held.differs:
            marked = msgspec.structs.replace(held, differs=True)
            if id_ in fresh:
                fresh[id_] = marked
            else:
                ALERTS.put(self._tx, id_, marked, self._now)
        return "differs"

    def _room(self, rows: list[HeldWarning], wanted: int) -> int:
        """How many more may be kept; where it is tight what ended longest ago makes room."""
        room = limits.ALERTS - sum(len(row.alerts) for row in rows)
        ended = sorted((row for row in rows if row.ends <= self._now), key=lambda row: row.ends, reverse=True)
        while room < wanted and ended:
            row = ended.pop()
            rows.remove(row)
            forget_warning(self._tx, row.id)
            room += sum(ALERTS.drop(self._tx, id_) for id_ in row.alerts)
        return max(room, 0)

    def _group(self, rows: dict[str, HeldWarning], fresh: dict[str, HeldAlert]) -> None:
        named: dict[tuple[str, str], Iterable[str]] = {("row", id_): row.names for id_, row in rows.items()}
        named |= {("alert", id_): names_of(held.alert) for id_, held in fresh.items()}
        for group in together(named):
            new = [fresh[id_] for kind, id_ in group if kind == "alert"]
            if new:
                self.refold([rows[id_] for kind, id_ in group if kind == "row"], new)

    def _keep(self, before: HeldWarning | None, peak: int, held: list[HeldAlert]) -> None:
        now, tx = self._now, self._tx
        held.sort(key=lambda one: (one.alert.sent, one.id))
        for one in held[: -limits.ALERT_WORDS]:
            ALERTS.drop(tx, one.id)
        held = held[-limits.ALERT_WORDS :]
        warning = fold(one.alert for one in held)
        found = spans(warning, self._longest, lambda alert: concerns(alert, self._here))
        word, blocks = newest(warning.standing), list(self._said(warning.standing))
        first = min(held, key=lambda one: (one.at, one.id))
        row = HeldWarning(
            id=before.id if before else first.id,
            at=before.at if before else first.at,
            alerts=tuple(sorted(one.id for one in held)),
            standing=tuple(alert_id(one) for one in warning.standing),
            names=tuple(sorted({name for one in held for name in names_of(one.alert)})),
            status=word.status,
            source=_cut(source_of(word)),
            title=_cut(_title(blocks or self._ended(warning.words)) or word.note or word.identifier),
            ends=max((span.ends for span in found), default=ends_of(word, self._longest)),
            spans=found,
            marks=warning.marks,
            peak=peak,
            rose_at=before.rose_at if before else 0,
        )
        if row.is_open(now):
            rank, went_on = row.rank(now), before is not None and before.is_open(now)
            risen = max(peak if went_on else UNRANKED, UNRANKED if rank is None else rank)
            if risen > peak or not went_on:
                row = msgspec.structs.replace(row, peak=risen, rose_at=now)
            alert_drafts.follow(self._office, self._actor, tx, row, word, blocks, now)
        else:
            alert_drafts.end(self._office, self._actor, tx, row, now)
        keep_warning(tx, row, now)

    def _said(self, standing: Sequence[Alert]) -> Iterator[Block]:
        """What the words that stand say here and now, each thing in one language, the gravest first."""
        found = []
        for word in standing:
            for one in shown(pairs(word.blocks), self._office.settings.languages):
                alone = msgspec.structs.replace(word, blocks=(one.block,))
                lasts = word.kind != "Cancel" and self._now < ends_of(alone, self._longest)
                if lasts and concerns(alone, self._here) != "no":
                    found.append(one.block)
        ranks = {id(block): rank_of(block) for block in found}
        yield from sorted(found, key=lambda block: -(ranks[id(block)] or 0))

    def _ended(self, words: Sequence[Alert]) -> list[Block]:
        """What the newest word said that said anything: the name of a warning that is over."""
        last = next((word for word in reversed(words) if word.blocks), None)
        return [one.block for one in shown(pairs(last.blocks), self._office.settings.languages)] if last else []


def newest(standing: Sequence[Alert]) -> Alert:
    """The newest word that warns, else the newest that stands."""
    return next((one for one in reversed(standing) if one.kind != "Cancel"), standing[-1])


def source_of(word: Alert) -> str:
    """Who says so, by their own name where they gave one."""
    return word.source or next((one.sender_name for one in word.blocks if one.sender_name), "") or word.sender


def _title(blocks: Sequence[Block]) -> str:
    if not blocks:
        return ""
    area = next((area.description for area in blocks[0].areas if area.description), "")
    return f"{blocks[0].event}, {area}" if area else blocks[0].event


def _cut(text: str) -> str:
    return clean(text)[:TITLE]
