"""Open public warnings as they are told to others: each thing of an area in the languages that they read.

Only what was sent to the public and is real leaves the node; in an exercise network, what belongs to an exercise.
"""

from collections.abc import Iterator, Sequence

import msgspec

from xstock_node.domain.alerts import Block
from xstock_node.domain.public_warnings import OPEN, Concern, rank_of
from xstock_node.domain.warning_languages import Shown, Speech, pairs, shown
from xstock_node.domain.warning_reach import Here, concerns
from xstock_node.plugins.members import WarningTold
from xstock_node.services.alert_waiting import rank_word
from xstock_node.services.alerting import source_of
from xstock_node.services.alerts_held import ALERTS, OPEN_WARNINGS, HeldAlert, ends_of, longest_of
from xstock_node.services.office import Office
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

MOST = 50


def told(office: Office, tx: Transaction, here: Here, languages: Sequence[str], every: bool) -> tuple[WarningTold, ...]:
    """What warns here now, the gravest first; with `every` in each language that has it, else in the first one."""
    now = office.node.clock.now()
    wanted = "Exercise" if office.node.log.is_exercise else "Actual"
    rows = [row for row in OPEN_WARNINGS.list(tx) if row.status == wanted and row.state(now) in OPEN]
    standing = [held for row in rows for id_ in row.standing if (held := ALERTS.get(tx, id_)) is not None]
    found = [
        (grave, one)
        for held in standing
        if held.alert.scope == "Public" and held.alert.kind != "Cancel"
        for grave, one in _said(held, here, languages, every, now, longest_of(office))
    ]
    found.sort(key=lambda pair: -pair[0])
    return tuple(one for _, one in found[:MOST])


def _said(
    held: HeldAlert, here: Here, languages: Sequence[str], every: bool, now: int, longest: int
) -> Iterator[tuple[int, WarningTold]]:
    for speech in pairs(held.alert.blocks):
        for one in _wanted(speech, languages, every):
            alone = msgspec.structs.replace(held.alert, blocks=(one.block,))
            concern, ends = concerns(alone, here), ends_of(alone, longest)
            if concern != "no" and now < ends:
                rank = rank_of(one.block)
                yield (-1 if rank is None else rank), _told(held, one, concern, ends, rank)


def _wanted(speech: Speech, languages: Sequence[str], every: bool) -> list[Shown]:
    """The blocks of one thing that are told: in the first wanted language, or in each; never none."""
    if not every:
        return list(shown((speech,), languages))
    each = {id(one.block): one for language in languages for one in shown((speech,), (language,)) if not one.fallback}
    return list(each.values()) or list(shown((speech,), languages))


def _told(held: HeldAlert, one: Shown, concern: Concern, ends: int, rank: int | None) -> WarningTold:
    block: Block = one.block
    return WarningTold(
        id=f"{held.id}.{held.alert.blocks.index(block)}",
        sent=held.alert.sent,
        event=_short(block.event),
        headline=_short(block.headline),
        instruction=clean(block.instruction)[:1500],
        areas=tuple(_short(area.description) for area in block.areas[:20] if area.description),
        language=block.language[:35],
        fallback=one.fallback,
        unsure=concern == "unknown",
        level=rank_word(rank),
        begins=max(block.effective, block.onset),
        ends=ends,
        source=_short(block.sender_name or source_of(held.alert)),
    )


def _short(text: str) -> str:
    return clean(text)[:200]
