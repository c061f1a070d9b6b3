"""Own warnings: issued in several languages, revised, cancelled, ended; an exercise stays one."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.conftest import Desk
from xstock_node.domain.rights import Role
from xstock_node.services.own_warnings import IssueRequest, NodeWarnings

MANUAL = (Path(__file__).parents[2] / "deploy" / "README.md").read_text("utf-8")
(EXAMPLE,) = [text for text in re.findall(r"```toml\n(.*?)```", MANUAL, re.S) if "[[text]]" in text]


def warning(**more: Any) -> dict[str, Any]:
    return tomllib.loads(EXAMPLE) | more


async def issued(desk: Desk, **more: Any) -> Any:
    status, found, _ = await desk.ask("POST", "/alerts/own", json=warning(**more))
    assert status == 200, found
    return found


async def states(desk: Desk) -> dict[str, str]:
    return {one["id"]: one["state"] for one in (await desk.ask("GET", "/alerts/own"))[1]}


async def test_a_warning_is_issued_revised_and_cancelled(desk: Desk) -> None:
    msgspec.convert(warning(), IssueRequest)
    first = await issued(desk)
    assert first["languages"] == ["bg", "ro"] and first["areas"] == ["Област Видин"] and not first["exercise"]
    second = await issued(desk, severity="Extreme", replaces=first["id"])
    assert second["refers_to"] == [first["id"]]
    assert await states(desk) == {first["id"]: "revised", second["id"]: "in-force"}
    status, found, _ = await desk.ask("POST", "/alerts/own", json=warning(replaces=first["id"]))
    assert status == 404 or found["error"]["code"] == "no-warning"
    _, over, _ = await desk.ask("POST", "/alerts/own/cancel", json={"id": second["id"], "note": "водата спадна"})
    assert over["state"] == "cancel" and (await states(desk))[second["id"]] == "cancelled"
    out = await NodeWarnings(desk.office, "xstock-cap").own()
    assert {(one.kind, one.status) for one in out} == {("Update", "Actual"), ("Cancel", "Actual")}
    assert {one.identifier for one in out} == {second["id"], over["id"]}, "the first is told by its revision"
    desk.net.clocks["redcross.bg"].offset += 2 * 86_400
    assert await NodeWarnings(desk.office, "xstock-cap").own() == ()


async def test_an_exercise_says_so_and_ends_nothing_real(desk: Desk) -> None:
    real = await issued(desk)
    play = await issued(desk, exercise=True)
    assert play["exercise"]
    status, found, _ = await desk.ask("POST", "/alerts/own", json=warning(exercise=True, replaces=real["id"]))
    assert status != 200 and found["error"]["code"] == "exercise"
    out = await NodeWarnings(desk.office, "xstock-cap").own()
    assert {one.identifier: one.status for one in out} == {real["id"]: "Actual", play["id"]: "Exercise"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"severity": "Huge"},
        {"hours": 0},
        {"area": []},
        {"text": []},
        {"text": [{"language": "bulgarian language", "event": "x"}]},
        {"text": [{"language": "bg", "event": "x"}, {"language": "BG", "event": "y"}]},
        {"area": [{"description": "x\u202ey"}]},
        {"unheard": 1},
        {"text": [{"language": "bg", "event": "x", "description": "a\x0bb"}]},
        {"text": [{"language": "bg", "event": "x", "instruction": "a\u202eb"}]},
    ],
    ids=str,
)
async def test_a_warning_that_makes_no_sense_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    status, found, _ = await desk.ask("POST", "/alerts/own", json=warning(**wrong))
    assert status in (400, 422), found
    assert await states(desk) == {}


async def test_only_who_may_ask_may_warn(desk: Desk) -> None:
    viewer = await desk.hire("eye", Role.VIEWER)
    assert (await desk.ask("POST", "/alerts/own", viewer, json=warning()))[0] == 403
    duty = await desk.hire("ana", Role.DUTY_OFFICER)
    assert (await desk.ask("POST", "/alerts/own", duty, json=warning()))[0] == 200
