"""The plugin author's story: from nothing to a plugin that reads stock, in a terminal, an editor and a browser."""

import asyncio
import os
import site
import subprocess
import threading
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import Federation, Spoken, sign_in
from tests.processes import NodeProcess, free_port
from xstock_node.domain.rights import Role
from xstock_node.testing.recorded import RecordedServer, answers_of, recorded_answers

pytestmark = pytest.mark.heavy
PLUGIN = "acme-wms"


class Desk:
    """An environment of the author's own, which sees the node as installed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, folder / "venv"
        venv.create(self.home, with_pip=True)
        (packages,) = self.home.glob("lib/python*/site-packages")
        installed = f"import site; site.addsitedir({site.getsitepackages()[0]!r})\n"
        (packages / "node.pth").write_text(installed, "utf-8")
        self.python = str(self.home / "bin" / "python")
        verb = self.home / "bin" / "xstock"
        verb.write_text(f"#!{self.python}\nfrom xstock_node.cli.main import run\nrun()\n", "utf-8")
        verb.chmod(0o755)

    def type(self, line: str) -> str:
        """Type a line; what it prints."""
        environment = {
            **os.environ,
            "PATH": f"{self.home}/bin:{os.environ['PATH']}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, (line, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    @property
    def code(self) -> Path:
        """The file that the author edits."""
        return self.folder / PLUGIN / "acme_wms" / "__init__.py"


class System:
    """The author's inventory system: the answers that came with the new plugin, from a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self._answers = answers_of(folder / PLUGIN / "tests" / "check.toml")
        self._ready, self._over = threading.Event(), asyncio.Event()
        self.server: RecordedServer
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._ready.wait(10)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with recorded_answers(self._answers) as self.server:
            self._ready.set()
            await self._over.wait()

    def stop(self) -> None:
        """Switch it off."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)


class DevNode(NodeProcess):
    """A node that runs in the author's environment and loads plugins anew."""

    python = ""

    def start(self, wait: float = 30.0) -> None:
        command = [self.python, "-m", "xstock_node", "serve", "--dev", "--home", str(self.home)]
        with (self.home / "serve.log").open("ab") as log:
            self._begins = log.tell()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        self.wait_until_up(wait)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """What the author has to begin with: an environment, and an empty folder."""
    return Desk(tmp_path_factory.mktemp("author"))


@pytest.fixture
def node(desk: Desk, tmp_path: Path) -> Iterator[Federation]:
    """From the first three lines of the page for authors to a node that runs the plugin."""
    if not desk.code.exists():
        desk.type(f"xstock plugin new {PLUGIN} --kind inventory")
        desk.type(f"cd {PLUGIN} && pip install -e '.[test]'")
    assert "checks hold" in desk.type(f"xstock plugin check {PLUGIN}")
    system, local = System(desk.folder), free_port()
    made = DevNode(tmp_path, "redcross.bg", free_port(), country="BG", languages=("bg",))
    made.python = desk.python
    with (made.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[local_port]\nport = {local}\n[plugins]\nallow = ["{PLUGIN}"]\n')
    (made.home / "plugins").mkdir(exist_ok=True)
    (made.home / "plugins" / f"{PLUGIN}.toml").write_text(f'url = "{system.server.url}"\nkey_file = "{PLUGIN}.key"\n')
    (made.home / "plugins" / f"{PLUGIN}.key").write_text("a key of tests")
    before = desk.code.read_text("utf-8")
    made.start()
    try:
        yield Federation(made, {}, f"http://localhost:{local}")
    finally:
        made.kill()
        system.stop()
        desk.code.write_text(before, "utf-8")


def read(tab: Tab, say: Spoken) -> None:
    """Read the system now. One line in four makes no sense, so that a person has to look at it first."""
    tab.open("/stock")
    tab.click(role="button", name=say("Read now"))
    tab.at("done=stock.held")
    tab.see(say.told("1 of 4 lines make no sense (more than 5 %)"))
    tab.check(say("I looked at it: it is right"))
    tab.click(role="button", name=say("Take it as it is"))
    tab.at("done=stock.sync")


def calls(tab: Tab, say: Spoken) -> int:
    """How often the adapter was called, as the page says."""
    cell = f"td[data-heading='{say('Calls')}']"
    return int(tab.text(css=cell).split()[-1])


def fair(tab: Tab, name: str) -> None:
    """Nothing that axe minds, nothing over the edge, no fault; a picture where one is wanted."""
    assert tab.axe() == [] and tab.overflow() == [] and tab.faults() == [], name
    if folder := os.environ.get("XSTOCK_PICTURES"):
        tab.screenshot(Path(folder) / f"{name}.png")


@pytest.mark.parametrize(("language", "locale"), [("en", "en-GB"), ("bg", "bg-BG")])
@pytest.mark.parametrize("width", [390, 1440])
def test_from_nothing_to_a_plugin_that_reads_stock(
    browser: Browser, desk: Desk, node: Federation, language: str, locale: str, width: int
) -> None:
    say, name = Spoken(language), f"author-{language}-{width}"
    node.hire("petya", Role.NODE_ADMIN, Role.LOGISTICS)
    tab = browser.tab(node.base, width=width, height=844, locale=locale, phone=width < 500)
    sign_in(tab, node, "petya", say)

    tab.open("/plugins")
    tab.see(PLUGIN)
    tab.see(say("source of stock"))
    fair(tab, f"{name}-plugins")
    before = calls(tab, say)
    read(tab, say)
    tab.see("Family tent 16 m2")
    fair(tab, f"{name}-stock")
    tab.open("/plugins")
    assert calls(tab, say) > before, "calls are counted"

    good = desk.code.read_text("utf-8")
    desk.code.write_text(good + "\nthis is no Python\n", "utf-8")
    tab.see(say("in quarantine"), wait=20)
    tab.see("SyntaxError")
    fair(tab, f"{name}-broken")
    desk.code.write_text(good.replace("item_name=row.name", 'item_name="Mended: " + row.name'), "utf-8")
    tab.gone(text=say("in quarantine"), wait=20)
    read(tab, say)
    tab.see("Mended: Family tent 16 m2")
    tab.close()
