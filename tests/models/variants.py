"""The protocol's rules in three worlds, and the variants of them that fail, each with the harm it does."""

from tests.models.case_model import Rules
from tests.models.explore import DIFFER, STRANDED, TWICE, TWO_HOLD, TWO_KEEP

PROTOCOL = {
    "offers hold one piece": Rules(amends=True, most_s=4),
    "offers hold two pieces": Rules(stock=2),
    "more is offered than there is": Rules(overbooks=True),
}
LARGER = {
    "more is offered than there is, and amended": Rules(overbooks=True, amends=True, most_s=4),
    "offers hold one piece, R writes three times": Rules(amends=True, most_s=4, most_r=3),
}
# Where either side decides nobody restores: these fail without.
FAILING = {
    "the last writer wins": (Rules(order="time", restores=False), (TWICE, TWO_HOLD, TWO_KEEP)),
    "the order of hashes decides": (Rules(order="hash", restores=False), (TWICE, TWO_HOLD, TWO_KEEP)),
    "one prev for both writers": (Rules(order="one chain", restores=False), (DIFFER, STRANDED)),
    "either side decides": (Rules(order="arrival", restores=False), (TWICE, TWO_HOLD, TWO_KEEP, DIFFER)),
    "R derives expiry from its own clock": (Rules(own_clock=True, restores=False), (DIFFER, STRANDED)),
    "stock is free at the cancel, not at its receipt": (Rules(frees_at_cancel=True, restores=False), (TWICE, TWO_HOLD)),
    "restore without the exchange": (Rules(exchanges=False), (TWICE, TWO_HOLD, DIFFER)),
    "restore without start numbers": (Rules(numbers_starts=False), (TWICE, DIFFER, STRANDED)),
    "who is asked does not note the new start": (Rules(notes_start=False), (TWICE, DIFFER, STRANDED)),
    "only who restored takes what it lacks": (Rules(gives_too=False), (DIFFER, STRANDED)),
    "S promises before all have answered": (Rules(waits_for_all=False), (TWICE, TWO_HOLD)),
    "S confirms while promised exceeds available": (Rules(confirms_uncovered=True), (TWICE, TWO_HOLD, TWO_KEEP)),
}
