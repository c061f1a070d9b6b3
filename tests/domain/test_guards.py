"""What a step must hold before it is signed: each guard just within its limit, and just beyond it."""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.operation_story import ITEM, LIGHT, NOW, UNIT, Path, Story, line, told
from xstock_node.domain import steps
from xstock_node.domain.guards import GUARDS, objections, unbalanced
from xstock_node.domain.operations import BY_VERB

D = Decimal
BOUND: Path = ("request", "offer", "accept", "confirm")
SENT: Path = (*BOUND, "dispatch")
HERE: Path = (*SENT, "received")
LENT: Path = (*HERE, "on-loan")
BACK: Path = (*LENT, "returned")
OTHER = {"item": "HSHEBLAN", "unit": UNIT, "qty": (1, 0)}


def of(quantity: int) -> dict[str, Any]:
    """Lines of so many tents."""
    return {"lines": [line(D(quantity))]}


def count(**figures: int) -> dict[str, Any]:
    """A count of tents."""
    return {"counts": [{"item": ITEM, "unit": UNIT} | {name: (n, 0) for name, n in figures.items()}]}


def refused(quantity: int, there: int) -> dict[str, str]:
    return {"item": ITEM, "asked": str(quantity), "there": str(there), "unit": UNIT}


def beginning(path: Path | Story) -> Story:
    return path if isinstance(path, Story) else told(path)


def donated(*more: str) -> Story:
    """Eight tents as a gift."""
    story = told(("request",))
    story.say("offer", terms=["donation"])
    for verb in ("accept", "confirm"):
        story.say(verb, terms="donation", due="")
    for verb in more:
        story.say(verb)
    return story


def lit(**fields: Any) -> Story:
    """A green light that both signed, for a lorry, a road and an hour."""
    story = told(BOUND)
    story.say("stage", consignment="c1", **{k: v for k, v in fields.items() if k == "vehicle"})
    story.say("green-light", consignment="c1", **fields)
    story.say("clear", consignment="c1")
    return story


def turned() -> Story:
    """Four tents that a border refused."""
    story = told(SENT)
    story.say("refused", consignment="c1", lines=[line(D(4))])
    return story


def hash_of(path: Path, verb: str) -> str:
    """The hash of the last such step of a path."""
    return next(e.hash for e in reversed(told(path).events) if e.verb == verb)


def donated_unlike() -> Story:
    """A loan was offered, and a gift accepted by a peer that judges nothing."""
    story = told(("request", "offer"))
    story.say("accept", terms="donation", due="")
    return story


WITHIN: list[tuple[Path | Story, str, dict[str, Any]]] = [
    ((), "request", of(1)),
    (("request",), "offer", of(8) | {"hold_until": NOW + 101}),
    (("request", "offer"), "accept", {}),
    (("request", "offer"), "accept", of(8)),
    (("request", "offer", "accept"), "confirm", {}),
    (SENT, "amended", of(4)),
    (SENT, "amended", {"lines": []}),
    (turned(), "amended", of(1)),
    (SENT, "amend", of(4)),
    (BOUND, "green-light", LIGHT | {"consignment": "c1"}),
    ((*BOUND, "stage"), "green-light", LIGHT | {"consignment": "c1"}),
    ((*BOUND, "green-light"), "clear", {"consignment": "c1"}),
    (BOUND, "dispatch", of(8) | {"free": "both ends lie in the Union"}),
    (lit(), "dispatch", of(4) | {"consignment": "c1"}),
    (SENT, "refused", of(4) | {"consignment": "c1"}),
    (SENT, "lost", of(4) | {"leg": "out"}),
    (LENT, "lost", of(4) | {"leg": "loan"}),
    (BACK, "lost", of(4) | {"leg": "back"}),
    (SENT, "received", count(good=2, damaged=1, short=1, over=9)),
    (HERE, "on-loan", of(4)),
    (LENT, "returned", of(4) | {"consignment": "back"}),
    (turned(), "returned", of(4) | {"consignment": "c1"}),
    (BACK, "return-received", count(good=4)),
    ((*HERE, "disputed"), "resolve", {}),
    (HERE, "counted", {"of": hash_of(HERE, "received")}),
    (LENT, "extend", of(4)),
    (LENT, "extended", of(4)),
    (LENT, "convert", of(4)),
    (LENT, "converted", of(4)),
    (LENT, "recall", {}),
    ((*BOUND, "amend"), "amended", {}),
    ((*LENT, "convert"), "converted", {}),
    ((*LENT, "extend"), "extended", {}),
    (HERE, "damaged", of(4)),
    (HERE, "correct", {"of": hash_of(HERE, "received")}),
    (("request", "offer"), "expire", {"hold": -1}),
    ((*("request", "offer"), "accept"), "lapse", {"hold": -1}),
    (LENT, "close-proposed", {"filed": True, "written_off": [line(D(8))]}),
    (donated("dispatch", "received", "dispatch", "received"), "close", {"filed": True}),
]

BEYOND: list[tuple[Path | Story, str, dict[str, Any], list[tuple[str, dict[str, str]]]]] = [
    ((), "request", {"lines": []}, [("no_lines", {})]),
    ((), "request", of(0), [("no_quantity", {"item": ITEM})]),
    (("request",), "offer", of(8) | {"hold_until": NOW + 100}, [("hold_in_the_past", {})]),
    (("request",), "standby", of(8) | {"hold_until": NOW}, [("hold_in_the_past", {})]),
    (("request", "offer"), "accept", {"terms": "", "due": ""}, [("no_terms", {"offered": "loan"})]),
    (
        ("request", "offer"),
        "accept",
        {"terms": "donation", "due": ""},
        [("other_terms", {"terms": "donation", "offered": "loan"})],
    ),
    (("request", "offer"), "accept", {"due": ""}, [("no_due_day", {"terms": "loan"})]),
    (("request", "offer"), "accept", of(9), [("more_than_offered", refused(9, 8))]),
    (("request", "offer"), "accept", of(0), [("no_quantity", {"item": ITEM})]),
    (("request", "offer", "accept"), "confirm", of(7), [("not_as_accepted", {})]),
    (("request", "offer", "accept"), "confirm", of(9), [("not_as_accepted", {}), ("more_than_offered", refused(9, 8))]),
    (SENT, "amended", of(3), [("below_dispatched", {"item": ITEM, "there": "4"})]),
    (SENT, "amend", {"lines": [OTHER]}, [("below_dispatched", {"item": ITEM, "there": "4"})]),
    (
        BOUND,
        "green-light",
        LIGHT | {"consignment": "c1", "vehicle": "", "day": "", "valid_until": NOW + 101},
        [("light_open", {"missing": "vehicle, day"})],
    ),
    (BOUND, "green-light", LIGHT | {"consignment": "c1", "valid_until": NOW + 100}, [("light_ends", {})]),
    (
        (*BOUND, "stage"),
        "green-light",
        LIGHT | {"consignment": "c1", "day": "2027-03-30"},
        [("green_light_void", {"consignment": "c1", "why": "the green light is for another day"})],
    ),
    ((*BOUND, "green-light"), "clear", {"consignment": "c2"}, [("no_green_light", {"consignment": "c2"})]),
    (BOUND, "clear", {"consignment": "c1"}, [("no_green_light", {"consignment": "c1"})]),
    (BOUND, "dispatch", of(4) | {"consignment": "c1"}, [("no_green_light", {"consignment": "c1"})]),
    (BOUND, "dispatch", of(9) | {"free": "x"}, [("more_than_accepted", refused(9, 8))]),
    (
        BOUND,
        "dispatch",
        {"lines": [OTHER], "free": "x"},
        [("more_than_accepted", {"item": "HSHEBLAN", "asked": "1", "there": "0", "unit": UNIT})],
    ),
    (SENT, "dispatch", of(4) | {"consignment": "c1", "free": "x"}, [("left_already", {"consignment": "c1"})]),
    (turned(), "dispatch", of(4) | {"consignment": "c1"}, [("no_green_light", {"consignment": "c1"})]),
    (SENT, "refused", of(5) | {"consignment": "c1"}, [("more_than_there", refused(5, 4))]),
    (SENT, "lost", of(5), [("more_than_there", refused(5, 4))]),
    (LENT, "lost", of(1) | {"leg": "out"}, [("more_than_there", refused(1, 0))]),
    (LENT, "lost", of(5) | {"leg": "loan"}, [("more_than_there", refused(5, 4))]),
    (BACK, "lost", of(5) | {"leg": "back"}, [("more_than_there", refused(5, 4))]),
    (SENT, "lost", of(1) | {"leg": "back"}, [("more_than_there", refused(1, 0))]),
    (SENT, "received", {"counts": []}, [("no_counts", {})]),
    (SENT, "received", count(good=2, damaged=2, short=1), [("more_than_there", refused(5, 4))]),
    (SENT, "received", count(good=-1), [("no_quantity", {"item": ITEM})]),
    (SENT, "received", count(good=4, over=-1), [("no_quantity", {"item": ITEM})]),
    (SENT, "counted", {"of": "0" * 64}, [("no_such_count", {})]),
    ((*HERE, "counted"), "counted", {"of": hash_of((*HERE, "counted"), "received")}, [("no_such_count", {})]),
    (HERE, "on-loan", of(5), [("more_than_there", refused(5, 4))]),
    (LENT, "on-loan", of(1), [("more_than_there", refused(1, 0))]),
    (donated("dispatch", "received"), "on-loan", of(4), [("not_lent", {"terms": "donation"})]),
    (LENT, "returned", of(5) | {"consignment": "back"}, [("more_than_there", refused(5, 4))]),
    (turned(), "returned", of(5) | {"consignment": "c1"}, [("more_than_there", refused(5, 4))]),
    (turned(), "returned", of(1) | {"consignment": "back"}, [("more_than_there", refused(1, 0))]),
    (BACK, "return-received", count(good=5), [("more_than_there", refused(5, 4))]),
    ((*HERE, "disputed"), "resolved", {"of": "0" * 64}, [("no_such_dispute", {})]),
    (HERE, "extend", of(4), [("more_than_lent", refused(4, 0))]),
    (LENT, "extend", of(4) | {"due": ""}, [("no_due_day", {"terms": "loan"})]),
    (LENT, "extend", of(4) | {"due": "2027-01-31"}, [("not_later", {"due": "2027-01-31"})]),
    (LENT, "extended", of(5), [("more_than_lent", refused(5, 4))]),
    (LENT, "convert", of(5), [("more_than_lent", refused(5, 4))]),
    (LENT, "converted", of(5), [("more_than_lent", refused(5, 4))]),
    (donated("dispatch", "received"), "recall", {}, [("not_lent", {"terms": "donation"})]),
    ((*BOUND, "amend"), "amended", of(7), [("not_as_proposed", {"proposal": "amend"})]),
    ((*BOUND, "amend"), "amended", {"lines": []}, [("not_as_proposed", {"proposal": "amend"})]),
    ((*LENT, "convert"), "converted", of(3), [("not_as_proposed", {"proposal": "convert"})]),
    ((*LENT, "extend"), "extended", {"due": "2027-09-01"}, [("not_as_proposed", {"proposal": "extend"})]),
    (HERE, "damaged", of(5), [("more_than_there", refused(5, 4))]),
    (HERE, "correct", {"of": hash_of(HERE, "dispatch")}, [("no_such_fact", {})]),
    (HERE, "correct", {"of": "f" * 64}, [("no_such_fact", {})]),
    (("request", "offer"), "expire", {}, [("hold_runs", {})]),
    (("request", "offer", "accept"), "lapse", {}, [("not_late", {})]),
    (
        donated_unlike(),
        "confirm",
        {"terms": "donation", "due": ""},
        [("other_terms", {"terms": "donation", "offered": "loan"})],
    ),
    ((*HERE, "disputed"), "close", {"written_off": [line(D(8))]}, [("disputed", {})]),
    (LENT, "close-proposed", {}, [("unbalanced", {"item": ITEM, "left": "8", "unit": UNIT})]),
    (
        LENT,
        "close",
        {"written_off": [line(D(3)), line(D(4))]},
        [("unbalanced", {"item": ITEM, "left": "1", "unit": UNIT})],
    ),
    (donated("dispatch", "received"), "close", {}, [("unbalanced", {"item": ITEM, "left": "4", "unit": UNIT})]),
]  # fmt: skip


def judged(path: Path | Story, verb: str, fields: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    story = beginning(path)
    late = fields.get("hold") == -1
    body = steps.body_of(verb, story.fields(verb) | {k: v for k, v in fields.items() if k != "hold"})
    operation = story.operation._replace(hold_until=NOW) if late else story.operation
    return [(reason.code, dict(reason.params)) for reason in objections(operation, verb, body, NOW + 100)]


@pytest.mark.parametrize(("path", "verb", "fields"), WITHIN, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_there_may_be_moved(path: Path | Story, verb: str, fields: dict[str, Any]) -> None:
    assert judged(path, verb, fields) == []


@pytest.mark.parametrize(("path", "verb", "fields", "why"), BEYOND, ids=lambda x: x if isinstance(x, str) else "")
def test_what_is_not_there_is_refused_with_its_figures(
    path: Path | Story, verb: str, fields: dict[str, Any], why: list[tuple[str, dict[str, str]]]
) -> None:
    assert judged(path, verb, fields) == why


def home_bound() -> Story:
    """Four tents that a border turned back."""
    story = turned()
    story.say("returned", consignment="c1", lines=[line(D(4))])
    return story


def relit(*more: str) -> Story:
    """Four tents at a border, cleared again."""
    story = turned()
    for verb in ("green-light", "clear", *more):
        story.say(verb, consignment="c1")
    return story


def there(asked: int, left: int) -> list[tuple[str, dict[str, str]]]:
    return [("more_than_there", refused(asked, left))]


C1 = {"consignment": "c1"}
HOME = {"consignment": "back"}
UNDER_A_LOAD: list[tuple[Path | Story, str, dict[str, Any], list[tuple[str, dict[str, str]]]]] = [
    (SENT, "refused", of(1) | {"consignment": "c9"}, [("which_load", {"consignments": "c1"})]),
    ((*SENT, "dispatch"), "refused", of(1) | {"consignment": ""}, [("which_load", {"consignments": "c1, c2"})]),
    ((*SENT, "dispatch"), "refused", of(5) | C1, there(5, 4)),
    (turned(), "refused", of(1) | C1, there(1, 0)),
    (HERE, "refused", of(1) | C1, there(1, 0)),
    (turned(), "returned", of(4) | C1, []),
    (home_bound(), "returned", of(1) | C1, there(1, 0)),
    (home_bound(), "return-received", count(good=4) | C1, []),
    (home_bound(), "return-received", count(good=3, short=2) | C1, there(5, 4)),
    (home_bound(), "lost", of(4) | C1 | {"leg": "back"}, []),
    (home_bound(), "lost", of(5) | C1 | {"leg": "back"}, there(5, 4)),
    (
        home_bound(),
        "return-received",
        count(good=4) | {"consignment": ""},
        [*there(4, 0), ("which_load", {"consignments": "c1"})],
    ),
    (home_bound(), "return-received", count(good=1) | HOME, there(1, 0)),
    (turned(), "return-received", count(good=1) | {"consignment": ""}, there(1, 0)),
    (relit(), "dispatch", of(4) | C1, []),
    (relit(), "dispatch", of(5) | C1, there(5, 4)),
    (relit(), "dispatch", of(8) | {"consignment": "c9", "free": "both ends lie in the Union"}, []),
    (home_bound(), "dispatch", of(4) | C1 | {"free": "x"}, [("left_already", C1)]),
    (turned(), "dispatch", of(4) | C1 | {"free": "both ends lie in the Union"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "verb", "fields", "why"), UNDER_A_LOAD, ids=lambda x: x if isinstance(x, str) else "")
def test_what_a_border_refused_is_moved_under_its_own_load_and_no_further(
    path: Path | Story, verb: str, fields: dict[str, Any], why: list[tuple[str, dict[str, str]]]
) -> None:
    assert judged(path, verb, fields) == why


def test_of_a_load_no_more_is_refused_than_is_still_on_its_way() -> None:
    story = told(SENT)
    story.say("received", **count(good=3))
    assert judged(story, "refused", of(1) | C1) == []
    assert judged(story, "refused", of(2) | C1) == there(2, 1)
    story.say("lost", lines=[line(D(3))])
    assert judged(story, "refused", of(1) | C1) == there(1, 0), "never less than nothing"


def test_what_a_border_holds_has_to_be_settled_before_the_close_even_where_it_was_let_go() -> None:
    story = turned()
    story.events[1] = story.events[1]._replace(body=steps.body_of("offer", of(4)))
    assert unbalanced(story.operation, {}) == {(ITEM, UNIT): D(4)}
    story.say("short-closed")
    assert story.operation.counters[ITEM, UNIT].undispatched == 0
    assert unbalanced(story.operation, {}) == {(ITEM, UNIT): D(4)}
    assert unbalanced(story.operation, {(ITEM, UNIT): D(4)}) == {}
    story.say("returned", lines=[line(D(4))], consignment="c1")
    assert unbalanced(story.operation, {}) == {(ITEM, UNIT): D(4)}, "on its way home"


def test_a_second_refusal_of_a_load_is_of_what_the_first_left() -> None:
    story = told((*SENT, "dispatch"))
    story.say("refused", consignment="c1", lines=[line(D(3))])
    assert judged(story, "refused", of(1) | C1) == []
    assert judged(story, "refused", of(2) | C1) == there(2, 1)
    story.say("refused", consignment="c2", lines=[line(D(4))])
    for load in ("c1", "c2"):
        story.say("returned", consignment=load, lines=[line(D(3))])
    which = judged(story, "return-received", count(good=6) | {"consignment": ""})
    assert which == [*there(6, 0), ("which_load", {"consignments": "c1, c2"})]


def test_an_amendment_counts_what_a_border_refused_as_not_sent() -> None:
    story = told((*SENT, "dispatch"))
    story.say("refused", consignment="c1", lines=[line(D(3))])
    assert judged(story, "amend", of(5)) == judged(story, "amended", of(5)) == []
    assert judged(story, "amended", of(4)) == [("below_dispatched", {"item": ITEM, "there": "5"})]


def test_all_that_was_offered_or_is_missing_is_named() -> None:
    story = told(("request",))
    story.say("offer", terms=["loan", "donation"])
    assert judged(story, "accept", {"terms": "", "due": ""}) == [("no_terms", {"offered": "loan, donation"})]
    other = [("other_terms", {"terms": "replacement", "offered": "loan, donation"})]
    assert judged(story, "accept", {"terms": "replacement"}) == other
    assert judged(("request",), "accept", {"terms": "", "due": ""}) == [("no_terms", {"offered": ""})]
    light = {"consignment": "", "vehicle": "", "crossing": "", "day": "", "valid_until": NOW + 101}
    (missing,) = judged(BOUND, "green-light", light)
    assert missing == ("light_open", {"missing": "consignment, vehicle, crossing, day"})


def test_a_confirmation_that_names_no_goods_is_of_what_was_accepted() -> None:
    story = told(("request", "offer"))
    assert judged(story, "confirm", {}) == judged(story, "confirm", of(8)) == []
    story.say("accept", lines=[line(D(3))])
    assert judged(story, "confirm", {"lines": []}) == judged(story, "confirm", of(3)) == []


def test_goods_are_lost_on_the_way_out_where_no_leg_is_named() -> None:
    assert judged(SENT, "lost", of(4) | {"leg": ""}) == []
    assert judged(LENT, "lost", of(1) | {"leg": ""}) == there(1, 0)


def test_a_hold_runs_to_its_last_second() -> None:
    def said(verb: str, hold_until: int) -> list[str]:
        operation = told(("request", "offer", "accept")).operation._replace(hold_until=hold_until)
        return [reason.code for reason in objections(operation, verb, steps.body_of(verb, {}), NOW + 100)]

    assert (said("expire", NOW + 100), said("expire", NOW + 99)) == (["hold_runs"], [])
    signed = told(("request", "offer", "accept")).events[-1].time
    assert (said("lapse", signed), said("lapse", signed - 1)) == (["not_late"], [])


def test_each_item_is_judged_by_itself() -> None:
    both = {"lines": [line(D(4)), OTHER, OTHER]}
    found = judged(BOUND, "dispatch", both | {"free": "x"})
    assert found == [("more_than_accepted", {"item": "HSHEBLAN", "asked": "2", "there": "0", "unit": UNIT})]
    assert judged(BOUND, "dispatch", {"lines": [line(D(5)), line(D(4))], "free": "x"}) == [
        ("more_than_accepted", refused(9, 8))
    ]
    counted = {"counts": [count(good=3)["counts"][0], count(damaged=2)["counts"][0]]}
    assert judged(SENT, "received", counted) == there(5, 4)


def test_every_guarded_step_has_a_limit_tried_on_both_sides() -> None:
    assert {verb for _, verb, _ in WITHIN} | {verb for _, verb, _, _ in BEYOND} == GUARDS.keys() <= BY_VERB.keys()
    assert objections(told(SENT).operation, "told", steps.body_of("told", {}), NOW) == []


def test_a_green_light_is_for_what_it_names_and_ends() -> None:
    story = lit(valid_until=NOW + 200, vehicle="a" * 64)
    fields = of(4) | {"consignment": "c1", "vehicle": "a" * 64}
    assert judged(story, "dispatch", fields) == []
    (void,) = judged(story, "dispatch", fields | {"vehicle": "b" * 64})
    why = "the green light is for another vehicle"
    assert void == ("green_light_void", {"consignment": "c1", "why": why})
    story = lit(valid_until=NOW + 99, vehicle="a" * 64)
    assert [code for code, _ in judged(story, "dispatch", fields)] == ["green_light_void"]


def test_a_lorry_that_a_border_refused_needs_a_new_green_light() -> None:
    story = lit()
    story.say("dispatch", consignment="c1", lines=[line(D(4))])
    story.say("refused", consignment="c1", lines=[line(D(4))])
    fields = of(4) | {"consignment": "c1"}
    assert [code for code, _ in judged(story, "dispatch", fields)] == ["no_green_light"]
    story.say("green-light", consignment="c1")
    story.say("clear", consignment="c1")
    assert judged(story, "dispatch", fields) == []


def test_what_is_left_counts_each_place_once() -> None:
    none: dict[tuple[str, str], Decimal] = {}
    lefts = {path: unbalanced(told(path).operation, none) for path in ((), ("request",), BOUND, SENT, LENT, BACK)}
    tents = {path: found.get((ITEM, UNIT)) for path, found in lefts.items()}
    assert tents == {(): None, ("request",): None, BOUND: 8, SENT: 8, LENT: 8, BACK: 8}
    assert unbalanced(told(LENT).operation, {(ITEM, UNIT): D(8)}) == {}
    assert unbalanced(donated("dispatch", "received").operation, none) == {(ITEM, UNIT): D(4)}


def test_a_light_that_leaves_something_open_is_not_countersigned_and_covers_nothing() -> None:
    story = told(BOUND)
    story.say("green-light", consignment="c1", vehicle="", day="")
    assert judged(story, "clear", {"consignment": "c1"}) == [("light_open", {"missing": "vehicle, day"})]
    story.say("clear", consignment="c1")
    (why,) = judged(story, "dispatch", of(4) | {"consignment": "c1"})
    assert why[0] == "green_light_void" and "vehicle, day" in why[1]["why"]


def test_what_was_staged_otherwise_once_voids_a_light_for_good() -> None:
    story = lit(**LIGHT)
    assert judged(story, "dispatch", of(4) | {"consignment": "c1"}) == []
    for day in ("2027-03-30", LIGHT["day"]):
        story.say("stage", consignment="c1", day=day)
        assert judged(story, "dispatch", of(4) | {"consignment": "c1"})[0][0] == "green_light_void", day
