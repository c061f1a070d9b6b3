"""Warnings: one state in every order of arrival, nothing newer overridden, nothing hidden by what was lost."""

from itertools import permutations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.alert_words import HOUR, T0, area, block, word
from xstock_node.domain.alerts import Alert, Reference
from xstock_node.domain.public_warnings import (
    PublicWarning,
    concern_of,
    fold,
    rank_at,
    rank_of,
    spans,
    state_at,
    together,
    warnings_of,
)

DAY = 24 * HOUR
ALERT = word("a")
UPDATE = word("u", "Update", HOUR, ("a",))
CANCEL = word("c", "Cancel", 2 * HOUR, ("a", "u"))


def standing(*alerts: Alert) -> list[str]:
    (found,) = warnings_of(alerts)
    return [one.identifier for one in found.standing]


@pytest.mark.parametrize("order", list(permutations((ALERT, UPDATE, CANCEL))))
@pytest.mark.parametrize("refers", [("a", "u"), ("u",), ("a",)], ids=["to both", "to the update", "to the alert"])
def test_alert_update_and_cancel_give_one_state_in_all_six_orders(
    order: tuple[Alert, ...], refers: tuple[str, ...]
) -> None:
    cancel = word("c", "Cancel", 2 * HOUR, refers)
    found = warnings_of(cancel if one is CANCEL else one for one in order)
    assert [(state_at(one, T0 + 3 * HOUR, DAY), one.marks) for one in found] == [("cancelled", ())]


@given(st.permutations([word("a"), word("u1", "Update", 60, ("a",)), word("u2", "Update", 120, ("u1",)),
                        word("x", "Ack", 180, ("u2",)), word("e", "Error", 190, ("u1",)), word("b")]))  # fmt: skip
def test_every_order_gives_equal_warnings_and_a_word_on_messages_changes_nothing(alerts: list[Alert]) -> None:
    found = warnings_of(alerts)
    assert [[one.identifier for one in each.words] for each in found] == [["a", "u1", "u2"], ["b"]]
    assert [one.identifier for one in found[0].standing] == ["u2"]


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from(["Alert", "Update", "Cancel"]), st.integers(0, 3),
                          st.frozensets(st.integers(0, 9), max_size=3), st.booleans()), max_size=9),
       st.randoms(use_true_random=False))  # fmt: skip
def test_whatever_refers_to_what_the_order_of_arrival_plays_no_part(
    drawn: list[tuple[int, str, int, frozenset[int], bool]], random: object
) -> None:
    """Cycles, references to oneself and to the future, ties, threads, and names that come twice among it."""
    alerts = [
        word(f"n{n}", kind, 10 * at, tuple(f"n{r}" for r in refers), thread="t" if threaded else "")
        for n, kind, at, refers, threaded in drawn
    ]
    first = warnings_of(alerts)
    shuffled = list(alerts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert warnings_of(shuffled) == first
    assert all(each.standing for each in first)
    newest = max((one.sent for one in alerts), default=0)
    assert not alerts or any(one.sent == newest for each in first for one in each.standing)


def test_a_word_that_came_late_and_is_older_overrides_nothing() -> None:
    late = word("old", "Update", HOUR - 1, ("a",))
    assert standing(ALERT, UPDATE, late) == ["u"]
    backwards = word("b", "Cancel", -HOUR, ("a",))
    assert standing(ALERT, backwards) == ["b", "a"] and state_at(fold([ALERT, backwards]), T0, DAY) == "active"


def test_a_cancel_of_something_unknown_is_remembered_and_holds_when_it_comes() -> None:
    (before,) = warnings_of([CANCEL])
    assert state_at(before, T0 + 3 * HOUR, DAY) == "cancelled"
    (after,) = warnings_of([CANCEL, ALERT])
    assert state_at(after, T0 + 3 * HOUR, DAY) == "cancelled"


def test_an_update_whose_alert_was_lost_is_shown_and_marked_until_the_alert_comes() -> None:
    (found,) = warnings_of([UPDATE])
    assert state_at(found, T0 + 2 * HOUR, DAY) == "active" and found.marks == ("first-not-seen",)
    assert fold([UPDATE, ALERT]).marks == ()


def test_an_update_of_a_thread_without_references_stands_at_once() -> None:
    episode = word("gdacs:FL1/4.1-red", "Update", thread="gdacs:FL1")
    assert fold([episode]).standing == (episode,) and fold([episode]).marks == ()


def test_nobody_takes_back_what_another_warned_of_and_no_exercise_what_is_real() -> None:
    foreign = word("c", "Cancel", HOUR, sender="other@cp.example",
                   references=(Reference(sender=ALERT.sender, identifier="a", sent=T0),))  # fmt: skip
    trained = word("c2", "Cancel", HOUR, ("a",), status="Exercise")
    found = warnings_of([ALERT, foreign, trained])
    assert len(found) == 3 and state_at(found[0], T0 + 2 * HOUR, DAY) == "active"
    assert [one.marks for one in found if one.standing == (foreign,)] == [("other-sender",)]


def test_two_updates_of_one_alert_for_different_areas_both_stand_and_a_cancel_of_one_leaves_the_other() -> None:
    north = word("n", "Update", 60, ("a",), blocks=(block(areas=(area("RO001"),)),))
    south = word("s", "Update", 90, ("a",), blocks=(block(areas=(area("RO002"),)),))
    assert standing(ALERT, north, south) == ["n", "s"]
    assert standing(ALERT, north, south, word("c", "Cancel", 99, ("a", "n"))) == ["s", "c"]
    again = word("n2", "Update", 99, ("a",), blocks=(block(areas=(area("RO001"),)),))
    assert standing(ALERT, north, south, again) == ["s", "n2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("gdacs:FL1/9.1-red", "gdacs:FL1/10.1-green"),
        ("gdacs:FL1/2.9-red", "gdacs:FL1/2.10-green"),
        ("gdacs:FL1/2.1-green", "gdacs:FL1/2.1-red"),
    ],
    ids=["episode", "version", "colour"],
)
def test_of_two_in_one_second_the_later_episode_stands_and_else_the_graver(one: str, other: str) -> None:
    said = [word(name, thread="t", blocks=(block(level=name.rpartition("-")[2]),)) for name in (one, other)]
    assert standing(*said) == standing(*reversed(said)) == [other]


def test_in_one_second_what_refers_to_the_other_is_the_later() -> None:
    assert standing(word("z9"), word("b1", "Update", 0, ("z9",)), word("a0", "Cancel", 0, ("b1",))) == ["a0"]


def test_expired_is_never_active_and_without_an_end_the_node_says_how_long() -> None:
    assert state_at(fold([ALERT]), T0 + 12 * HOUR - 1, DAY) == "active"
    assert state_at(fold([ALERT]), T0 + 12 * HOUR, DAY) == "expired"
    endless = word("a", blocks=(block(expires=0),))
    assert state_at(fold([endless]), T0 + DAY - 1, DAY) == "active"
    assert state_at(fold([endless]), T0 + DAY, DAY) == "expired"
    assert state_at(fold([word("a", blocks=())]), T0 + DAY, DAY) == "expired"
    ahead = word("a", blocks=(block(onset=T0 + HOUR),))
    assert state_at(fold([ahead]), T0, DAY) == "expected" and state_at(fold([ahead]), T0 + HOUR, DAY) == "active"


def test_a_word_that_comes_after_a_cancel_brings_the_warning_back() -> None:
    anew = word("n", "Update", 3 * HOUR, ("c",))
    assert state_at(fold([ALERT, CANCEL, anew]), T0 + 4 * HOUR, DAY) == "active"


def test_ranks_come_from_colour_and_severity_and_unknown_is_unknown() -> None:
    assert [rank_of(block(severity=s)) for s in ("Extreme", "Severe", "Moderate", "Minor", "Unknown")] == [
        3, 2, 1, 0, None,
    ]  # fmt: skip
    assert (
        rank_of(block(severity="Unknown", level="red")) == 3 and rank_of(block(severity="Minor", level="orange")) == 2
    )
    assert rank_of(block(severity="Extreme", responses=("AllClear",))) == 0
    found = spans(fold([word("a", blocks=(block(severity="Unknown"),))]), DAY)
    assert rank_at(found, T0) is None and concern_of(found) == "yes"


def test_a_rank_counts_only_where_it_touches_us_and_while_it_lasts() -> None:
    far = msgspec.structs.replace(block(severity="Extreme"), areas=(area("BG001"),))
    warning = fold([word("a", blocks=(block(severity="Minor"), far))])
    found = spans(warning, DAY, lambda one: "no" if one.blocks[0] == far else "yes")
    assert rank_at(found, T0) == 0 and rank_at(found, T0 + DAY) is None


def test_what_has_a_name_in_common_belongs_together_also_by_others() -> None:
    assert together({"a": "12", "b": "3", "c": "23", "d": "9", "e": "1"}) == [["a", "b", "c", "e"], ["d"]]


def test_long_chains_are_folded_in_time_that_grows_with_them() -> None:
    """Two thousand updates that all refer to the first: each stands over the one before."""
    chain = [ALERT, *(word(f"u{n}", "Update", n, ("a",)) for n in range(1, 2000))]
    found: PublicWarning = fold(chain)
    assert [one.identifier for one in found.standing] == ["u1999"]
