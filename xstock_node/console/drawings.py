"""What pages draw: the views of the API as pictures, each with its table folded in below it."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from markupsafe import Markup

from xstock_node.console.pictures import flow, levels, matrix, peers, turns
from xstock_node.console.pictures.svg import Twin
from xstock_node.console.words import Words
from xstock_node.domain.counters import Counters
from xstock_node.domain.operations import ENDED
from xstock_node.services.levels import LevelView
from xstock_node.services.offer_sums import CountrySum
from xstock_node.services.operation_views import OperationRow, OperationView
from xstock_node.services.overview import PeerView

MOST_ROWS = 40
MOST_GOODS = 2
DAY = 86_400


def with_twin(drawn: str, twin: Twin, words: Words) -> Markup:
    """A picture, and below it the same as a table that is unfolded by who wants it."""
    head = Markup("").join(Markup("<th scope=col>{}</th>").format(heading) for heading in twin.headings)
    rows = Markup("").join(
        Markup("<tr>{}</tr>").format(
            Markup("").join(
                Markup('<td data-heading="{}">{}</td>').format(heading, cell)
                for heading, cell in zip(twin.headings, row, strict=True)
            )
        )
        for row in twin.rows
    )
    return Markup(
        '{}<details class="twin"><summary>{}</summary><div class="scroll" role="region" aria-label="{}" tabindex="0">'
        '<table class="rows"><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>'
    ).format(_safe(drawn), words.say("The same as a table"), twin.caption, twin.caption, head, rows)


def draw_peers(found: Sequence[PeerView], words: Words) -> Markup:
    """Since when nothing was heard of each peer; the longest silent first."""
    if not found:
        return Markup("")
    shown = sorted((_peer(one, words) for one in found), key=_silence)[:MOST_ROWS]
    return with_twin(peers.draw_peers("picture-peers", shown, words), peers.twin(shown, words), words)


def draw_turns(
    found: Iterable[OperationRow], due: dict[str, str], own: str, words: Words, marked: bool = True
) -> Markup:
    """Whose turn it is in the operations that run; `due` are the times until which an answer is awaited, by case.

    `marked`: what is of an exercise says so; without it the page says it of all.
    """
    shown = [_turn(one, due.get(one.case, ""), own, words, marked) for one in found if one.state not in ENDED]
    if not shown:
        return Markup("")
    shown = turns.ordered(shown)[:MOST_ROWS]
    return with_twin(turns.draw_turns("picture-turns", shown, words), turns.twin(shown, words), words)


def draw_flow(operation: OperationView, words: Words) -> Markup:
    """From what was asked to what arrived, for each item of an operation."""
    runs = operation.state not in ENDED
    shown = [
        flow.stages(
            words.item(one.item),
            words.word("unit", one.unit),
            Counters(**{name: Decimal(text) for name, text in one.figures.items()}),
            runs,
            words,
        )
        for one in operation.counters
    ]
    if not shown:
        return Markup("")
    return with_twin(flow.draw_flow("picture-flow", shown, words), flow.twin(shown, words), words)


def draw_levels(found: Sequence[LevelView], words: Words) -> Markup:
    """The own stock against its minimum, what lacks most first."""
    if not found:
        return Markup("")
    shown = [
        levels.Level(
            words.item(one.item),
            words.word("unit", one.unit),
            *(Decimal(figure) for figure in (one.on_hand, one.minimum, one.committed, one.shareable)),
        )
        for one in found[:MOST_ROWS]
    ]
    return with_twin(levels.draw_levels("picture-levels", shown, words), levels.twin(shown, words), words)


def draw_countries(found: Sequence[CountrySum], words: Words) -> Markup:
    """The most offered items by country."""
    if not found:
        return Markup("")
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    for one in found:
        sums.setdefault((one.item, one.unit), {})[one.country] = Decimal(one.quantity)
    rows = [
        matrix.ItemRow(words.item(item), words.word("unit", unit), by_country)
        for (item, unit), by_country in sums.items()
    ]
    countries = sorted({one.country for one in found})
    return with_twin(
        matrix.draw_matrix("picture-countries", rows, countries, words), matrix.twin(rows, countries, words), words
    )


def _safe(drawn: str) -> Markup:
    """What the pictures drew: they escape all words themselves."""
    return Markup(drawn)  # noqa: S704


def _peer(one: PeerView, words: Words) -> peers.Peer:
    heard = None if one.last_in is None else max(0, -words.ahead(one.last_in))
    stand: peers.Stand = "frozen" if one.frozen else "never" if heard is None else "stale" if one.stale else "in-step"
    return peers.Peer(one.organisation, heard, one.offers, stand)


def _silence(peer: peers.Peer) -> tuple[bool, int, str]:
    return peer.stand == "in-step", -(peer.heard if peer.heard is not None else 100 * 365 * DAY), peer.title


def _turn(one: OperationRow, due: str, own: str, words: Words, marked: bool) -> turns.Turn:
    whose: turns.Whose = "nobody"
    if one.turn:
        whose = "ours" if one.turn == one.side else "theirs"
    partner = one.supplier if one.requester == own else one.requester
    title = words.goods(one.lines, MOST_GOODS) or words.word("state", one.state)
    exercise = f"{words.say('EXERCISE')} · " if one.exercise and marked else ""
    return turns.Turn(exercise + title, words.node(partner), whose, words.ahead(due) if due else None)
