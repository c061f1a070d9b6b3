"""Standings, audiences."""

from typing import Any

from tests.vectors.checks.form import Check, Given, data
from xstock_node.protocol import charter, records
from xstock_node.protocol.membership import Statement, fold
from xstock_node.protocol.records import Revoke, Vouch


def standing(sent: bytes, given: Given) -> Any:
    charters = [charter.parse(data(one)) for one in given["charters"]]
    statements = []
    for one in given["statements"]:
        record = records.interpret(data(one["record"]))
        assert isinstance(record, Vouch | Revoke)
        statements.append(Statement(one["governor"], one["index"], record, one["heard"]))
    contested = tuple(given.get("objects", ()))
    found = fold(charters, statements, given["now"], lambda name: contested).get(given["name"])
    return {"state": found.state, "tier": found.tier, "root": found.root} if found else None


CHECKS: dict[str, Check] = {"standing": standing}
