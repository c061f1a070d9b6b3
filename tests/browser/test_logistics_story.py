"""The logistics officer's story: from the warehouse's own file to offers that a neighbour's node sees, in a browser."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.browser.browser import Browser, Tab
from tests.browser.federation import TENT, Federation, Spoken, federation, sign_in
from tests.processes import NodeProcess, pause
from tests.shared import sample
from tests.story.two_nodes import run
from xstock_node.domain.rights import Role

pytestmark = pytest.mark.heavy
LIST = Path(__file__).parents[2] / "deploy" / "exercise" / "bg" / "bg.csv"
MORE = """0060;Одеяло детско;бр.;много;Склад Видин;;;
0061;=HYPERLINK("http://example.org");бр.;-4;Склад Видин;;;
CP-CAMPBED;Легло походно;бр.;180;Склад Видин;;;
"""
LINES, KINDS = 23, 22
PATIENCE = 30.0


@pytest.mark.parametrize(("language", "locale"), [("en", "en-GB"), ("bg", "bg-BG")])
@pytest.mark.parametrize("width", [390, 1440])
def test_from_the_file_to_offers_that_a_peer_sees(
    browser: Browser, tmp_path: Path, language: str, locale: str, width: int
) -> None:
    with federation(tmp_path) as found:
        tab = browser.tab(found.base, width=width, height=844, locale=locale, phone=width < 500)
        Story(tab, found, Spoken(language), tmp_path).tell()


class Story:
    """One officer at one screen. With `shots` each step leaves a picture there, in light and dark."""

    def __init__(self, tab: Tab, found: Federation, say: Spoken, folder: Path, shots: Path | None = None) -> None:
        self.tab, self.found, self.say, self.folder, self.shots = tab, found, say, folder, shots

    def tell(self) -> None:
        """The whole story."""
        self.found.hire("ana", Role.LOGISTICS, Role.STOCK_OWNER)
        sign_in(self.tab, self.found, "ana", self.say)
        before = self.tab.actions
        self.give()
        self.look()
        self.match()
        self.share()
        print(f"\n{self.say.language}: {self.tab.actions - before} actions")
        self.undone_no_more()

    def press(self, name: str) -> None:
        """Press a button by its words."""
        self.tab.click(role="button", name=self.say(name))

    def well(self, name: str) -> None:
        """Nothing of the page is wrong; with `shots` it leaves its pictures."""
        for theme in ("dark", "light"):
            self.tab.theme(theme)  # type: ignore[arg-type]
            if self.shots:
                self.tab.screenshot(self.shots / f"{name}-{theme}.png")
            assert self.tab.axe() == [], name
        assert self.tab.overflow() == [] and self.tab.faults() == [], name

    def give(self) -> None:
        """The file is dropped on the import page; nothing of the stock changes."""
        path = self.folder / "склад.csv"
        path.write_bytes(LIST.read_bytes() + MORE.encode("cp1251"))
        self.tab.open("/import")
        self.tab.see(self.say("Stock list: choose it, or drop it here"))
        self.well("1-give")
        self.tab.upload(self.say("Stock list: choose it, or drop it here"), path)
        self.press("Read the list")
        self.tab.at(r"/import\?id=")

    def look(self) -> None:
        """What is understood, what is doubtful and what is left out stands there with its reason; it is taken."""
        tab = self.tab
        tab.see(self.say("the quantity is no figure"))
        tab.see(self.say("below zero: count again"))
        assert "Склад София-изток" in tab.text(css="table.rows") and tab.count("a[href^='http://example']") == 0
        assert run(self.found.home, "stock", "list") == []
        self.well("2-look")
        tab.reload()
        second = tab.browser.beside(tab)
        second.open("/import")
        second.see("склад.csv")
        second.close()
        self.press("Take it into the stock")
        tab.at(r"/import/match")
        assert len(run(self.found.home, "stock", "list")) == LINES

    def mapped(self, count: int) -> None:
        """Wait until so many are mapped."""
        self.tab.see(self.say("%(n)s of %(all)s mapped", n=count, all=KINDS))

    def match(self) -> None:
        """One press for what has the catalogue's code; a choice, a name, a factor or a no for the rest."""
        tab = self.tab
        self.mapped(0)
        self.well("3-match")
        tab.click(css=".card.first button")
        self.mapped(1)
        self.pick("Палатка семейна 16 кв.м", TENT)
        self.pick("Одеяло обикновено", "HSHEBLANPMT1")
        self.pick("Платнище полиетиленово 4х6 м", "HSHETARPW406", factor="5")
        self.other("Чувал за пясък, празен", "CP-SANDBAG")
        tab.check(self.say("No item of the catalogue"), within={"css": card("Знамена и рекламни материали")})
        self.press("Confirm what is chosen")
        self.mapped(6)
        decided = {one["name"]: one for one in run(self.found.home, "stock", "match", "--all")}
        assert decided["Платнище полиетиленово 4х6 м"]["factor"] == "5"
        assert decided["Чувал за пясък, празен"]["code"] == "CP-SANDBAG"
        self.well("4-matched")

    def pick(self, name: str, code: str, factor: str = "") -> None:
        """Choose one of the candidates of a line."""
        assert self.tab.count(f"{card(name)} input[value='{code}']") == 1, (name, code)
        self.tab.click(css=f"{card(name)} input[value='{code}']")
        if factor:
            label = self.say("How many of the item are in one %(unit)s", unit=self.say("bale"))
            self.tab.fill(label, factor, within={"css": card(name)})

    def other(self, name: str, code: str) -> None:
        """Look for another item of the catalogue than those that were proposed."""
        self.tab.click(css=f"{card(name)} input[value='other']")
        self.tab.fill(self.say("Another item, by any name or code"), code, within={"css": card(name)})

    def share(self) -> None:
        """What would be offered and why the rest stays; published; the neighbours' nodes hold it."""
        tab = self.tab
        tab.click(role="link", name=self.say("Go on: what would be offered"))
        tab.at(r"/import/share")
        tab.see(self.say("a person decided that this line is no catalogue item"))
        self.well("5-share")
        tab.click(css="input[name=release]")
        self.press("Sign and publish")
        tab.see(self.say("Signed and published"))
        offers = run(self.found.home, "offer", "list")
        assert {TENT, "HSHEBLANPMT1", "CP-SANDBAG", "HSHETARPW406", "CP-CAMPBED"} == {one["item"] for one in offers}
        for node in self.found.others.values():
            seen = self.seen_by(node, 5)
            assert seen[TENT] == sum(Decimal(one["quantity"]) for one in offers if one["item"] == TENT)
        tab.see(self.say("has it"), wait=PATIENCE)
        self.well("6-published")

    def seen_by(self, node: NodeProcess, items: int) -> dict[str, Decimal]:
        """What a neighbour's node shows of our offers, once it has heard of all of them."""
        found: dict[str, Decimal] = {}
        for _ in range(int(PATIENCE / 0.2)):
            found = {}
            for one in run(node, "search", "--node", "redcross.bg")["hits"]:
                found[one["item"]] = found.get(one["item"], Decimal(0)) + Decimal(one["quantity"])
            if len(found) >= items:
                return found
            pause(0.2)
        raise AssertionError(found)

    def undone_no_more(self) -> None:
        """What was published is undone no more."""
        assert run(self.found.home, "stock", "undo") == []
        run(self.found.home, "stock", "undo", "stock", "--yes", fails=1)


def card(name: str) -> str:
    """The card of a line, as CSS."""
    return f".match .card:has(legend:text-is('{name}'))"


def test_a_list_of_the_messy_samples_is_taken_and_undone_after_the_node_began_again(
    browser: Browser, tmp_path: Path
) -> None:
    """Undo outlives the node; so does a list that waits."""
    say, path = Spoken("en"), sample("messy", "02_bg_cp1251_semicolon.csv")
    with federation(tmp_path) as found:
        found.hire("ana", Role.LOGISTICS)
        tab = browser.tab(found.base)
        sign_in(tab, found, "ana", say)
        tab.open("/import")
        tab.upload(say("Stock list: choose it, or drop it here"), path)
        tab.click(role="button", name=say("Read the list"))
        tab.at(r"/import\?id=")
        found.home.kill()
        found.home.start()
        tab.reload()
        tab.click(role="button", name=say("Take it into the stock"))
        tab.at(r"/import/match")
        assert run(found.home, "stock", "list")
        found.home.kill()
        found.home.start()
        tab.open("/stock")
        tab.check(say("Sure"))
        tab.click(role="button", name=say("Undo"))
        tab.see(say("The import is undone: the stock is as it was before."))
        assert run(found.home, "stock", "list") == []


def test_the_wizard_is_walked_by_keyboard_and_without_javascript(browser: Browser, tmp_path: Path) -> None:
    """Every step by Tab, Space and Enter, in a browser that runs no script."""
    say, path = Spoken("en"), tmp_path / "list.csv"
    path.write_text(f"Code;Item;Unit;Quantity\n{TENT};Tent;pcs;12\n7;Camp bed, folding;pcs;9\n", "utf-8")
    with federation(tmp_path) as found:
        found.hire("ana", Role.LOGISTICS, Role.STOCK_OWNER)
        tab = browser.tab(found.base, javascript=False)
        sign_in(tab, found, "ana", say)
        tab.open("/import")
        tab.upload(say("Stock list: choose it, or drop it here"), path)
        walk(tab, say("Read the list"))
        tab.at(r"/import\?id=")
        walk(tab, say("Take it into the stock"))
        tab.at(r"/import/match")
        walk(tab, "Confirm the 1 line with the catalogue's own code")
        tab.see(say("%(n)s of %(all)s mapped", n=1, all=2))
        tab.focus(css=".match input[value='CP-CAMPBED']")
        tab.press("Space")
        walk(tab, say("Confirm what is chosen"))
        tab.see(say("Every line is decided."))
        walk(tab, say("Go on: what would be offered"))
        tab.at(r"/import/share")
        tab.focus(css="input[name=release]")
        tab.press("Space")
        walk(tab, say("Sign and publish"))
        tab.see(say("Signed and published"))
        assert {one["item"] for one in run(found.home, "offer", "list")} == {TENT, "CP-CAMPBED"}


def walk(tab: Tab, name: str) -> None:
    """Go on by Tab until the control of this name has the keyboard, then press Enter."""
    for _ in range(80):
        tab.press("Tab")
        if tab.focused().name.strip() == name:
            tab.press("Enter")
            return
    raise AssertionError(f"{name} is not reached by Tab")
