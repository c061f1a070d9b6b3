"""Peers and how far each is behind: since when nothing was heard, on a scale from seconds to weeks."""

import math
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from xstock_node.console.pictures.measure import height, width, wrapped
from xstock_node.console.pictures.svg import (
    EDGE,
    NARROW,
    SMALL,
    TEXT,
    WIDE,
    Drawn,
    Reader,
    Twin,
    both,
    lines_at,
    mark,
    picture,
    tag,
)

Stand = Literal["in-step", "stale", "frozen", "never"]
MARKS: Final = {"in-step": "dot", "stale": "triangle", "frozen": "square", "never": "cross"}
SHORTEST, LONGEST = 5, 21 * 86_400
TICKS: Final = (60, 3600, 86_400, 7 * 86_400)
GAP: Final = 14.0


class Peer(NamedTuple):
    """A peer: its title, seconds since it was last heard (None: never), how many of its offers are held, its stand."""

    title: str
    heard: int | None
    offers: int
    stand: Stand


def draw_peers(key: str, peers: Sequence[Peer], reader: Reader) -> str:
    """The picture for both widths."""
    late = sum(peer.stand != "in-step" for peer in peers)
    about = reader.say(
        "{all} peers, {late} of them not in step.", all=reader.number(len(peers)), late=reader.number(late)
    )
    title = reader.say("Peers, and since when nothing was heard of each")
    small, large = (_drawing(peers, wide, reader) for wide in (NARROW, WIDE))
    return both(key, picture(small, f"{key}-n", title, about), picture(large, f"{key}-w", title, about))


def twin(peers: Sequence[Peer], reader: Reader) -> Twin:
    """The table of the picture."""
    say = reader.say
    headings = (say("Peer"), say("Stand"), say("Last heard"), say("Offers"))
    rows = [(peer.title, stand(peer, reader), heard(peer, reader), reader.number(peer.offers)) for peer in peers]
    return Twin(say("Peers, and since when nothing was heard of each"), headings, rows)


def stand(peer: Peer, reader: Reader) -> str:
    """The stand of a peer in words."""
    known = {
        "in-step": reader.say("in step"),
        "stale": reader.say("not heard"),
        "frozen": reader.say("frozen"),
        "never": reader.say("never heard"),
    }
    return known[peer.stand]


def heard(peer: Peer, reader: Reader) -> str:
    """When a peer was last heard, in words."""
    return reader.say("never") if peer.heard is None else reader.say("{span} ago", span=reader.span(peer.heard))


def _drawing(peers: Sequence[Peer], room: float, reader: Reader) -> Drawn:
    beside = room > NARROW
    left = min(max((width(peer.title, TEXT) for peer in peers), default=0.0), room * 0.34) + GAP if beside else EDGE
    ends = [_words(peer, reader) for peer in peers]
    right = min(max((width(words, SMALL) for words in ends), default=0.0), room * 0.3) + GAP if beside else 0.0
    track = (left + 10.0, room - right - 12.0)
    top = height(1, SMALL) + 6.0
    parts: list[str] = []
    spans = []
    y = top
    for peer, words in zip(peers, ends, strict=True):
        drawn, deep, line = _row(peer, words, y, room, left, track, beside)
        parts += drawn
        spans.append((line - 7.0, line + 7.0))
        y += deep
    return Drawn([*_scale(track, [(top - 4.0, y)] if beside else spans, reader), *parts], room, y + 4.0)


def _words(peer: Peer, reader: Reader) -> str:
    return stand(peer, reader) if peer.heard is None else f"{stand(peer, reader)}, {heard(peer, reader)}"


def _row(
    peer: Peer, words: str, y: float, room: float, left: float, track: tuple[float, float], beside: bool
) -> tuple[list[str], float, float]:
    """A row that begins at `y`, its height, and where its track lies: words beside the track, or above it where there
    is no room beside.
    """
    class_ = f"is-{peer.stand}"
    if beside:
        name, said = wrapped(peer.title, left - GAP + 1, TEXT), wrapped(words, room - track[1] - 22.0, SMALL)
        deep = max(height(len(name), TEXT), height(len(said), SMALL), 14.0) + 12.0
        line = y + deep / 2
        texts = [
            lines_at(0, line - height(len(name), TEXT) / 2, name),
            lines_at(track[1] + 22.0, line - height(len(said), SMALL) / 2, said, SMALL, f"said {class_}"),
        ]
    else:
        name, said = wrapped(peer.title, room, TEXT), wrapped(words, room, SMALL)
        above = height(len(name), TEXT) + height(len(said), SMALL)
        line, deep = y + above + 12.0, above + 30.0
        texts = [lines_at(0, y, name), lines_at(0, y + height(len(name), TEXT), said, SMALL, f"said {class_}")]
    at = _at(peer.heard, track)
    bar = tag("line", x1=track[0], y1=line, x2=at, y2=line, class_=f"behind {class_}")
    base = tag("line", x1=track[0], y1=line, x2=track[1], y2=line, class_="track")
    return [*texts, base, bar, mark(MARKS[peer.stand], at, line, 6.0, f"mark {class_}")], deep, line


def _at(seconds: int | None, track: tuple[float, float]) -> float:
    """Where so many seconds stand on the scale, which is logarithmic."""
    value = LONGEST if seconds is None else min(max(seconds, SHORTEST), LONGEST)
    return track[0] + (track[1] - track[0]) * math.log(value / SHORTEST) / math.log(LONGEST / SHORTEST)


def _scale(track: tuple[float, float], spans: Sequence[tuple[float, float]], reader: Reader) -> list[str]:
    """Ticks over these heights, with words on top; words that would touch the last ones are left out."""
    parts, free = [], -math.inf
    for seconds in TICKS:
        at, words = _at(seconds, track), reader.span(seconds)
        half = width(words, SMALL) / 2
        parts += [tag("line", x1=at, y1=a, x2=at, y2=b, class_="tick") for a, b in spans]
        if at - half > free:
            parts.append(lines_at(at, 0, [words], SMALL, "faint", "middle"))
            free = at + half + 6.0
    return parts
