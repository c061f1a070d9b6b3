"""A town that has a node: two governors vouch for it as a town; it sees bands, is warned of its area, and leaves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.networks.test_founding_and_joining import found, standing, until
from tests.processes import NodeProcess, free_port
from tests.story.test_border_town import TENT
from tests.story.town_node import TownNode, warn
from tests.story.two_nodes import run, stocked
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.searching import SearchRequest

BANDED = """[offers]
banded = ["shelter"]
exact_to = "full"
[[audience]]
label = "full"
tiers = ["governor", "member"]
"""
WARNED = '[plugins]\nallow = ["xstock-cap"]\n[alerts]\ncountries = []\nareas = ["BG311"]\n'


class Governed:
    """Bulgaria and Croatia, which found a network, and a town with a node."""

    def __init__(self, folder: Path) -> None:
        self.door = TownNode(folder, "redcross.bg", "BG", ("bg",))
        self.bg = self.door.node
        self.hr = NodeProcess(folder, "redcross.hr", free_port(), country="HR", languages=("hr",))
        self.town = NodeProcess(folder, "vidin.bg", free_port(), country="BG", languages=("bg", "ro"))
        for node, more in ((self.hr, BANDED), (self.town, WARNED)):
            with (node.home / "config.toml").open("a", encoding="utf-8") as file:
                file.write(more)
        found(self.bg, self.hr, folder)

    def all(self) -> tuple[NodeProcess, ...]:
        return self.bg, self.hr, self.town


@pytest.fixture
def governed(tmp_path: Path) -> Iterator[Governed]:
    made = Governed(tmp_path)
    for node in made.all():
        node.start()
    yield made
    for node in made.all():
        node.stop()


def offers(node: NodeProcess) -> list[tuple[Any, ...]]:
    hits = node.call("search", SearchRequest(text="tent")).hits
    return [(hit.quantity, hit.band, hit.place, hit.audience) for hit in hits if not hit.greyed]


@pytest.mark.heavy
def test_a_town_with_a_node_is_vouched_for_sees_bands_and_leaves(governed: Governed, tmp_path: Path) -> None:
    bg, hr, town = governed.all()
    until(lambda: bg.call("status").digest == hr.call("status").digest)
    stocked(hr, "Depot Osijek tent", TENT, "1371")
    hr.call("offer.publish", PublishRequest(release=True))
    invite = run(bg, "peer", "invite")
    joined = run(town, "peer", "join", invite["invite"], "--digits", invite["digits"])
    digits = joined["own_digits"]
    id_ = governed.door.apply(
        name="Видин", kind="town", country="BG", areas="BG311", languages="bg ro", contact="mayors-office",
        address="+359 94 000 000", node=town.name, digits=digits,
    )  # fmt: skip
    rows = run(bg, "network", "applications")
    assert {(one["name"], one["kind"]) for one in rows} == {(town.name, "node"), (town.name, "town")}
    run(bg, "network", "sponsor", id_, "--digits", "0000 " * 6, fails=1)
    sponsored = run(bg, "network", "sponsor", id_, "--tier", "town", "--digits", digits)
    assert (sponsored["state"], sponsored["key"]) == ("sponsored", ""), "its node is its key"
    assert standing(bg, town.name)["state"] == "stranger", "one governor is not enough"
    run(hr, "network", "vouch", town.name, "--tier", "town", "--digits", digits)
    until(lambda: all(standing(node, town.name).get("tier") == "town" for node in governed.all()))

    until(lambda: offers(town) and offers(bg))
    assert offers(town) == [("1000", "2000", "", False)], "a band without a place, and no audience"
    until(lambda: [row[0] for row in offers(bg)] == ["1371"])
    warn(town, tmp_path, "here", "BG311", {"bg": "Дунав се покачва", "ro": "Dunărea crește"})
    warn(town, tmp_path, "there", "BG412", {"bg": "Буря над София"})
    (warned,) = run(town, "alert", "list")
    assert (warned["event"], warned["language"], warned["here"]) == ("Дунав се покачва", "bg", "yes")
    assert run(town, "alert", "list", "--language", "ro")[0]["event"] == "Dunărea crește"

    assert run(bg, "network", "leave", id_)["state"] == "left"
    run(hr, "network", "revoke", town.name, "--why", "left at its own wish")
    until(lambda: standing(bg, town.name)["state"] == standing(hr, town.name)["state"] == "expelled")
