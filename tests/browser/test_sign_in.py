"""A person's ways into the console in a real Chromium: passkeys by its virtual authenticator, the rest without script.

Every page of the sign-in is judged by axe, in light and dark, on a phone, and without what does not fit it.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyotp
import pytest
from aiohttp.test_utils import TestServer

from tests.browser.browser import Browser, Tab
from tests.services.sign_in_desk import PASSWORD, Desk, open_desk
from xstock_node.api.app import Guard, make_app
from xstock_node.console.serving import Console
from xstock_node.services import duty_codes, links
from xstock_node.services.links import LinkRequest
from xstock_node.services.office import OPERATOR
from xstock_node.services.ways import OfWhom

T = TypeVar("T")


class Here(NamedTuple):
    """A node with its console, and a browser."""

    desk: Desk
    browser: Browser
    base: str
    tabs: list[Tab]

    async def link(self) -> str:
        return (await links.make_link(self.desk.office, OPERATOR, LinkRequest(name="ana"))).code

    def tab(self, **more: object) -> Tab:
        self.tabs.append(self.browser.tab(self.base, **more))  # type: ignore[arg-type]
        return self.tabs[-1]


async def does(story: Callable[..., T], *given: object) -> T:
    """A story in the browser, while the node goes on in its loop."""
    return await asyncio.to_thread(story, *given)


@pytest.fixture
async def here(tmp_path: Path, browser: Browser) -> AsyncIterator[Here]:
    async with open_desk(tmp_path) as desk:
        app = make_app(desk.office, Guard("operator-token"), desk.office.node.trace, Console(desk.office))
        server = TestServer(app)
        await server.start_server()
        here = Here(desk, browser, f"http://localhost:{server.port}", [])
        yield here
        for tab in here.tabs:  # they listen to what changes for as long as they are open
            await asyncio.to_thread(tab.close)
        await server.close()


def fair(tab: Tab, name: str) -> None:
    """Nothing that axe minds, nothing over the edge, no script that failed; a picture where one is wanted."""
    assert [one for one in tab.axe() if one.impact in ("serious", "critical")] == [], name
    assert tab.overflow() == [] and tab.faults() == [], name
    if folder := os.environ.get("XSTOCK_PICTURES"):
        tab.screenshot(Path(folder) / f"{name}.png")


async def test_a_link_a_passkey_and_from_then_on_one_press(here: Here) -> None:
    code = await here.link()

    def story() -> None:
        tab = here.tab(width=390, height=844, phone=True)
        tab.open(f"/sign-in/code?code={code}")
        tab.authenticator()
        tab.click(role="button", name="Sign in")
        tab.see("make a passkey now")
        tab.fill("What you call this device", "phone")
        tab.click(role="button", name="Make a passkey")
        tab.see("The passkey is kept")
        assert len(tab.passkeys()) == 1
        tab.click(role="link", name="Sign out")
        tab.click(role="button", name="Sign out on this device")
        tab.see("You are signed out")
        tab.click(role="button", name="Sign in with a passkey")
        tab.at("/desk$")
        tab.open("/account")
        tab.see("a passkey", css=".pairs")
        fair(tab, "account-phone")

    await does(story)
    assert [act.detail for act in await here.desk.acts("user.sign-in")] == [
        "passkey Chrome on Linux",
        "link Chrome on Linux",
    ]


async def test_who_shows_no_passkey_is_told_and_may_go_on(here: Here) -> None:
    def story() -> None:
        tab = here.tab()
        tab.open("/sign-in")
        tab.authenticator()
        tab.click(role="button", name="Sign in with a passkey")
        tab.see("No passkey was shown")
        assert re.search("/sign-in$", tab.url())

    await does(story)


async def test_without_javascript_all_but_passkeys_work(here: Here) -> None:
    code = await here.link()
    sheet = await duty_codes.make_codes(here.desk.office, OPERATOR, OfWhom(name="ana"))

    def set_up() -> str:
        tab = here.tab(javascript=False)
        tab.open("/sign-in/code")
        tab.fill("Code", code)
        tab.click(role="button", name="Sign in")
        tab.see("needs JavaScript")
        tab.click(role="button", name="Set up a password")
        secret = tab.text(css=".counter code")
        tab.fill("New password", PASSWORD)
        tab.fill("The same again", PASSWORD)
        tab.fill("Code of the app", pyotp.TOTP(secret).at(here.desk.clock.time))
        tab.click(role="button", name="Set the password")
        tab.see("The password is set")
        return secret

    secret = await does(set_up)
    here.desk.clock.time += 60

    def sign_in() -> None:
        tab = here.tab(javascript=False)
        tab.open("/account")
        tab.fill("Name", "ana", exact=True)
        tab.fill("Password", PASSWORD, exact=True)
        tab.fill("Code of the app", pyotp.TOTP(secret).at(here.desk.clock.time))
        tab.click(role="button", name="Sign in")
        tab.at("/account$")
        other = here.tab(javascript=False)
        other.open("/sign-in")
        other.click(role="link", name="I have a code on paper, or was given one")
        other.fill("Code", sheet.codes[2].code.lower())
        other.fill("Name", "Ana")
        other.click(role="button", name="Sign in")
        other.see("for twelve hours")

    await does(sign_in)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
async def test_the_pages_are_fair_to_everybody(here: Here, theme: str, width: int) -> None:
    code = await here.link()

    def story() -> None:
        tab = here.tab(theme=theme, width=width, height=900)
        for path in ("/sign-in", "/sign-in/code", "/sign-out"):
            tab.open(path)
            fair(tab, f"{path.strip('/').replace('/', '-')}-{theme}-{width}")
        tab.open("/sign-in/code")
        tab.fill("Code", "wrong")
        tab.click(role="button", name="Sign in")
        tab.see("Nobody was signed in")
        assert [fault for fault in tab.faults() if "403" not in fault] == []
        fair(tab, f"sign-in-wrong-{theme}-{width}")
        tab.fill("Code", code)
        tab.click(role="button", name="Sign in")
        tab.see("make a passkey now")
        tab.click(role="button", name="Make ten new codes")
        tab.see("Print or copy them now")
        fair(tab, f"account-codes-{theme}-{width}")
        tab.click(role="button", name="Set up a password")
        tab.see("Choose a password")
        fair(tab, f"account-password-{theme}-{width}")
        tab.click(text="A new token")
        tab.fill("What it is for", "stock list")
        tab.click(role="button", name="Make the token")
        tab.see("It is not shown again")
        fair(tab, f"account-token-{theme}-{width}")

    await does(story)


async def test_the_keyboard_alone_signs_in(here: Here) -> None:
    code = await here.link()

    def story() -> None:
        tab = here.tab()
        tab.open("/sign-in/code")
        for _ in range(12):
            if tab.focused().id == "f-code":
                break
            tab.press("Tab")
        tab.type(code)
        tab.press("Enter")
        tab.see("make a passkey now")

    await does(story)
