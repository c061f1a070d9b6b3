"""A real Chromium for tests: what a person does at a page, as calls of a `Tab`.

Controls are found as people and screen readers find them, by label or by role and name. Calls wait until the page lets
them be done, at most ten seconds, and raise `BrowserError` with the page's words where it does not. They block: pages
come from another process or thread, or the call goes through `asyncio.to_thread`.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypedDict, Unpack

from tests.browser.tools import HERE, Tools

WAIT = 10.0
LONGEST = 120.0
Theme = Literal["light", "dark"]
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


class BrowserError(AssertionError):
    """The browser could not do what it was told, in its own words."""


class Violation(NamedTuple):
    """A rule of axe that a page breaks, how bad (minor, moderate, serious, critical), and the elements that do."""

    rule: str
    impact: str
    help: str
    nodes: list[str]


class Answered(NamedTuple):
    """What the server answered to a page that was opened."""

    status: int
    headers: Mapping[str, str]
    url: str


class Focused(NamedTuple):
    """The element that has the keyboard: its tag, its accessible name or words, its id."""

    tag: str
    name: str
    id: str


class Passkey(NamedTuple):
    """A passkey as the virtual authenticator keeps it, to be put into that of another tab."""

    fields: dict[str, Any]


class Where(TypedDict, total=False):
    """One element: by role (and name), label, words or CSS; `nth` of several, `within` another one."""

    role: str
    name: str
    label: str
    text: str
    css: str
    exact: bool
    nth: int
    within: "Where"


class Browser:
    """A running Chromium. `hosts` maps names to addresses, `trust` are SHA-256 hashes (base64) of public keys whose
    certificates hold: so a console is reached by its own HTTPS name.
    """

    def __init__(self, tools: Tools, hosts: Mapping[str, str] | None = None, trust: Sequence[str] = ()) -> None:
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb", "--font-render-hinting=none"]
        if hosts:
            flags.append("--host-resolver-rules=" + ",".join(f"MAP {name} {to}" for name, to in hosts.items()))
        if trust:
            flags.append("--ignore-certificate-errors-spki-list=" + ",".join(trust))
        settings = json.dumps({"chromium": tools.chromium, "args": flags, "timeout": WAIT * 1000})
        command = [tools.node, str(HERE / "driver.mjs"), settings]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8", bufsize=1)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._asked = self._tabs = 0
        self.version = str(self._answer(0, "start"))

    def tab(
        self,
        base: str = "",
        *,
        width: int = 1440,
        height: int = 900,
        theme: Theme = "light",
        locale: str = "en-GB",
        timezone: str = "Europe/Sofia",
        javascript: bool = True,
        phone: bool = False,
        blocked: Sequence[str] = (),
    ) -> "Tab":
        """A tab of a person of its own: own cookies, size, language and clock zone; `blocked` addresses never answer
        (glob patterns), `phone` has a touch screen.
        """
        options: dict[str, Any] = {
            "viewport": {"width": width, "height": height},
            "colorScheme": theme,
            "locale": locale,
            "timezoneId": timezone,
            "javaScriptEnabled": javascript,
            "hasTouch": phone,
            "isMobile": phone,
        }
        key = self._new()
        self.ask("new", tab=key, options=options, blocked=list(blocked))
        return Tab(self, key, base)

    def beside(self, first: "Tab") -> "Tab":
        """A second tab of the same person."""
        key = self._new()
        self.ask("beside", tab=key, first=first.key)
        return Tab(self, key, first.base)

    def ask(self, act: str, **fields: Any) -> Any:
        """Have the driver do something, and wait for its answer."""
        assert self._process.stdin is not None
        self._asked += 1
        self._process.stdin.write(json.dumps({"id": self._asked, "do": act, **fields}) + "\n")
        return self._answer(self._asked, act)

    def close(self) -> None:
        """End the browser."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new(self) -> str:
        self._tabs += 1
        return f"tab-{self._tabs}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _answer(self, number: int, act: str) -> Any:
        try:
            line = self._lines.get(timeout=LONGEST)
        except queue.Empty:
            raise BrowserError(f"{act}: no answer within {LONGEST:.0f} s") from None
        if line is None:
            raise BrowserError(f"{act}: the driver of the browser ended; its last words are on stderr")
        answer = json.loads(line)
        if answer["id"] != number:
            raise BrowserError(f"{act}: expected the answer {number}, got {line!r}")
        if "error" in answer:
            raise BrowserError(f"{act}: {answer['error']}")
        return answer["value"]


class Tab:
    """A tab. `actions` counts what a person did: opened, clicked, filled, chose, pressed."""

    def __init__(self, browser: Browser, key: str, base: str) -> None:
        self.browser, self.key, self.base = browser, key, base
        self.actions = 0
        self._authenticator = ""

    # What a person does, each an action.
    def open(self, path: str) -> Answered:
        """Go to a path below `base`, or to a whole address."""
        url = path if "://" in path else self.base + path
        return Answered(**self._act("open", url=url))

    def click(self, **where: Unpack[Where]) -> None:
        """Press a button, a link, anything."""
        self._act("click", where=where)

    def fill(self, label: str, value: str, **where: Unpack[Where]) -> None:
        """Write into the field with this label, in the place of what was there."""
        self._act("fill", where={"label": label, **where}, value=value)

    def choose(self, label: str, value: str, **where: Unpack[Where]) -> None:
        """Choose of a list, by the words or the value of the choice."""
        self._act("choose", where={"label": label, **where}, value=value)

    def check(self, label: str, on: bool = True, **where: Unpack[Where]) -> None:
        """Tick a box or choose a round one."""
        self._act("check", where={"label": label, **where}, on=on)

    def upload(self, label: str, path: Path) -> None:
        """Give a file to the field with this label."""
        self._act("upload", where={"label": label}, path=str(path))

    def press(self, keys: str) -> None:
        """Press keys, as `Control+K`, `Tab`, `Enter`."""
        self._act("press", keys=keys)

    def type(self, text: str) -> None:
        """Type into what has the keyboard, letter after letter."""
        self._act("type", value=text)

    # What there is to see.
    def see(self, text: str, wait: float = WAIT, **where: Unpack[Where]) -> None:
        """Wait until these words are to be seen, `wait` seconds at most."""
        self._ask("wait", where={"text": text, **where}, state="visible", timeout=wait * 1000)

    def gone(self, wait: float = WAIT, **where: Unpack[Where]) -> None:
        """Wait until this is not to be seen any more, `wait` seconds at most."""
        self._ask("wait", where=where, state="hidden", timeout=wait * 1000)

    def at(self, pattern: str) -> None:
        """Wait until the address fits a regular expression."""
        self._ask("waitForUrl", pattern=pattern)

    def text(self, **where: Unpack[Where]) -> str:
        """The words to be seen, of the whole page or of an element."""
        return str(self._ask("text", where=where))

    def value(self, label: str) -> str:
        """What stands in the field with this label."""
        return str(self._ask("value", where={"label": label}))

    def count(self, css: str) -> int:
        """How many elements fit."""
        return int(self._ask("count", css=css))

    def names(self, role: str) -> list[str]:
        """The words of all elements of a role, as `button` or `heading`."""
        return list(self._ask("names", role=role))

    def html(self) -> str:
        """The page as it is now."""
        return str(self._ask("html"))

    def url(self) -> str:
        """The address of the page."""
        return str(self._ask("url"))

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        return self._ask("evaluate", script=script)

    def focus(self, **where: Unpack[Where]) -> None:
        """Give the keyboard to an element."""
        self._ask("focus", where=where)

    def focused(self) -> Focused:
        """What has the keyboard."""
        return Focused(**self._ask("focused"))

    def overflow(self) -> list[str]:
        """Elements that reach beyond the right edge of the page."""
        return list(self._ask("overflow"))

    def faults(self) -> list[str]:
        """Errors of scripts, of the policy and of loading since they were last asked for."""
        return list(self._ask("faults"))

    def requests(self) -> list[str]:
        """Addresses that were asked for since they were last asked for."""
        return list(self._ask("requests"))

    def cookies(self) -> list[dict[str, Any]]:
        """The cookies of this person."""
        return list(self._ask("cookies"))

    def add_cookie(self, name: str, value: str) -> None:
        """Give this person a cookie of the site at `base`."""
        self._ask("addCookie", name=name, value=value, url=self.base)

    def axe(self, tags: Sequence[str] = WCAG) -> list[Violation]:
        """What axe finds against WCAG 2.2 AA."""
        return [Violation(**found) for found in self._ask("axe", tags=list(tags))]

    def screenshot(self, path: Path, full: bool = True, **where: Unpack[Where]) -> Path:
        """A PNG of the whole page, of what is on the screen, or of an element."""
        self._ask("screenshot", path=str(path), full=full, where=where or None)
        return path

    # The world around the page.
    def reload(self) -> Answered:
        """Load the page anew."""
        return Answered(**self._ask("reload"))

    def back(self) -> None:
        """Go back to the page before."""
        self._ask("back")

    def offline(self, on: bool = True) -> None:
        """Cut the line, or mend it."""
        self._ask("offline", on=on)

    def size(self, width: int, height: int) -> None:
        """Change the size of the window."""
        self._ask("size", width=width, height=height)

    def theme(self, theme: Theme) -> None:
        """Let the system prefer light or dark."""
        self._ask("media", options={"colorScheme": theme})

    def paper(self, on: bool = True) -> None:
        """Show the page as it is printed."""
        self._ask("media", options={"media": "print" if on else "screen"})

    def clock(self, time: str) -> None:
        """Set the page's clock (ISO 8601); it runs on from there. Before the page is opened."""
        self._ask("clock", time=time)

    def jump(self, time: str) -> None:
        """Let the clock that was set jump, as a machine's does that was corrected; no timer fires."""
        self._ask("jump", time=time)

    def forward(self, seconds: float) -> None:
        """Let so much time pass at once, with its timers."""
        self._ask("forward", milliseconds=int(seconds * 1000))

    def authenticator(self) -> None:
        """Put in a virtual authenticator that keeps passkeys and knows its user (WebAuthn 3, section 11)."""
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._authenticator = str(self._ask("authenticator", options=options))

    def passkeys(self) -> list[Passkey]:
        """The passkeys that the virtual authenticator keeps."""
        return [Passkey(found) for found in self._ask("passkeys", authenticator=self._authenticator)]

    def add_passkey(self, passkey: Passkey) -> None:
        """Give a passkey to the virtual authenticator."""
        self._ask("addPasskey", authenticator=self._authenticator, credential=passkey.fields)

    def close(self) -> None:
        """Close the tab."""
        self._ask("close")

    def _act(self, act: str, **fields: Any) -> Any:
        self.actions += 1
        return self._ask(act, **fields)

    def _ask(self, act: str, **fields: Any) -> Any:
        return self.browser.ask(act, tab=self.key, **fields)
