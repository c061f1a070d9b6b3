"""kill -9 at every step of an operation, on either side: nothing acknowledged is lost and no step happens twice."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.processes import NodeProcess, free_port, pause
from xstock_node.cli.op_verify import verified
from xstock_node.cli.session import SOCKET, SocketSession
from xstock_node.domain.rights import Role
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.operating import Approval, CaseId, StepRequest
from xstock_node.services.operation_views import OperationView
from xstock_node.services.people import PersonRequest
from xstock_node.services.requesting import NewRequest, RequestId
from xstock_node.services.tokens import TokenRequest

TENT, UNIT = "HSHETENTF16C", "H87"
ASKS, LENDS = "asks.example.org", "lends.example.org"
FAR = 4_000_000_000
TRUCK = "7" * 64
SOON, LATE = 0.008, 0.05
"""Seconds until a kill at most: half of them come sooner than a fast machine answers, half on either side of it."""


def lines(quantity: int) -> dict[str, Any]:
    return {"lines": [{"item": TENT, "unit": UNIT, "qty": [quantity, 0]}]}


def counts(**how: int) -> dict[str, Any]:
    return {"counts": [{"item": TENT, "unit": UNIT} | {name: [n, 0] for name, n in how.items()}]}


def lot(name: str, quantity: int, **received: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Staged, green light, countersigned, gone and counted."""
    road = {"consignment": name, "day": "2027-03-29"}
    lit = road | {"crossing": "Vidin-Calafat", "vehicle": TRUCK}
    light = lit | {"valid_until": FAR, "entry": "BGVID", "consignee": "relief desk"}
    return [
        (LENDS, "stage", road | {"crossings": ["Vidin-Calafat"], "vehicle": TRUCK}),
        (ASKS, "green-light", light),
        (LENDS, "clear", {"consignment": name, "seal": "HR-7781"}),
        (LENDS, "dispatch", lit | lines(quantity)),
        (ASKS, "received", counts(**received) | {"consignment": name}),
    ]


STORY = [
    (LENDS, "offer", lines(50) | {"hold_until": FAR, "terms": ["loan"]}),
    (ASKS, "accept", {"terms": "loan", "due": "2027-06-30", "place": "Vidin"}),
    *lot("lot-1", 30, good=30),
    *lot("lot-2", 20, good=18, damaged=2),
    (ASKS, "on-loan", lines(50) | {"due": "2027-06-30"}),
    (ASKS, "returned", lines(50) | {"consignment": "back-1"}),
    (LENDS, "return-received", counts(good=48, damaged=2)),
    (ASKS, "close-proposed", {"filed": True}),
    (LENDS, "close", {"filed": True}),
]


class Killed(NamedTuple):
    """How many kills there were, and how many hit the node that was about to answer."""

    kills: int
    in_the_middle: int


class Two:
    """Two nodes; whatever is asked is asked under a key, until it is answered, while one of the two is killed."""

    def __init__(self, folder: Path, draw: Random) -> None:
        self.nodes = {name: NodeProcess(folder, name, free_port()) for name in (ASKS, LENDS)}
        self.nodes[ASKS].pin(self.nodes[LENDS])
        self.nodes[LENDS].pin(self.nodes[ASKS])
        with (self.nodes[ASKS].home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[approvals.ask_pieces]\n{TENT} = 20\n")
        for node in self.nodes.values():
            node.start()
        self.nodes[ASKS].call("user.add", PersonRequest(name="boris", role=Role.APPROVER))
        self.boris = self.nodes[ASKS].call("user.token", TokenRequest(name="boris")).token
        self.draw, self.kills, self.in_the_middle, self.asked = draw, 0, 0, 0

    def take(self, name: str, route: str, request: Any, token: str = "") -> Any:
        """The answer, after a kill of the node that is asked or of the other; asked by whose token it is."""
        self.asked += 1
        answers: list[Any] = []
        session = SocketSession(self.nodes[name].home / SOCKET, patience=60, token=token)
        key = f"asked-{self.asked:06}"

        def ask() -> None:
            try:
                answers.append(asyncio.run(session.call(route, request, key)))
            except Refusal as refusal:
                answers.append(refusal)

        thread = threading.Thread(target=ask)
        victim = self.nodes[self.draw.choice((name, ASKS, LENDS))]
        thread.start()
        pause(self.draw.uniform(0.0, self.draw.choice((SOON, LATE))))
        self.kills += 1
        self.in_the_middle += thread.is_alive() and victim.name == name
        victim.kill()
        victim.start()
        thread.join()
        assert not isinstance(answers[0], Refusal), (route, request, str(answers[0]), victim.name, victim.words())
        return answers[0]

    def until(self, case: str, verb: str, count: int) -> None:
        """Wait until both nodes hold a step so many times, and never more often."""
        for _ in range(1200):
            held = [Counter(step.verb for step in view.timeline)[verb] for view in self.shown(case)]
            assert all(n <= count for n in held), (verb, held)
            if held == [count, count]:
                return
            pause(0.05)
        raise AssertionError((verb, [[s.verb for s in view.timeline] for view in self.shown(case)]))

    def shown(self, case: str) -> list[OperationView]:
        """The operation as each node shows it; nothing where one holds none yet."""
        found = []
        for node in self.nodes.values():
            try:
                found.append(node.call("op.show", CaseId(case=case)))
            except Refusal as refusal:
                assert refusal.code == "no-case", str(refusal)
        return found


@pytest.fixture
def stories(tmp_path: Path) -> Iterator[Any]:
    """Plays a whole operation with a kill at each of its steps, any number of times between the same two nodes."""
    ends: list[NodeProcess] = []

    def play(seed: int, times: int) -> Killed:
        two = Two(tmp_path, Random(seed))
        ends.extend(two.nodes.values())
        two.nodes[LENDS].call("stock.add", LineRequest(name="Tent", code=TENT, quantity="9000", unit="pcs"))
        two.nodes[LENDS].call("stock.decide", DecideRequest(same_code=True))
        for _ in range(times):
            case, acknowledged = one_operation(two)
            proved(two, case, acknowledged, tmp_path)
        return Killed(two.kills, two.in_the_middle)

    yield play
    for node in ends:
        node.kill()


def one_operation(two: Two) -> tuple[str, dict[str, str]]:
    """The case of an operation that was played to its end, and the verb of each acknowledged hash."""
    wanted = [Asked(item=TENT, quantity="50")]
    made = two.take(ASKS, "request.new", NewRequest(to=[LENDS], lines=wanted, place="Vidin", terms=["loan"]))
    assert made.state == "waiting" and not made.operations
    assert two.take(ASKS, "op.approve", Approval(id=made.waits), two.boris).sent
    made = two.nodes[ASKS].call("request.show", RequestId(id=made.id))
    case, taken, acknowledged = made.operations[0].case, Counter({"request": 1}), {}
    two.until(case, "request", 1)
    for name, verb, fields in STORY:
        result = two.take(name, "op.step", StepRequest(case=case, step=verb, fields=fields))
        assert result.sent and result.hash, result
        acknowledged[result.hash] = verb
        taken[verb] += 1
        two.until(case, verb, taken[verb])
        if verb == "accept":
            two.until(case, "confirm", 1)
    return case, acknowledged


def proved(two: Two, case: str, acknowledged: dict[str, str], folder: Path) -> None:
    """Both hold the same steps, each once; the evidence of each is whole; no log forked."""
    views = two.shown(case)
    told = [[(step.by, step.verb, step.hash) for step in view.timeline] for view in views]
    assert sorted(told[0]) == sorted(told[1]) and [view.state for view in views] == ["closed", "closed"]
    assert views[0].counters == views[1].counters
    expected = Counter(["request", "confirm", *(verb for _, verb, _ in STORY)])
    assert Counter(verb for _, verb, _ in told[0]) == expected
    assert acknowledged.items() <= {hash_: verb for _, verb, hash_ in told[0]}.items()
    for node in two.nodes.values():
        assert all(found.holds for found in node.call("log.verify"))
        file = folder / f"{case}-{node.name}.xsevidence"
        file.write_bytes(node.call("op.evidence", CaseId(case=case)).content)
        assert verified(file, folder, ()).state == "closed"
    requests = two.nodes[ASKS].call("request.list")
    assert sum(case in [row.case for row in found.operations] for found in requests) == 1


@pytest.mark.heavy
def test_a_kill_at_every_step_loses_nothing_acknowledged_and_takes_no_step_twice(stories: Any) -> None:
    found = stories(seed=1, times=1)
    assert found.kills == len(STORY) + 2 and found.in_the_middle >= 3, found


@pytest.mark.slow
def test_ten_operations_with_a_kill_at_every_step(stories: Any) -> None:
    found = stories(seed=2, times=10)
    print(f"\n{found.kills} kills in ten operations, {found.in_the_middle} of them on the node that was being asked")
    assert found.in_the_middle >= 40, found
