"""Alerts as kept, and the warnings that they amount to: rows that say what a desk needs without reading the alerts.

A row stands on one of two shelves: `OPEN_WARNINGS` while it warns or may yet, `ENDED_WARNINGS` afterwards.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from xstock_node.domain import public_warnings
from xstock_node.domain.alerts import Alert, Point, Status
from xstock_node.domain.public_warnings import OPEN, Concern, Mark, Span, State, concern_of, links, rank_at, state_of
from xstock_node.domain.rights import DAY
from xstock_node.domain.warning_reach import Here
from xstock_node.protocol import limits
from xstock_node.services.exercises_held import running
from xstock_node.services.office import Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

UNRANKED: Final = -1


class HeldAlert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An alert as it came first: through which feed (or format), when (unix seconds).

    `differs`: the same sender, identifier and time came again and said something else; what was kept stays.
    """

    id: str
    feed: str
    at: int
    alert: Alert
    differs: bool = False


class HeldWarning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A warning, worked out from its alerts (ids): `standing` are those that hold; times unix seconds.

    `id` is that of the alert which came first, so that it stays whatever comes later. `names` are what its alerts are
    linked by. `peak` is the highest rank that it reached while open, -1 where none was known, since `rose_at`.
    `title` is what it is about in the first language of the node, `source` who says so.
    """

    id: str
    at: int
    alerts: tuple[str, ...]
    standing: tuple[str, ...]
    names: tuple[str, ...]
    status: Status
    source: str
    title: str
    ends: int
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()
    peak: int = UNRANKED
    rose_at: int = 0

    def state(self, now: int) -> State:
        """Where it stands."""
        return state_of(self.spans, now)

    def rank(self, now: int) -> int | None:
        """How grave it is here now; None where nobody said."""
        return rank_at(self.spans, now)

    @property
    def here(self) -> Concern:
        """Whether it touches us."""
        return concern_of(self.spans)

    def is_open(self, now: int) -> bool:
        """Whether it is in force, and not known to be elsewhere."""
        return self.state(now) in OPEN and self.here != "no"


ALERTS: Shelf[HeldAlert] = Shelf("alert", HeldAlert)
OPEN_WARNINGS: Shelf[HeldWarning] = Shelf("warning", HeldWarning)
ENDED_WARNINGS: Shelf[HeldWarning] = Shelf("warning-ended", HeldWarning)


def alert_id(alert: Alert) -> str:
    """The id of an alert here: the same whenever and wherever it comes from."""
    return _short(f"{alert.sender}\x1f{alert.identifier}\x1f{alert.sent}")


def names_of(alert: Alert) -> tuple[str, ...]:
    """What an alert is linked by, in short."""
    return tuple(_short("\x1f".join(link)) for link in links(alert))


def all_warnings(tx: Transaction) -> list[HeldWarning]:
    """Every row, open or ended."""
    return [*OPEN_WARNINGS.list(tx), *ENDED_WARNINGS.list(tx)]


def keep_warning(tx: Transaction, row: HeldWarning, now: int) -> None:
    """Keep a row on the shelf where it belongs now."""
    own, other = (OPEN_WARNINGS, ENDED_WARNINGS) if row.state(now) in OPEN else (ENDED_WARNINGS, OPEN_WARNINGS)
    own.put(tx, row.id, row, now)
    other.drop(tx, row.id)


def forget_warning(tx: Transaction, id_: str) -> None:
    """Remove a row; its alerts are others' matter."""
    OPEN_WARNINGS.drop(tx, id_)
    ENDED_WARNINGS.drop(tx, id_)


def drop_ended(tx: Transaction, rows: Iterable[HeldWarning], now: int) -> int:
    """Remove those that ended a month ago, with their alerts; how many alerts."""
    dropped = 0
    for row in rows:
        if is_old(row.ends, now):
            forget_warning(tx, row.id)
            dropped += sum(ALERTS.drop(tx, id_) for id_ in row.alerts)
    return dropped


def is_old(ends: int, now: int) -> bool:
    """Whether what ended then is kept no longer."""
    return ends + limits.ALERT_DAYS * DAY < now


def ends_of(alert: Alert, longest: int) -> int:
    """When an alert's last block ends; `longest` seconds after `sent` where none says when."""
    ends = (public_warnings.ends_of(block, alert.sent, longest) for block in alert.blocks)
    return max(ends, default=alert.sent + longest)


def longest_of(office: Office) -> int:
    """How long an alert without an end lasts, in seconds."""
    return office.settings.alerts.hours * 3600


def here_of(office: Office) -> Here:
    """Where this node is, as far as its settings say."""
    settings, own = office.settings, office.settings.alerts
    country = () if settings.country == "XX" else (settings.country,)
    at = None if settings.at is None else Point(settings.at[0] / 1e6, settings.at[1] / 1e6)
    return Here(country if own.countries is None else own.countries, own.areas, own.point or at)


def opens(office: Office, tx: Transaction, status: Status) -> bool:
    """Whether alerts of a status lead to anything here: real ones always, those of exercises while we hold one."""
    if status == "Exercise":
        return office.node.log.is_exercise or bool(running(tx))
    return status == "Actual"


def _short(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()[:10]).decode().lower()
