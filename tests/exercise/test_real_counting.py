"""The figures of a real exercise can be bad: planted faults are counted, and what is whole is not."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.paper_desk import ANA, BG, HR, two_nodes
from xstock_node.services import operating
from xstock_node.services.errors import Refusal
from xstock_node.services.evidencing import export_evidence
from xstock_node.services.operating import CaseId
from xstock_node.services.operation_views import CounterView, OperationView, StepView
from xstock_node.testing.clock import run_simulated
from xstock_node.testing.exercise.real_counting import accepted, lost, promised_twice, unbalanced, unproven
from xstock_node.testing.exercise.real_nodes import together
from xstock_node.testing.exercise.story import Acknowledged, Deal

STOCK = {"BG": {"tent": Decimal(100)}}
DEALS = [Deal("HR", "BG", ("loan",), "x1", ()), Deal("AT", "BG", ("loan",), "x2", ())]


def blank(kind: type[msgspec.Struct], **known: Any) -> dict[str, Any]:
    """All fields of a struct: the known ones, and nothing in the others."""
    nothing: dict[Any, Any] = {str: "", bool: False, int: 0}
    return {field.name: nothing.get(field.type, []) for field in msgspec.structs.fields(kind)} | known


def side(case: str, binding: bool = True, hashes: tuple[str, ...] = (), **figures: str) -> OperationView:
    """A view of an operation with tents, and steps of these hashes."""
    tents = CounterView(**blank(CounterView, item="tent", unit="H87", figures=figures, in_transit="0"))
    steps = [StepView(**blank(StepView, verb="offer", hash=one, fields={})) for one in hashes]
    return OperationView(**blank(OperationView, case=case, binding=binding, counters=[tents], timeline=steps))


def test_what_is_bound_to_two_and_is_there_once_is_a_double_promise() -> None:
    sides = {("BG", "x1"): side("x1", accepted="60"), ("BG", "x2"): side("x2", accepted="40")}
    assert promised_twice(DEALS, sides, STOCK) == []
    sides["BG", "x2"] = side("x2", accepted="41")
    assert promised_twice(DEALS, sides, STOCK) == ["BG tent"]
    assert promised_twice(DEALS, {("BG", "x1"): side("x1", accepted="1")}, {}) == ["BG tent"]


def test_what_was_offered_and_not_confirmed_or_was_released_is_not_bound() -> None:
    open_, freed = side("x1", binding=False, accepted="99"), side("x2", accepted="60", released="20")
    assert accepted(DEALS, {("BG", "x1"): open_, ("BG", "x2"): freed}) == {("BG", "AT", "tent"): Decimal(40)}


def test_an_acknowledged_step_that_one_party_lacks_is_lost() -> None:
    told = [Acknowledged("x1", "offer", "h1"), Acknowledged("x1", "accept", "h2"), Acknowledged("x1", "accept", "h2")]
    whole = {("BG", "x1"): side("x1", hashes=("h1", "h2")), ("HR", "x1"): side("x1", hashes=("h1", "h2"))}
    assert lost(told, DEALS, whole) == []
    assert lost(told, DEALS, whole | {("HR", "x1"): side("x1", hashes=("h1",))}) == ["accept of x1 at HR"]
    assert lost(told[:1], DEALS, {}) == ["offer of x1 at HR, BG"]


def test_a_hash_in_another_case_is_lost_all_the_same() -> None:
    sides = {("BG", "x1"): side("x1"), ("HR", "x1"): side("x1"), ("BG", "x2"): side("x2", hashes=("h1",))}
    assert lost([Acknowledged("x1", "offer", "h1")], DEALS, sides) == ["offer of x1 at HR, BG"]


@pytest.mark.parametrize(
    ("supplier", "requester", "wrong"),
    [
        ({"offered": "9", "accepted": "9", "dispatched": "9", "received": "9"}, None, []),
        ({"offered": "9", "accepted": "9"}, {"offered": "9", "accepted": "8"}, ["x1 differs"]),
        ({"offered": "8", "accepted": "9"}, None, ["x1 tent"]),
        ({"offered": "9", "accepted": "9", "dispatched": "9", "received": "8"}, None, ["x1 tent"]),
    ],
)
def test_operations_that_do_not_balance_are_told(
    supplier: dict[str, str], requester: dict[str, str] | None, wrong: list[str]
) -> None:
    sides = {("BG", "x1"): side("x1", **supplier), ("HR", "x1"): side("x1", **(requester or supplier))}
    assert unbalanced(DEALS[:1], sides) == wrong


def test_an_evidence_file_that_does_not_hold_or_says_less_than_is_shown_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, keys = tmp_path / "e", [tmp_path / "bg", tmp_path / "hr"]

    async def story() -> OperationView:
        async with two_nodes(tmp_path, monkeypatch, "see.x-drill") as two:
            await two.ask(terms=("loan",))
            for path, name in zip(keys, (BG, HR), strict=True):
                path.write_bytes(two[name].node.identity.raw)
            made = await export_evidence(two[HR], ANA, CaseId(case=two.case))
            file.write_bytes(made.content)
            return await operating.show_operation(two[HR], ANA, CaseId(case=two.case))

    shown = run_simulated(story())
    assert shown.timeline and unproven(shown, file, tmp_path, keys) == ""
    assert "root key" in unproven(shown, file, tmp_path, keys[:1])
    more = msgspec.structs.replace(shown.timeline[0], hash="0" * 64, verb="offer")
    longer = msgspec.structs.replace(shown, timeline=[*shown.timeline, more])
    assert unproven(longer, file, tmp_path, keys) == "steps without proof: offer"
    assert "another case" in unproven(msgspec.structs.replace(shown, case="xother"), file, tmp_path, keys)
    broken = bytearray(file.read_bytes())
    broken[len(broken) // 2] ^= 1
    file.write_bytes(broken)
    assert unproven(shown, file, tmp_path, keys)
    file.unlink()
    assert "an evidence file" in unproven(shown, file, tmp_path, keys)


async def test_of_many_desks_at_work_the_first_failure_ends_the_others() -> None:
    ended = asyncio.Event()

    async def long() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def wrong() -> None:
        await asyncio.sleep(0)
        raise Refusal("exercise", "an answer")

    with pytest.raises(Refusal):
        await together(long(), wrong())
    assert ended.is_set()
