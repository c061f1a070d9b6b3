"""Two real nodes and the command lines of their people: what every story between a requester and a supplier needs."""

import json
from collections.abc import Callable
from typing import Any

import msgspec

from tests.processes import NodeProcess, pause, xstock
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import CaseId

PATIENCE = 30.0


def run(node: NodeProcess, *words: str, token: str = "", fails: int = 0) -> Any:
    """What a command line says, as JSON; `fails` is the exit code that is expected."""
    done = xstock(*words, "--json", home=node.home, token=token)
    assert done.returncode == fails, (words, done.stdout, done.stderr)
    return json.loads(done.stdout)


def step(node: NodeProcess, case: str, verb: str, *words: str) -> Any:
    """One step of an operation."""
    return run(node, "op", "step", case, verb, *words)


def signed(node: NodeProcess, case: str, verb: str, *words: str) -> Any:
    """A step that the stock owner takes, and a second person agrees to where that is asked."""
    tokens = {}
    for name, role in (("owner", "stock-owner"), ("second", "approver")):
        if name not in {one["name"] for one in run(node, "user", "list")}:
            run(node, "user", "add", name, "--role", role)
        tokens[name] = run(node, "user", "token", name)["token"]
    taken = run(node, "op", "step", case, verb, *words, token=tokens["owner"])
    return taken if taken["sent"] else run(node, "op", "approve", taken["waiting"], token=tokens["second"])


def until(node: NodeProcess, case: str, true: Callable[[Any], Any]) -> Any:
    """Wait until an operation is so on a node; what it shows then."""
    found: Any = None
    for _ in range(int(PATIENCE / 0.05)):
        try:
            found = msgspec.to_builtins(node.call("op.show", CaseId(case=case)))
        except Refusal:
            found = None
        if found and true(found):
            return found
        pause(0.05)
    raise AssertionError(found and (found["state"], found["turn"], [s["verb"] for s in found["timeline"]]))


def until_state(node: NodeProcess, case: str, state: str) -> Any:
    """Wait until an operation is in a state on a node."""
    return until(node, case, lambda found: found["state"] == state)


def stocked(node: NodeProcess, name: str, code: str, quantity: str, unit: str = "pcs") -> None:
    """Stock that a person counted and matched."""
    run(node, "stock", "add", "--name", name, "--code", code, "--quantity", quantity, "--unit", unit)
    run(node, "stock", "match", "--same-code")
