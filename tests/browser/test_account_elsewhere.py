"""Sign-in with an account of a real OpenID Connect provider, a process of its own, in a real Chromium."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import Federation, Spoken, sign_in
from tests.browser.test_sign_in import fair
from tests.browser.tools import HERE
from tests.processes import NodeProcess, free_port
from xstock_node.domain.rights import Role

pytestmark = pytest.mark.heavy
CLIENT, SECRET = "xstock-node", "the secret of a test, long enough for everybody"
SAY = Spoken("en")


class House(NamedTuple):
    """A node with its console, and the provider that its people may have accounts at."""

    node: Federation
    provider: subprocess.Popen[str]


@contextmanager
def provider(port: int, redirect: str) -> Iterator[subprocess.Popen[str]]:
    """The provider, once it listens."""
    node = shutil.which("node")
    assert node is not None
    command = [node, "provider.mjs", str(port), CLIENT, SECRET, redirect]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert any(line.strip() == "ready" for line in process.stdout)
            yield process
        finally:
            process.kill()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    node, port, place = NodeProcess(tmp_path, "redcross.bg", free_port(), country="BG"), free_port(), free_port()
    base = f"http://localhost:{port}"
    with (node.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[local_port]\nport = {port}\n\n[plugins]\nallow = ["xstock-oidc"]\n')
    settings = node.home / "plugins"
    settings.mkdir(exist_ok=True)
    (settings / "oidc.toml").write_text(
        f'issuer = "http://127.0.0.1:{place}"\nclient_id = "{CLIENT}"\nsecret_file = "oidc.secret"\n'
        'label = "Red Cross account"\n'
    )
    (settings / "oidc.secret").write_text(SECRET)
    (settings / "oidc.secret").chmod(0o600)
    with provider(place, f"{base}/sign-in/with") as running:
        node.start()
        try:
            yield House(Federation(node, {}, base), running)
        finally:
            node.kill()


def go_elsewhere(tab: Tab, who: str) -> None:
    """The provider's own pages: who it is, and that this node may know."""
    for field, typed in (("login", who), ("password", "any")):
        tab.focus(css=f'input[name="{field}"]')
        tab.type(typed)
    tab.click(role="button", name="Sign-in")
    tab.click(role="button", name="Continue")


def press(tab: Tab, script: bool, role: str, name: str) -> None:
    """The one step of the page, which a script takes by itself."""
    if not script:
        tab.click(role=role, name=name)


@pytest.mark.parametrize("script", [True, False])
def test_an_account_is_connected_and_lets_its_person_in(browser: Browser, house: House, script: bool) -> None:
    house.node.hire("ana", Role.LOGISTICS)
    tab = browser.tab(house.node.base, width=390, height=844, phone=True, javascript=script)
    sign_in(tab, house.node, "ana", SAY)
    tab.click(role="button", name="Connect my account at Red Cross account")
    press(tab, script, "link", "Go on to 127.0.0.1")
    go_elsewhere(tab, "ana.petrova")
    press(tab, script, "button", "Go on")
    tab.see("Whoever has it comes in as you.")
    if script:
        tab.faults()  # those of the provider's own pages
        fair(tab, "account-offered")
    tab.click(role="button", name="Connect ana.petrova@redcross.example")
    tab.see("The account is connected.")
    tab.see("ana.petrova@redcross.example")
    other = browser.tab(house.node.base, javascript=script)
    other.open("/stock")
    other.click(role="button", name="Sign in with Red Cross account")
    press(other, script, "link", "Go on to 127.0.0.1")
    go_elsewhere(other, "ana.petrova")
    press(other, script, "button", "Go on")
    other.at("/stock$")
    other.open("/account")
    other.see("an account elsewhere")
    assert "Make a passkey" not in other.names("button"), "an account sets up no other way in"
    if script:
        fair(tab, "account-connected")
    tab.click(text="An account has ended or is not mine any more")
    tab.click(role="button", name="Take it away", within={"css": "section[aria-labelledby=accounts]"})
    tab.see("The account is taken away")
    other.open("/desk")
    other.at("/sign-in")
    tab.close()
    other.close()


def test_an_account_of_nobody_here_lets_nobody_in_and_an_answer_counts_once(browser: Browser, house: House) -> None:
    house.node.hire("ana", Role.LOGISTICS)
    tab = browser.tab(house.node.base)
    tab.open("/sign-in")
    fair(tab, "sign-in-with-provider")
    tab.click(role="button", name="Sign in with Red Cross account")
    go_elsewhere(tab, "somebody.else")
    tab.see("connect it on the page Account")
    tab.see("somebody.else@redcross.example")
    assert tab.axe() == [] and tab.overflow() == []
    tab.reload()  # the same answer once more
    tab.see("begin again at the sign-in")
    tab.open("/account")
    tab.at("/sign-in")
    tab.close()


def test_a_provider_that_is_away_keeps_nobody_from_the_other_ways(browser: Browser, house: House) -> None:
    house.node.hire("ana", Role.LOGISTICS)
    house.provider.kill()
    house.provider.wait()
    tab = browser.tab(house.node.base)
    tab.open("/sign-in")
    tab.click(role="button", name="Sign in with Red Cross account")
    tab.see("come in another way, and tell the operator")
    sign_in(tab, house.node, "ana", SAY)
    tab.close()
