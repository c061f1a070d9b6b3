"""A town on the Danube: it applies, is sponsored, sees its tier and its area, is warned in its languages, and leaves.

The town is the guest BG-VD of the exercise. People come to it by ferry; of them nothing but a rounded count is told.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, agree, free_port
from tests.shared import sample
from tests.story.town_node import TownNode, warn
from tests.story.two_nodes import run, stocked
from xstock_node.i18n import catalogue
from xstock_node.services.offer_views import PublishRequest

TENT = "HSHETENTF16C"
HIDDEN = ("1371", "redcross.hr", "redcross.bg", "Depot Osijek")
"""What neither the public nor the town may read: the exact figure, who has it, and where it lies."""


class River:
    """Bulgaria, which sponsors, and Croatia, which has 1,371 tents in Osijek."""

    def __init__(self, folder: Path) -> None:
        found = json.loads(sample("exercise-flood.json").read_text("utf-8"))
        self.guest = next(one for one in found["guests"] if one["guest"] == "BG-VD")
        self.glide = found["event"]["glide"]
        self.door = TownNode(folder, "redcross.bg", "BG", ("bg",), '[alerts]\nareas = ["BG311"]\n')
        self.bg = self.door.node
        self.hr = NodeProcess(folder, "redcross.hr", free_port(), country="HR", languages=("hr",))
        self.bg.pin(self.hr)
        self.hr.pin(self.bg)

    def applies(self, areas: str = "BG311, HR025") -> str:
        """The town fills in the public form."""
        languages = " ".join((*self.guest["languages"], "ro"))
        return self.door.apply(
            name=self.guest["name"],
            kind=self.guest["kind"],
            country=self.guest["country"],
            areas=areas,
            languages=languages,
            contact="civil-protection",
            address="+359 94 000 000",
            tier=self.guest["tier"],
        )

    def sees(self, key: str) -> str:
        status, page = self.door.post("network-town", key=key)
        assert status == 200
        return page


@pytest.fixture
def river(tmp_path: Path) -> Iterator[River]:
    found = River(tmp_path)
    found.bg.start()
    found.hr.start()
    yield found
    found.bg.stop()
    found.hr.stop()


def offers_tents(river: River) -> None:
    stocked(river.hr, "Depot Osijek tent", TENT, "1371")
    river.hr.call("offer.publish", PublishRequest(release=True))
    agree(river.bg, river.hr)


def is_free_of(page: str, *words: str) -> bool:
    """Whether none of the words is in it, but for whose node it is, which stands above and below each page."""
    said = page.replace("</svg>redcross.bg</span>", "").replace(">redcross.bg · X-Stock<", "")
    return not [word for word in words if word in said]


@pytest.mark.heavy
def test_a_town_applies_is_sponsored_sees_its_tier_and_area_and_leaves(river: River, tmp_path: Path) -> None:
    bg, door = river.bg, river.door
    offers_tents(river)
    id_ = river.applies()
    assert river.applies() == id_, "sent twice, it waits once"
    (waiting,) = run(bg, "network", "applications")
    assert (waiting["id"], waiting["organisation"], waiting["state"]) == (id_, river.guest["name"], "waiting")
    assert is_free_of(river.sees(id_), "network-leave") and "Ключ" in river.sees(id_), "not sponsored, nothing is seen"

    key = run(bg, "network", "sponsor", id_, "--tier", river.guest["tier"])["key"]
    assert run(bg, "network", "application", id_)["key"] == "", "the key is shown once"
    warn(bg, tmp_path, "here", "BG311", {"bg": "Дунав се покачва", "ro": "Dunărea crește", "en": "Danube rising"})
    warn(bg, tmp_path, "there", "BG412", {"bg": "Буря над София"})
    warn(bg, tmp_path, "neighbours", "HR025", {"hr": "Drava raste"})
    page = river.sees(key)
    assert "Дунав се покачва" in page and "Dunărea crește" in page, "in each of its languages"
    assert is_free_of(page, "Danube rising", "Буря над София"), "in no other, and not of elsewhere"
    assert "Drava raste" in page and "не е на вашия език" in page, "what has none of them is shown, and marked"
    assert "1000 - 2000" in page and is_free_of(page, *HIDDEN)

    asked = door.post("network-town", key=key, category="shelter", people="120", hours="24")[1]
    (draft,) = [one for one in run(bg, "request", "drafts") if one["origin"] != "alert"]
    assert (draft["origin"], draft["people"], draft["lines"][0]["name"]) == ("town", 120, "shelter")
    assert "чака човек" in asked and river.guest["name"] in draft["note"]
    line = f"{draft['lines'][0]['id']}={TENT}=30:H87"
    taken = run(bg, "request", "take", draft["id"], "--to", river.hr.name, "--line", line, "--place", "Видин")
    assert len(taken["operations"]) == 1 and "поискано от членовете" in river.sees(key), "its own request"

    run(bg, "arrival", "note", "--area", "BG311", "--people", "7", "--by", "sea", "--event", river.glide)
    run(bg, "arrival", "note", "--area", "BG311", "--people", "148", "--by", "road", "--event", river.glide)
    shown = door.get("network-about")[1]
    assert "под 10" in shown and "150" in shown and is_free_of(shown, "148", ">7<")

    status, gone = door.post("network-town", key=key, leave="on")
    assert status == 200 and "напусна" in gone
    assert "Ключ" in river.sees(key) and is_free_of(river.sees(key), "Дунав се покачва")
    left = run(bg, "network", "application", id_)
    assert (left["state"], left["address"]) == ("left", ""), "the address goes with the town"


@pytest.mark.heavy
def test_the_public_reads_aggregates_and_warnings_alone(river: River, tmp_path: Path) -> None:
    offers_tents(river)
    warn(river.bg, tmp_path, "here", "BG311", {"bg": "Дунав се покачва", "ro": "Dunărea crește"})
    warn(river.bg, tmp_path, "there", "RO104", {"ro": "Viscol la Iași"})
    bulgarian, romanian = (river.door.get("network-about", query)[1] for query in ("", "?lang=ro"))
    assert "Градове по Дунав" in bulgarian and "употребявани дрехи" in bulgarian
    assert "Дунав се покачва" in bulgarian and "Dunărea crește" in romanian and "Orașele Dunării" in romanian
    feed = river.door.feed("?lang=ro")
    assert "Dunărea crește" in feed and is_free_of(feed, "Viscol", "shelter", "1371", "redcross.hr", "Osijek")
    for page, language in ((bulgarian, "bg"), (romanian, "ro")):
        assert catalogue(language).gettext("shelter") in page and is_free_of(page, "Viscol", "1000", TENT, *HIDDEN)
    assert river.door.get("network-town")[0] == 200 and river.door.get("nothing")[0] == 404


@pytest.mark.heavy
def test_an_observer_sees_no_offer_and_a_refused_town_nothing(river: River) -> None:
    bg = river.bg
    offers_tents(river)
    key = run(bg, "network", "sponsor", river.applies(), "--tier", "observer")["key"]
    assert "1000 - 2000" not in river.sees(key) and river.guest["name"] in river.sees(key)
    other: Any = river.door.apply(
        name="Остров Белене", kind="island", country="BG", areas="BG321", languages="bg",
        contact="harbour-office", address="ostrov@belene.example",
    )  # fmt: skip
    run(bg, "network", "refuse", other, "--reason", "outside our area")
    run(bg, "network", "sponsor", other, fails=1)
    told = run(bg, "network", "application", other)
    assert (told["state"], told["why"], told["address"]) == ("refused", "outside our area", "")
    states = sorted(one["state"] for one in run(bg, "network", "applications", "--all"))
    assert states == ["refused", "sponsored"]
