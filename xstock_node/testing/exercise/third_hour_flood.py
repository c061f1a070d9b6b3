"""The third hour of an exercise file: its warnings, its requests, and the answers that the plan gives its desks to do.

Montenegro has no line and North Macedonia's disk has failed: both are silent but for what they said before. The state
reserve of Bulgaria answers in office hours. Everybody else has answered some of what was asked, Serbia too.
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_types import Flow
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.third_hour import HOUR, Alarm, Answer, Need, Reached, ThirdHour, Wanted

LOOKED_AT = "RS"
COVERED = "chlorine_hth"
"""What Serbia asks for by itself: one answer covers it, and those who were asked too can be told."""
_LOANS = frozenset({"loan", "mission"})


def third_hour_of(file: ExerciseFile) -> ThirdHour:
    """The third hour of a file, by the plan that every desk makes."""
    flows = make_plan(file.plan_inputs).flows
    needs = list(_needs(file))
    return ThirdHour(
        title=_title(file.raw),
        event=file.raw["event"]["glide"],
        alarms=list(_alarms(file)),
        needs=needs,
        answers=[answer for need in needs for answer in _answers(file, need, flows)],
    )


def _alarms(file: ExerciseFile) -> Iterator[Alarm]:
    rivers = ", ".join(file.raw["event"].get("rivers", []))
    for event in file.raw["timeline"]:
        if event["kind"] == "alert" and event["at_h"] <= HOUR:
            said = event["data"]
            yield Alarm(
                country=event["node"],
                identifier=said["identifier"],
                hour=float(event["at_h"]),
                severity=said["severity"],
                language=said["language"],
                headline=event["text"],
                area=_place(file, event["node"]) or rivers,
                replaces=said.get("replaces", ""),
            )


def _needs(file: ExerciseFile) -> Iterator[Need]:
    """One request for what is given or replaced, one for what is lent, one for what one supplier alone covers."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for need in file.requests:
        kind = "loan" if _LOANS & set(need["terms"]) else "gift"
        own = need["node"] == LOOKED_AT and need["item"] == COVERED
        groups[need["node"], "water" if own else kind].append(need)
    for (country, kind), needs in sorted(groups.items()):
        terms = dict.fromkeys("loan" if term == "mission" else term for need in needs for term in need["terms"])
        hours = (datetime.fromisoformat(need["needed_by"]) - file.t0 for need in needs)
        yield Need(
            key=f"{country}-{kind}",
            country=country,
            place=_place(file, country),
            hour=min(hours).total_seconds() / 3600,
            lines=[Wanted(item=n["item"], quantity=n["request"], unit=n["unit"]) for n in needs],
            terms=list(terms),
            severity=min(need["severity"] for need in needs),
            note=_node(file, country).get("request_text", ""),
            to=["AT", "HR", "MK"] if kind == "water" else [],
        )


def _answers(file: ExerciseFile, need: Need, flows: tuple[Flow, ...]) -> Iterator[Answer]:
    lines = {n["line"]: n["item"] for n in file.requests if n["node"] == need.country}
    asked = {line.item for line in need.lines}
    countries = [node["node"] for node in file.raw["nodes"]]
    for by in need.to or [one for one in countries if one != need.country]:
        given: dict[str, Decimal] = defaultdict(Decimal)
        for flow in flows:
            if flow.line in lines and flow.item in asked and flow.offer.startswith(f"{by}-"):
                given[flow.item] += flow.quantity
        units = {line.item: line.unit for line in need.lines}
        reached = _reached(need, by, bool(given))
        if reached is None or file.barred(by, need.country, need.terms[0], set()):
            continue
        yield Answer(
            need=need.key,
            by=by,
            reached=reached,
            lines=[Wanted(item=item, quantity=str(figure), unit=units[item]) for item, figure in given.items()]
            if reached != "declined"
            else [],
            crossings=list(file.way(by, need.country, HOUR)) if reached == "under-way" else [],
        )


def _reached(need: Need, by: str, gives: bool) -> Reached | None:
    """How far an answer has come at the third hour; None for silence."""
    kind = need.key.partition("-")[2]
    if kind == "water":
        return "accepted" if gives else None
    if "ME" in (need.country, by) or by == "MK":
        return None
    if need.country == LOOKED_AT:
        how: dict[tuple[str, str], Reached] = {("loan", "AT"): "under-way", ("loan", "HR"): "accepted"}
        return None if (kind, by) == ("loan", "BG") else how.get((kind, by), "offered") if gives else "declined"
    if by == LOOKED_AT:
        return ("accepted" if need.country == "BG" else None) if gives else ("declined" if kind == "loan" else None)
    if not gives:
        return "declined" if by == "AT" else None
    return "accepted" if by == "AT" else "offered"


def _title(raw: dict[str, Any]) -> str:
    title = raw.get("title") or raw["exercise"]
    return str(title.get("en") or next(iter(title.values()))) if isinstance(title, dict) else str(title)


def _node(file: ExerciseFile, country: str) -> dict[str, Any]:
    return next(node for node in file.raw["nodes"] if node["node"] == country)


def _place(file: ExerciseFile, country: str) -> str:
    found = _node(file, country)
    return str(found.get("main_place") or found["sites"][0].get("place", ""))
