"""The nodes of a demo that plays an exercise file: each society's list as its store would write it."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from xstock_node.cli.federation import EXERCISE, DemoNode, Ports, StockList, place_of
from xstock_node.cli.init import Answers
from xstock_node.domain.items import Kind
from xstock_node.domain.stock import StockLine
from xstock_node.services.mapping_desk import Decision
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.real_nodes import catalogue_file

COLUMNS = ("Code", "Name", "Quantity", "Unit", "Warehouse", "Lot", "Expiry", "Reserved", "Damaged", "Owner", "Status")
HELD_BACK = "blocked: the owner or donor does not lend it"


def flood_nodes(folder: Path, file: ExerciseFile, ports: Sequence[Ports], today: date) -> list[DemoNode]:
    """A node for each society of the file. Its dates of expiry are as far from `today` as from the day of the file."""
    later, catalogue = today - file.today, catalogue_file(file)
    found = []
    for raw, port in zip(file.raw["nodes"], ports, strict=True):
        code = raw["node"]
        lines = [line for line in file.raw["stock"] if line["node"] == code]
        stock = _list_of(f"{code.lower()}.csv", file, lines, later)
        found.append(DemoNode(folder / code.lower(), _answers(file, raw, port), stock, port.console, catalogue))
    return found


def _answers(file: ExerciseFile, raw: dict[str, Any], ports: Ports) -> Answers:
    place, code = place_of(raw["country"]), raw["node"]
    rule = raw["share_rule"]
    teams: dict[str, dict[str, str]] = {item.code: {} for item in file.catalogue.all() if item.kind is Kind.TEAM}
    return Answers(
        name=raw["name"],
        organisation=raw["owners"][0]["name"],
        country=raw["country"],
        languages=tuple(raw["languages"]),
        url=f"http://127.0.0.1:{ports.peers}",
        exercise=EXERCISE,
        place=raw["sites"][0]["place"],
        latitude=place[0] if place else None,
        longitude=place[1] if place else None,
        port=ports.peers,
        allow_private=True,
        share={
            "min_remaining_days": rule["horizon_days"],
            "medical_remaining_days": rule["horizon_days_medical"],
            "keep_back": {"default": {"percent": str(rule["keep_back_percent"])}, **teams},
            "own_need": {item: str(need) for item, need in file.gross_needs(code).items() if need > 0},
        },
    )


def _list_of(name: str, file: ExerciseFile, raw: list[dict[str, Any]], later: timedelta) -> StockList:
    text, decisions = io.StringIO(), {}
    rows = csv.writer(text, delimiter=";")
    rows.writerow(COLUMNS)
    owners = {one["owner"]: one["name"] for node in file.raw["nodes"] for one in node["owners"]}
    sites = {one["site"]: one["name"] for node in file.raw["nodes"] for one in node["sites"]}
    shared = {one.ref: one for node in {line["node"] for line in raw} for one in file.shared_lines(node)}
    for line in raw:
        held = shared[line["line"]]
        status = HELD_BACK if held.withheld else line["condition"]
        stock = held.line
        rows.writerow(
            (
                stock.item_code or "", stock.item_name, stock.quantity, stock.unit, sites[line["site"]],
                stock.lot or "", _expiry(stock, later), stock.reserved or 0, stock.damaged or 0,
                owners[line["owner"]], status,
            )
        )  # fmt: skip
        local = stock.item_code or stock.item_name or ""
        decisions[local, stock.unit] = Decision(local=local, unit=stock.unit or "", code=line["item"], factor="1")
    return StockList(name, text.getvalue().encode("utf-8-sig"), list(decisions.values()))


def _expiry(line: StockLine, later: timedelta) -> str:
    return (date.fromisoformat(line.expiry) + later).isoformat() if line.expiry else ""
