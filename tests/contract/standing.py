"""A real node with something in it, and a neighbour that it may ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.contract.asking import Door
from tests.processes import NodeProcess, free_port
from xstock_node.services.arrivals import NoteArrival
from xstock_node.services.asked_lines import Asked
from xstock_node.services.corridor_desk import CorridorName, CorridorRequest
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.own_warnings import IssueRequest, WarningArea, WarningText
from xstock_node.services.people import PersonRequest
from xstock_node.services.planning import PlanRequest
from xstock_node.services.requesting import NewRequest
from xstock_node.services.tokens import TokenRequest

ASKS, LENDS = "asks.example.org", "lends.example.org"
TENT = "HSHETENTF16C"
WARNING = IssueRequest(
    category="Met",
    severity="Severe",
    urgency="Expected",
    certainty="Likely",
    hours=12,
    area=[WarningArea(description="Vidin")],
    text=[WarningText(language="bg", event="Наводнение")],
)


@contextmanager
def standing(folder: Path) -> Iterator[Door]:
    """A node that holds stock, an offer, people, requests and operations, with its loopback port on."""
    node, other = (NodeProcess(folder, name, free_port()) for name in (ASKS, LENDS))
    node.pin(other)
    other.pin(node)
    port = free_port()
    with (node.home / "config.toml").open("a") as file:
        file.write(f"\n[local_port]\nport = {port}\n")
    node.start()
    other.start()
    try:
        operator = (node.home / "api.token").read_text("ascii").strip()
        node.call("user.add", PersonRequest(name="vera", role="warehouse"))
        person = node.call("user.token", TokenRequest(name="vera")).token
        yield Door(f"http://127.0.0.1:{port}", (operator, person), furnish(node))
    finally:
        alive = node.process is not None and node.process.poll() is None
        node.stop()
        other.stop()
        assert alive, node.words()


def furnish(node: NodeProcess) -> dict[str, list[str]]:
    """Put things into a node; their ids by the names of the fields that take them."""
    for number in range(4):
        node.call(
            "stock.add", LineRequest(name="Tent", code=TENT, quantity="90", unit="pcs", location=f"Store {number}")
        )
    node.call("stock.decide", DecideRequest(same_code=True))
    node.call("offer.publish", PublishRequest(release=True))
    asked = NewRequest(to=[LENDS], lines=[Asked(item=TENT, quantity="50")], place="Vidin", terms=["loan"])
    made = [node.call("request.new", asked) for _ in range(4)]
    node.call("request.plan", PlanRequest(requests=[made[0].id]))
    offers: list[Any] = node.call("offer.list")
    watched = [node.call("corridor.set", CorridorRequest(name=name, countries=["HR"])) for name in ("sava", "drava")]
    node.call("corridor.threaten", CorridorName(name="drava"))
    warnings = [node.call("alert.issue", WARNING) for _ in range(3)]
    noted = [node.call("arrival.note", NoteArrival(area="BG311", people=40, by="road")) for _ in range(3)]
    people = [node.call("user.add", PersonRequest(name=f"ana{number}", role="warehouse")).name for number in range(30)]
    return {
        "ref": [line.ref for line in node.call("stock.list")],
        "id": [*(request.id for request in made), *(one.id for one in (*offers, *warnings, *noted))],
        "case": [row.case for request in made for row in request.operations],
        "requests": [made[0].id],
        "ids": [offer.id for offer in offers],
        "to": [LENDS],
        "node": [LENDS, ASKS],
        "name": ["vera", LENDS, *(one.name for one in watched)],
        "people name": people,
        "requests id": [request.id for request in made],
        "offers id": [offer.id for offer in offers],
        "alerts id": [one.id for one in warnings],
        "peers name": [LENDS],
        "corridor": ["sava"],
        "zone": ["Europe/Kyiv"],
        "replaces": [""],
        "network": ["see"],
        "item": [TENT],
        "code": [TENT],
        "quantity": ["5"],
        "step": ["accept", "cancel", "received", "note"],
    }
