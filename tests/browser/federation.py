"""Real nodes for browser stories: a national node with its console and neighbours with stock, each a process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.browser.browser import Tab
from tests.processes import NodeProcess, free_port
from tests.story.two_nodes import run, stocked
from xstock_node.console.told import told
from xstock_node.domain.rights import Role
from xstock_node.i18n import catalogue
from xstock_node.services.links import LinkRequest
from xstock_node.services.people import PersonRequest

TENT, BLANKET = "HSHETENTF16C", "HBEDBLASH01"
NEIGHBOURS = {
    "redcross.hr": ("HR", "hr", "Hrvatski Crveni križ", "Šator"),
    "redcross.rs": ("RS", "sr-Cyrl", "Црвени крст Србије", "Шатор"),
    "redcross.mk": ("MK", "mk", "Црвен крст на Северна Македонија", "Шатор"),
}


class Federation(NamedTuple):
    """Our node, which the console is opened at (`base`), and its neighbours by name."""

    home: NodeProcess
    others: dict[str, NodeProcess]
    base: str

    def hire(self, name: str, *roles: Role) -> None:
        """A person with roles at our node."""
        for n, role in enumerate(roles):
            self.home.call("user.add" if n == 0 else "user.role", PersonRequest(name=name, role=role))

    def code(self, name: str) -> str:
        """A one-time code for a person of our node."""
        return str(self.home.call("user.link", LinkRequest(name=name)).code)


class Spoken(NamedTuple):
    """The words of the console in a language."""

    language: str

    def __call__(self, source: str, **params: object) -> str:
        """A source string as the console says it."""
        said = catalogue(self.language).gettext(source)
        return said % params if params and "%(" in said else said.format_map(params) if params else said

    def told(self, said: str) -> str:
        """A sentence of the node as the console says it."""
        return told(self.language, said) or said


@contextmanager
def federation(
    folder: Path, *more: str, make: type[NodeProcess] = NodeProcess, tents: str = "400"
) -> Iterator[Federation]:
    """A Bulgarian node with a console, three neighbours with tents that it sees; `more` are lines of its settings."""
    home = make(
        folder, "redcross.bg", free_port(), country="BG", languages=("bg",), organisation="Български Червен кръст"
    )
    others = {
        name: make(folder, name, free_port(), country=country, languages=(language,), organisation=title)
        for name, (country, language, title, _) in NEIGHBOURS.items()
    }
    everybody = [home, *others.values()]
    for node in everybody:
        node.pin(*[other for other in everybody if other is not node])
    port = free_port()
    with (home.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[local_port]\nport = {port}\n\n[plugins]\nallow = ["xstock-cap", "xstock-spreadsheet"]\n')
        file.write("\n".join(more) + "\n")
    try:
        for node in everybody:
            node.start()
        for name, node in others.items():
            stocked(node, NEIGHBOURS[name][3], TENT, tents)
            run(node, "offer", "publish", "--release")
        yield Federation(home, others, f"http://localhost:{port}")
    finally:
        for node in everybody:
            node.kill()


def sign_in(tab: Tab, found: Federation, name: str, say: Spoken) -> None:
    """Come in by a one-time code, as on the first day."""
    tab.open(f"/sign-in/code?code={found.code(name)}")
    tab.click(role="button", name=say("Sign in"))
    tab.at("/account")
