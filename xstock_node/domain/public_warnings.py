"""Public warnings: alerts that belong together are one warning, whose state does not depend on the order of arrival.

- Alerts belong together by `references`, transitively, and by `thread`; never across senders, and never across
  statuses: an exercise cancels nothing real, and nobody takes back what another warned of.
- An Update or Cancel stands over what it refers to. What refers to something that was replaced before means what
  stands in its place; but no Update replaces thus what speaks of other areas than itself.
- An older `sent` never overrides a newer one. In one second the one that refers to the other is the later one, then
  the one with the higher numbers in its identifier (episode and version of a feed), then the graver one.
- Ack and Error change nothing. A Cancel of something unknown is remembered, and holds when that comes.
- An Update whose first alert never came stands, marked `first-not-seen`: a lost alert must not hide a danger.
- Unknown stays unknown: an alert without severity has no rank, and one without `expires` lasts from `sent` on as long
  as the node says (CAP 1.2 has no default).
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec

from xstock_node.domain.alerts import Alert, Block
from xstock_node.domain.warning_languages import place_of

K = TypeVar("K")

State = Literal["active", "expected", "expired", "cancelled"]
Concern = Literal["yes", "unknown", "no"]
Mark = Literal["first-not-seen", "other-sender"]

OPEN: Final = frozenset({"active", "expected"})
WORDS: Final = frozenset({"Alert", "Update", "Cancel"})
"""Kinds of message that say something of a danger; the others are words on messages."""
RANKS: Final[Mapping[str, int]] = {
    "red": 3,
    "Extreme": 3,
    "orange": 2,
    "Severe": 2,
    "yellow": 1,
    "Moderate": 1,
    "green": 0,
    "Minor": 0,
}
LASTS: Final = 92 * 86_400
"""Seconds after which an alert that was not said again has ended, whatever it says: nothing warns for ever."""
_NUMBER: Final = re.compile(r"[0-9]+")


class Link(NamedTuple):
    """A name by which alerts belong together: of an alert itself, of one that it refers to, or of their thread."""

    status: str
    sender: str
    kind: Literal["alert", "thread"]
    name: str


class PublicWarning(NamedTuple):
    """A warning: all its words in their order, those that stand (a Cancel may), and what is to be minded."""

    words: tuple[Alert, ...]
    standing: tuple[Alert, ...]
    marks: tuple[Mark, ...]


class Span(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How long a block of a standing word warns, in unix seconds (`begins` 0: at once), how gravely, whether here."""

    ends: int
    begins: int = 0
    rank: int | None = None
    here: Concern = "yes"


def links(alert: Alert) -> Iterator[Link]:
    """All names of an alert; none of a word on messages, which belongs to no warning."""
    if alert.kind not in WORDS:
        return
    yield Link(alert.status, alert.sender, "alert", alert.identifier)
    for name in _named(alert):
        yield Link(alert.status, alert.sender, "alert", name)
    if alert.thread:
        yield Link(alert.status, alert.sender, "thread", alert.thread)


def warnings_of(alerts: Iterable[Alert]) -> list[PublicWarning]:
    """The warnings that alerts amount to, the one with the oldest word first."""
    words = [one for one in alerts if one.kind in WORDS]
    groups = together({n: set(links(one)) for n, one in enumerate(words)})
    found = [fold(words[n] for n in group) for group in groups]
    return sorted(found, key=_place)


def together(named: Mapping[K, Iterable[Hashable]]) -> list[list[K]]:
    """What belongs together because it has a name in common, directly or by others; in the order in which it came."""
    leads: dict[Hashable, Hashable] = {}

    def lead(name: Hashable) -> Hashable:
        while (up := leads.setdefault(name, name)) != name:
            leads[name] = name = leads[up]
        return name

    first: dict[K, Hashable] = {}
    for key, names in named.items():
        for name in names:
            leads[lead(name)] = lead(first.setdefault(key, name))
    groups: dict[Hashable, list[K]] = {}
    for key, name in first.items():
        groups.setdefault(lead(name), []).append(key)
    return list(groups.values())


def fold(alerts: Iterable[Alert]) -> PublicWarning:
    """The warning of alerts that belong together, in whatever order they come."""
    words = in_order(one for one in alerts if one.kind in WORDS)
    line = _Line()
    for word in words:
        line.take(word)
    standing = tuple(line.standing.values())
    return PublicWarning(words, standing, tuple(_marks(words, standing)))


def in_order(alerts: Iterable[Alert]) -> tuple[Alert, ...]:
    """The words of a warning, the newest last; of two with one name and time the same one is taken each time."""
    once = {(one.identifier, one.sent): one for one in sorted(alerts, key=msgspec.msgpack.encode)}
    found: list[Alert] = []
    for _, group in groupby(sorted(once.values(), key=lambda one: one.sent), key=lambda one: one.sent):
        found += _within_a_second(list(group))
    return tuple(found)


def spans(
    warning: PublicWarning, longest: int, here: Callable[[Alert], Concern] = lambda alert: "yes"
) -> tuple[Span, ...]:
    """How long each block of what stands warns; none where all was cancelled. `longest` seconds where none is said."""
    found: list[Span] = []
    for word in warning.standing:
        if word.kind == "Cancel":
            continue
        if not word.blocks:
            found.append(Span(ends=word.sent + longest, here=here(word)))
        found += [
            Span(
                begins=max(block.effective, block.onset),
                ends=ends_of(block, word.sent, longest),
                rank=rank_of(block),
                here=here(msgspec.structs.replace(word, blocks=(block,))),
            )
            for block in word.blocks
        ]
    return tuple(found)


def ends_of(block: Block, sent: int, longest: int) -> int:
    """When a block of an alert that was `sent` then ends, in unix seconds."""
    return min(block.expires or sent + longest, sent + LASTS)


def state_at(warning: PublicWarning, now: int, longest: int) -> State:
    """Where a warning stands; `expected` is in force, and what it warns of is ahead. Expired is never active (R11)."""
    return state_of(spans(warning, longest), now)


def state_of(found: Iterable[Span], now: int) -> State:
    """The same from the spans of its blocks."""
    every = tuple(found)
    left = [span for span in every if now < span.ends]
    if not left:
        return "expired" if every else "cancelled"
    return "active" if any(span.begins <= now for span in left) else "expected"


def rank_at(found: Iterable[Span], now: int) -> int | None:
    """The highest rank that still warns here: 3 red or Extreme ... 0 green or Minor; None where none is known."""
    ranks = [span.rank for span in found if now < span.ends and span.here != "no" and span.rank is not None]
    return max(ranks, default=None)


def concern_of(found: Iterable[Span]) -> Concern:
    """Whether any block touches us."""
    said = {span.here for span in found}
    return "yes" if "yes" in said else "unknown" if "unknown" in said or not said else "no"


def rank_of(block: Block) -> int | None:
    """How grave a block is, by the feed's colour and by its severity, whichever says more; the end of a danger is 0."""
    if "AllClear" in block.responses:
        return 0
    known = [RANKS[word] for word in (block.level, block.severity) if word in RANKS]
    return max(known, default=None)


def _place(warning: PublicWarning) -> tuple[int, str, str, str]:
    first = warning.words[0]
    return first.sent, first.sender, first.identifier, first.status


class _Line:
    """What stands by identifier, while the words of a warning are gone through from the oldest to the newest."""

    def __init__(self) -> None:
        self.standing: dict[str, Alert] = {}
        self._after: dict[str, set[str]] = {}
        self._places: dict[str, frozenset[object]] = {}

    def take(self, word: Alert) -> None:
        """A later word: it stands, and takes the place of what it refers to."""
        named, own = _named(word), word.identifier
        self._places[own] = frozenset(place_of(area) for block in word.blocks for area in block.areas)
        instead = {name: self._reached(name) for name in named if name not in self.standing}
        over = self._over(word, named, instead)
        for name in over:
            del self.standing[name]
            self._after[name] = {own}
        for name, found in instead.items():
            self._after[name] = {one for one in found if one in self.standing} | {own}
        self._after.pop(own, None)  # one that is said again begins anew
        self.standing[own] = word

    def _over(self, word: Alert, named: set[str], instead: Mapping[str, set[str]]) -> set[str]:
        over = {name for name in (*named, word.identifier) if name in self.standing}
        places = self._places[word.identifier]
        for found in instead.values():
            if found.isdisjoint(named):
                standing = (one for one in found if one in self.standing)
                over |= {one for one in standing if word.kind == "Cancel" or self._places[one] <= places}
        if word.thread:
            over |= {name for name, one in self.standing.items() if one.thread == word.thread}
        return over

    def _reached(self, name: str) -> set[str]:
        """All that came after a word in its place, whether it stands or not."""
        seen, waiting = set[str](), [name]
        while waiting:
            fresh = self._after.get(waiting.pop(), set()) - seen
            seen |= fresh
            waiting += fresh
        return seen - {name}


def _named(alert: Alert) -> set[str]:
    return {one.identifier for one in alert.references if one.sender == alert.sender} - {alert.identifier}


def _within_a_second(words: list[Alert]) -> list[Alert]:
    if len(words) == 1:
        return words
    here = {one.identifier for one in words}
    graph = TopologicalSorter({one.identifier: _named(one) & here for one in words})
    level: dict[str, int] = {}
    try:
        graph.prepare()
        while graph.is_active():
            ready = graph.get_ready()
            depth = max(level.values(), default=-1) + 1
            level.update(dict.fromkeys(ready, depth))
            graph.done(*ready)
    except CycleError:
        level = {}
    return sorted(words, key=lambda one: (level.get(one.identifier, 0), *_gravity(one)))


def _gravity(alert: Alert) -> tuple[list[int], int, str]:
    numbers = [int(digits) for digits in _NUMBER.findall(alert.identifier)]
    ranks = [rank for rank in map(rank_of, alert.blocks) if rank is not None]
    return numbers, max(ranks, default=-1), alert.identifier


def _marks(words: Iterable[Alert], standing: Iterable[Alert]) -> Iterator[Mark]:
    every = list(words)
    if every and all(one.kind != "Alert" for one in every) and any(map(_named, every)):
        yield "first-not-seen"
    if any(one.sender != word.sender for word in standing for one in word.references):
        yield "other-sender"
