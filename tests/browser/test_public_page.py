"""The public page of a node in a real Chromium: in the look of the console, judged by axe, in several languages."""

import os
from pathlib import Path

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import Spoken
from tests.story.town_node import TownNode, warn
from tests.story.two_nodes import run
from xstock_node.domain.unneeded import WORDS

pytestmark = pytest.mark.heavy


def fair(tab: Tab, name: str) -> None:
    """Nothing that axe minds in light and dark, nothing over the edge, nothing that the policy refused."""
    for theme in ("light", "dark"):
        tab.theme(theme)  # type: ignore[arg-type]
        assert tab.axe() == [], (name, theme)
        if folder := os.environ.get("XSTOCK_PICTURES"):
            tab.screenshot(Path(folder) / f"{name}-{theme}.png")
    assert tab.overflow() == [] and tab.faults() == [], name


def test_strangers_read_it_in_their_language_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    town = TownNode(tmp_path, "redcross.bg", "BG", ("bg",), '[alerts]\nareas = ["BG311"]\n')
    town.node.start()
    try:
        warn(town.node, tmp_path, "here", "BG311", {"bg": "Дунав се покачва", "ro": "Dunărea crește"})
        run(town.node, "unneeded", "say", "clothes", "infant-milk", "--more", "bg=стари гуми")
        tab = browser.tab(f"http://127.0.0.1:{town.port}", width=390, height=844, phone=True)
        tab.open("/plugins/xstock-network/pages/network-about")
        for words in ("Дунав се покачва", Spoken("bg")(WORDS["clothes"]), "стари гуми"):
            tab.see(words)
        fair(tab, "public-about")
        tab.click(role="link", name="Română")
        tab.see("Dunărea crește")
        tab.see(Spoken("ro")(WORDS["infant-milk"]))
        tab.open("/plugins/xstock-network/pages/network-apply")
        fair(tab, "public-apply")
        wide = browser.tab(f"http://127.0.0.1:{town.port}", width=1440)
        wide.open("/plugins/xstock-network/pages/network-about")
        fair(wide, "public-wide")
        tab.close()
        wide.close()
    finally:
        town.node.kill()
