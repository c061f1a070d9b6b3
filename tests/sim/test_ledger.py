"""What the simulation holds a log to: nothing owed is missing, but what had ended may be below a window that rose."""

from xstock_node.protocol.frames import hash_line, leaf_of
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import encode
from xstock_node.testing import make_offer
from xstock_node.testing.ledger import Ledger

LOG, NOW = LogName("origin.example.org", "see.pub"), 1_790_000_000
LINE = encode(make_offer(1, NOW))
HASH = hash_line(leaf_of(LINE))
END = make_offer(1, NOW).exp


def book() -> Ledger:
    ledger = Ledger()
    ledger.add(LOG, [LINE], owed=True)
    return ledger


def test_an_ended_record_may_be_a_hash_below_the_window() -> None:
    assert book().given_up(LOG, [HASH], END) == {LINE}


def test_a_live_record_may_not() -> None:
    assert book().given_up(LOG, [HASH], END - 1) == set()


def test_a_record_of_which_not_even_the_hash_is_there_is_missing_however_old() -> None:
    other = encode(make_offer(2, NOW))
    assert book().given_up(LOG, [hash_line(leaf_of(other))], END) == set()
    assert [entry.line for entry in book().missing(LOG, [other])] == [LINE]


def test_what_is_held_is_neither_missing_nor_stale() -> None:
    assert book().missing(LOG, [LINE]) == book().stale(LOG, [LINE]) == []
