"""A second tab, a lost line, a restarted node, a full disk in the middle of a request: nothing typed is lost."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import TENT, Federation, Spoken, federation, sign_in
from tests.story.two_nodes import run
from xstock_node.cli.assembly import RESERVE
from xstock_node.domain.rights import Role

pytestmark = pytest.mark.heavy
SAY = Spoken("en")
SMALL = "160m"  # with room for the reserves of four nodes


@pytest.fixture
def found(tmp_path: Path) -> Iterator[Federation]:
    with federation(tmp_path) as found:
        found.hire("ana", Role.DUTY_OFFICER)
        yield found


def typed(tab: Tab) -> None:
    """A request that is typed and looked at, and not sent."""
    tab.open("/ask")
    tab.fill(SAY("Goods, by any name"), TENT)
    tab.fill(SAY("How many"), "110")
    tab.fill(SAY("Place"), "Оряхово")
    tab.click(role="button", name=SAY("Who could help?"))
    tab.check("Hrvatski Crveni križ")


def test_a_second_tab_and_a_reload_find_what_was_typed(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    sign_in(tab, found, "ana", SAY)
    typed(tab)
    for other in (browser.beside(tab), tab):
        other.open("/ask")
        other.see(SAY("What you typed before was restored."))
        assert other.value(SAY("Place")) == "Оряхово" and other.value(SAY("How many")) == "110"
    tab.click(role="button", name=SAY("Throw it away"))
    tab.at("/ask")
    assert tab.value(SAY("Place")) == ""


def test_a_lost_line_is_said_and_the_request_goes_out_once_when_it_is_back(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    sign_in(tab, found, "ana", SAY)
    typed(tab)
    tab.offline()
    tab.click(role="button", name=SAY("Sign and send the request"))
    tab.see("No line to the node.")
    assert tab.value(SAY("Place")) == "Оряхово" and run(found.home, "request", "list") == []
    tab.offline(False)
    tab.at(r"/request\?id=")
    assert len(run(found.home, "request", "list")) == 1
    tab.open("/ask")
    assert tab.value(SAY("Place")) == "", "what was sent is no draft any more"


def test_a_node_that_is_ended_and_begins_again_sends_it_once(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    sign_in(tab, found, "ana", SAY)
    typed(tab)
    found.home.kill()
    tab.click(role="button", name=SAY("Sign and send the request"))
    tab.see("No line to the node")
    assert tab.value(SAY("Place")) == "Оряхово"
    found.home.start()
    tab.at(r"/request\?id=")
    assert [one["place"] for one in run(found.home, "request", "list")] == ["Оряхово"]


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted, which only root may do")
def test_a_full_disk_is_said_and_what_was_typed_stays(browser: Browser, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(disk)], check=True)
    try:
        with federation(disk) as found:
            found.hire("ana", Role.DUTY_OFFICER)
            tab = browser.tab(found.base)
            sign_in(tab, found, "ana", SAY)
            typed(tab)
            fill(disk)
            tab.click(role="button", name=SAY("Sign and send the request"))
            tab.see("The disk of the node is full or broken. Nothing was stored.")
            assert tab.value(SAY("Place")) == "Оряхово" and tab.value(SAY("How many")) == "110"
            (disk / "filling").unlink()
            tab.click(role="button", name=SAY("Sign and send the request"))
            tab.at(r"/request\?id=")
            assert [one["place"] for one in run(found.home, "request", "list")] == ["Оряхово"]
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def fill(disk: Path) -> None:
    """Write until nothing fits any more, and leave not a byte, nor a reserve that a node could give back."""
    for reserve in disk.rglob(RESERVE):
        reserve.unlink()
    with (disk / "filling").open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


def test_many_open_pages_leave_room_for_one_more(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    sign_in(tab, found, "ana", SAY)
    for _ in range(8):  # a browser opens six lines to one place
        other = browser.beside(tab)
        other.open("/desk")
        other.see(SAY("Live operations"))


def test_what_another_node_does_is_seen_without_a_reload(browser: Browser, found: Federation) -> None:
    tab = browser.tab(found.base)
    sign_in(tab, found, "ana", SAY)
    tab.open("/requests")
    tab.see(SAY("Nothing was asked yet."))
    run(found.home, "request", "new", "--to", "redcross.hr", "--line", f"{TENT}=5", "--place", "Силистра")
    tab.see("Силистра")
