"""Calls: each step once, in the order of the roster, whatever the looks, restarts and takings in between."""

from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain import steps
from xstock_node.domain.duty import Roster, Weekly
from xstock_node.domain.escalation import Call, Told, Wait, Waiting, due, ladder, of_operation
from xstock_node.domain.operation import Event, read
from xstock_node.domain.rights import Role

OFFICER, DEPUTY, ADMIN = Role.DUTY_OFFICER, Role.NIGHT_DEPUTY, Role.NODE_ADMIN
ROSTER = Roster(
    duty=(
        Weekly(person="ivan", role=OFFICER),
        Weekly(person="eva", role=DEPUTY),
        Weekly(person="late", role=OFFICER, days=("mon",), begins="00:00", ends="00:01"),
    )
)
HOLDERS = {OFFICER: ("ivan", "mila"), DEPUTY: ("eva",), ADMIN: ("root", "mila")}
ORDER = [["ivan"], ["eva"], ["late", "mila", "root"]]
THING = Waiting(id="t1", kind=Wait.TURN, role=OFFICER, since=0, case="r-1", other="redcross.hr", state="requested")
NOW = 1_800_000_000 + 3600 * 5  # a Friday


def test_the_ladder_is_who_has_duty_then_the_deputy_then_all() -> None:
    found = ladder(THING, ROSTER, HOLDERS, NOW)
    assert found[0] == ["ivan"] and found[1] == ["eva", "ivan"] and set(found[2]) == {"ivan", "late", "mila", "root"}


@given(
    st.lists(st.integers(1, 1200), min_size=1, max_size=60),
    st.lists(st.sampled_from(["look", "crash", "restart"]), min_size=60, max_size=60),
    st.none() | st.integers(0, 59),
    st.integers(1, 30),
)
def test_each_step_is_told_once_whatever_the_looks_and_restarts(
    waits: list[int], ways: list[str], taken: int | None, minutes: int
) -> None:
    """What is told and the calls are kept together; a crash before that loses both, one after it none."""
    told: dict[str, Told] = {}
    kept: list[tuple[int, Call]] = []
    now, taken_at = NOW, None
    for n, (wait, way) in enumerate(zip(waits, ways, strict=False)):
        now += wait
        if n == taken and "t1" in told:
            told["t1"] = msgspec.structs.replace(told["t1"], taken_by="ivan", taken_at=now)
            taken_at = now
        calls, after = due([THING], ROSTER, HOLDERS, told, minutes, now)
        if way == "crash":
            continue
        told, kept = after, [*kept, *((now, call) for call in calls)]
        if way == "restart":
            told = {k: msgspec.json.decode(msgspec.json.encode(v), type=Told) for k, v in told.items()}
    called = [call.person for _, call in kept]
    assert len(called) == len(set(called)) and len({call.id for _, call in kept}) == len(kept)
    assert sorted(called) == sorted([p for step in ORDER for p in step][: len(called)])
    times = {call.step: at for at, call in kept}
    assert list(times) == list(range(len(times)))
    assert all(b - a >= minutes * 60 for a, b in pairwise(times.values()))
    assert taken_at is None or all(at < taken_at for at, _ in kept)


def test_all_are_called_in_the_end_and_then_nobody_again() -> None:
    told: dict[str, Told] = {}
    found = []
    for n in range(10):
        calls, told = due([THING], ROSTER, HOLDERS, told, 15, NOW + n * 900)
        found.append([call.person for call in calls])
    assert found[:3] == ORDER and found[3:] == [[]] * 7


def test_a_step_with_nobody_in_it_is_passed_over_at_once() -> None:
    calls, _ = due([THING], None, HOLDERS, {}, 15, NOW)
    assert {call.person for call in calls} == {"ivan", "mila", "root"} and {call.step for call in calls} == {2}
    assert due([THING], None, {}, {}, 15, NOW)[0] == []


def test_a_taken_or_calm_thing_is_silent_and_one_that_comes_back_is_told_anew() -> None:
    _, told = due([THING], ROSTER, HOLDERS, {}, 15, NOW)
    held = {"t1": msgspec.structs.replace(told["t1"], taken_by="ivan", taken_at=NOW + 1)}
    assert due([THING], ROSTER, HOLDERS, held, 15, NOW + 9999)[0] == []
    assert due([msgspec.structs.replace(THING, calm=True)], ROSTER, HOLDERS, {}, 15, NOW)[0] == []
    _, gone = due([], ROSTER, HOLDERS, held, 15, NOW + 10_000)
    assert gone == {}
    first, again = (due([THING], ROSTER, HOLDERS, {}, 15, at)[0][0] for at in (NOW, NOW + 20_000))
    assert first.person == again.person == "ivan" and first.id != again.id


def event(side: str, verb: str, body: steps.Body, n: int, at: int, receipted: bool = True, seen: int = 9) -> Event:
    return Event(side, verb, body, n, seen, at, f"{side}{n}", receipted)  # type: ignore[arg-type]


ASK = steps.Ask(request="q1", answer_by=NOW + 600)


def test_silence_after_the_time_for_an_answer_is_an_alarm_of_its_own_and_never_a_no() -> None:
    asked = read([event("requester", "request", ASK, 0, NOW)])
    assert of_operation("c", asked, "requester", "hr", NOW + 600, False) == []
    (silent,) = of_operation("c", asked, "requester", "hr", NOW + 601, False)
    assert (silent.kind, silent.role, silent.since, silent.request) == (Wait.NO_ANSWER, OFFICER, NOW + 600, "q1")
    assert silent.state == "requested" and silent.detail == ""
    unheard = read([event("requester", "request", ASK, 0, NOW, receipted=False)])
    assert of_operation("c", unheard, "requester", "hr", NOW + 601, False)[0].detail == "not-received"


def test_whose_turn_it_is_waits_and_is_late_where_its_time_passed() -> None:
    asked = read([event("requester", "request", ASK, 0, NOW)])
    (turn,) = of_operation("c", asked, "supplier", "bg", NOW + 1, True)
    assert (turn.kind, turn.role, turn.answer_by, turn.exercise) == (Wait.TURN, OFFICER, NOW + 600, True)
    turn_again, late = of_operation("c", asked, "supplier", "bg", NOW + 601, True)
    assert turn_again.id == turn.id and late.kind is Wait.LATE and late.id != turn.id


def test_facts_told_during_a_turn_do_not_make_it_a_new_thing_and_a_new_question_does() -> None:
    first = event("requester", "request", ASK, 0, NOW)
    fact = event("requester", "told", steps.Body(), 1, NOW + 5)
    one, other = (of_operation("c", read(m), "supplier", "bg", NOW + 9, False)[0] for m in ([first], [first, fact]))
    assert one.id == other.id and other.answer_by == NOW + 600
    amended = event("requester", "amend", steps.Body(), 2, NOW + 6)
    assert of_operation("c", read([first, fact, amended]), "supplier", "bg", NOW + 9, False)[0].id != one.id
