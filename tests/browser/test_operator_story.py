"""The operator's story: from an empty folder to a node that its peers know, in a terminal and a browser."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import Federation, Spoken, sign_in
from tests.networks.test_founding_and_joining import found, offer_a_tent, standing, until
from tests.processes import NodeProcess, free_port, xstock
from xstock_node.domain.rights import Role

pytestmark = pytest.mark.heavy
NAME = "redcross.mk"
ANSWERS = """name = "{name}"
organisation = "Црвен крст на Северна Македонија"
country = "MK"
languages = ["mk"]
url = "http://127.0.0.1:{port}"
port = {port}
allow_private = true
"""
SETTINGS = """
[local_port]
port = {port}
"""


class OwnNode(NodeProcess):
    """A node that somebody made with `xstock init`, not a test."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.name, self.port = home, NAME, port
        self.process, self._begins = None, 0


class Terminal:
    """The operator's terminal: verbs as they are typed, their JSON read."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str, code: int = 0) -> Any:
        done = xstock(*words, "--json", home=self.home)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)


def fair(tab: Tab, name: str) -> None:
    """Nothing that axe minds, nothing over the edge, no fault; a picture where one is wanted."""
    assert tab.axe() == [] and tab.overflow() == [] and tab.faults() == [], name
    if folder := os.environ.get("XSTOCK_PICTURES"):
        tab.screenshot(Path(folder) / f"{name}.png")


def init(folder: Path) -> tuple[Terminal, OwnNode, str]:
    """Seven answers in a file; the node is checked, served, and its console known."""
    port, console = free_port(), free_port()
    (folder / "answers.toml").write_text(ANSWERS.format(name=NAME, port=port), "utf-8")
    terminal = Terminal(folder / "own")
    made = terminal("init", "--answers", str(folder / "answers.toml"))
    assert made["digits"].replace(" ", "").isdigit() and made["next"][0] == "xstock doctor"
    with (terminal.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(SETTINGS.format(port=console))
    checks = {one["check"]: one for one in terminal("doctor")}
    assert checks["peers"]["state"] == "warning" and "[[peer]]" in checks["peers"]["do"], checks["peers"]
    node = OwnNode(terminal.home, port)
    node.start()
    return terminal, node, f"http://localhost:{console}"


def first_day(tab: Tab, terminal: Terminal, say: Spoken) -> None:
    """A link from the terminal, a passkey in the browser, and from then on one press."""
    terminal("user", "add", "marko", "--role", "node-admin")
    link = terminal("user", "link", "marko")
    tab.authenticator()
    tab.open(link["address"])
    tab.click(role="button", name=say("Sign in"))
    tab.see(say("You are signed in. The code is used up: make a passkey now, by which you come in next time."))
    tab.fill(say("What you call this device"), "laptop")
    tab.click(role="button", name=say("Make a passkey"))
    tab.see(say("The passkey is kept. With it you sign in from now on."))
    tab.open("/sign-out")
    tab.click(role="button", name=say("Sign out on this device"))
    tab.click(role="button", name=say("Sign in with a passkey"))
    tab.at("/desk$")


def what_is_wrong(tab: Tab, say: Spoken, name: str) -> None:
    """Repairs says the same as doctor, what is not well first, with what to do."""
    tab.open("/repairs")
    tab.see(say("What is well, and what is not"))
    tab.see(say.told("no peer is pinned"))
    tab.see(say.told("the root key is still on this machine"))
    fair(tab, f"{name}-repairs")


@pytest.mark.parametrize(("language", "locale"), [("en", "en-GB"), ("bg", "bg-BG")])
@pytest.mark.parametrize("width", [390, 1440])
def test_from_an_empty_folder_to_a_node_that_its_peers_know(
    browser: Browser, tmp_path: Path, language: str, locale: str, width: int
) -> None:
    say, name = Spoken(language), f"operator-{language}-{width}"
    local = free_port()
    bg, hr = (
        NodeProcess(tmp_path, one, free_port(), country=one[-2:].upper()) for one in ("redcross.bg", "redcross.hr")
    )
    with (bg.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[local_port]\nport = {local}\n")
    found(bg, hr, tmp_path)
    terminal, node, base = init(tmp_path)
    sponsor = Federation(bg, {}, f"http://localhost:{local}")
    try:
        for one in (bg, hr):
            one.start()
        offer_a_tent(hr)
        tab, theirs = (
            browser.tab(one, width=width, height=844, locale=locale, phone=width < 500) for one in (base, sponsor.base)
        )
        first_day(tab, terminal, say)
        what_is_wrong(tab, say, name)
        sponsor.hire("governor", Role.NODE_ADMIN)
        sign_in(theirs, sponsor, "governor", say)
        invite, digits = invited(theirs, say, name)
        own = joins(tab, say, invite, digits, name)
        vouched(theirs, say, own, name)
        Terminal(hr.home)("network", "vouch", NAME, "--digits", own)
        until(lambda: standing(node, NAME)["state"] == "live")
        knows_its_peers(tab, say, name)
        assert {one["check"]: one for one in terminal("doctor")}["peer redcross.bg"]["state"] == "ok"
        tab.close()
        theirs.close()
    finally:
        for one in (bg, hr, node):
            one.kill()


def invited(tab: Tab, say: Spoken, name: str) -> tuple[str, str]:
    """The governor makes an invitation, and reads its own 24 digits out by telephone."""
    tab.open("/peers")
    tab.click(text=say("Invite a node"))
    tab.fill(say("For whom"), "Skopje")
    tab.click(role="button", name=say("Make an invitation"))
    tab.see(say("The answer, shown this once"))
    fair(tab, f"{name}-invited")
    return str(tab.evaluate("document.querySelector('[data-field=invite]').textContent")), str(
        tab.evaluate("document.querySelector('[data-field=digits]').textContent")
    )


def joins(tab: Tab, say: Spoken, invite: str, digits: str, name: str) -> str:
    """The operator pastes it and types the digits that it heard; its own digits are read out in turn."""
    tab.open("/peers")
    tab.click(text=say("Join by an invitation"))
    tab.fill(say("Invitation"), invite)
    tab.fill(say("Contact"), "duty officer")
    tab.fill(say("The sponsor's 24 digits, as read out by telephone"), "0000 " * 6)
    tab.click(role="button", name=say("Apply"))
    tab.see(say("Expected"))
    assert tab.value(say("Invitation")) == invite, "what was typed is still there"
    assert all("422" in fault for fault in tab.faults()), "the refusal itself"
    tab.fill(say("The sponsor's 24 digits, as read out by telephone"), digits)
    tab.click(role="button", name=say("Apply"))
    tab.see(say("The answer, shown this once"))
    fair(tab, f"{name}-applied")
    return str(tab.evaluate("document.querySelector('[data-field=own_digits]').textContent"))


def vouched(tab: Tab, say: Spoken, digits: str, name: str) -> None:
    """The governor sees who applies, with the digits that it heard, and stands for it."""
    tab.open("/network")
    tab.see(NAME)
    tab.see(digits)
    tab.click(text=say("Stand for a name"))
    tab.fill(say("Node"), NAME)
    tab.fill(say("Its 24 digits, as read out by telephone"), digits)
    tab.check(say("I compared the digits by voice"))
    tab.click(role="button", name=say("Sign and vouch"))
    tab.at("done=")
    fair(tab, f"{name}-vouched")


def offers(tab: Tab, say: Spoken) -> list[str]:
    """The figures of the column of offers."""
    cells = f"[...document.querySelectorAll('td[data-heading={json.dumps(say('Offers'))}]')]"
    return list(tab.evaluate(f"{cells}.map(cell => cell.innerText.trim())"))


def knows_its_peers(tab: Tab, say: Spoken, name: str) -> None:
    """The peers by name, with their offers and when they were heard; Repairs has nothing of them any more."""
    tab.open("/peers")
    until(lambda: {"redcross.bg", "redcross.hr"} <= set(tab.text().split()) or not tab.open("/peers"), 60)
    tab.click(role="button", name=say("Call now"))
    tab.see(say("The answer, shown this once"), wait=30)
    until(lambda: "1" in offers(tab, say) or not tab.open("/peers"), 60)
    fair(tab, f"{name}-peers")
    tab.open("/repairs")
    tab.click(role="button", name=say("Look again"))
    tab.see("peer redcross.bg" if say.language == "en" else "redcross.bg")
    tab.gone(text=say.told("no peer is pinned"))
    fair(tab, f"{name}-well")
