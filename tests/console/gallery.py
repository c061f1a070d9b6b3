"""All pictures with data as they come, in two scripts, themes and widths, to be looked at.

python -m tests.console.gallery OUT [NAME ...]
"""

import sys
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path

from tests.browser.browser import Browser, Theme
from tests.browser.pages import served
from tests.browser.tools import tools
from xstock_node.console.pictures import flow, levels, matrix, outlines, peers, places, turns
from xstock_node.console.pictures.svg import Reader
from xstock_node.domain.counters import Counters

STATIC = Path(__file__).parent.parent.parent / "xstock_node" / "console" / "static"
SIZES = {"phone": (390, 844), "desk": (1440, 900)}


class Plain:
    """A reader who says things as the source has them, or longer, as translations do."""

    def __init__(self, longer: str = "") -> None:
        self.longer = longer

    def say(self, source: str, /, **params: object) -> str:
        said = source.format_map(params) if params else source
        return said + self.longer * (len(source) > 4)

    def number(self, figure: str | int | D | None) -> str:
        return "–" if figure is None else f"{D(figure):,}".replace(",", "\u00a0")

    def span(self, seconds: int) -> str:
        for size, unit in ((86_400, "дн."), (3600, "ч"), (60, "мин")):
            if seconds >= size:
                return f"{seconds // size} {unit}"
        return f"{seconds} с"


PEERS = [
    peers.Peer("Български Червен кръст", 3, 214, "in-step"),
    peers.Peer("Црвени крст Србије – Сектор за деловање у несрећама", 42, 1880, "in-step"),
    peers.Peer("Hrvatski Crveni križ", 5400, 912, "stale"),
    peers.Peer("Црвен крст на Република Северна Македонија, Скопје", 190_000, 77, "stale"),
    peers.Peer("Crveni krst Crne Gore", None, 0, "never"),
    peers.Peer("Österreichisches Rotes Kreuz", 12, 403, "frozen"),
]
LEVELS = [
    levels.Level("Палатка семейна 16 кв.м, двойно покритие с под", "бр.", D(640), D(200), D(120), D(320)),
    levels.Level("Одеяло, синтетично, дебело", "бр.", D(12400), D(15000), D(3000), D(0)),
    levels.Level("Комплект за хигиена, семейство от пет души за един месец", "комплекта", D(860), D(500), D(0), D(360)),
    levels.Level("Водна помпа 800 l/min с маркучи и присъединяване Storz C", "бр.", D(4), D(6), D(0), D(0)),
    levels.Level("Дизелов генератор 5 kVA", "бр.", D(11), D(0), D(4), D(7)),
    levels.Level("Чували за пясък", "бр.", D(0), D(20000), D(0), D(0)),
]
TENTS = Counters(
    requested=D(300),
    offered=D(240),
    accepted=D(220),
    dispatched=D(200),
    received=D(120),
    damaged=D(9),
    short=D(3),
    lost_out=D(8),
)
BLANKETS = Counters(
    requested=D(5000), offered=D(5000), accepted=D(5000), dispatched=D(5000), received=D(4990), damaged=D(10),
    over=D(40), on_loan=D(5000), returned=D(3000), back_good=D(2400), back_damaged=D(150), given=D(900),
    lost_loan=D(12),
)  # fmt: skip
TURNS = [
    turns.Turn("Палатки за 500 души, Видин", "Црвени крст Србије", "ours", -7800),
    turns.Turn("Одеяла 5 000, Лом: приемане на предложението", "Österreichisches Rotes Kreuz", "ours", 5400),
    turns.Turn(
        "Помпи с голям дебит за Оряхово и крайбрежните села",
        "Hrvatski Crveni križ – Ured za upravljanje u katastrofama",
        "theirs",
        1500,
    ),
    turns.Turn("Хигиенни комплекти", "Црвен крст на Северна Македонија", "theirs", -90_000),
    turns.Turn("Генератори 5 kVA", "Crveni krst Crne Gore", "theirs", 200_000),
    turns.Turn("Легла походни 120", "Црвени крст Србије", "nobody", None),
]
COUNTRIES = ["AT", "BG", "HR", "ME", "MK", "RS"]
ITEMS = [
    matrix.ItemRow(
        "Палатка семейна 16 кв.м", "бр.", dict(zip(COUNTRIES, map(D, (640, 210, 120, 14, 60, 480)), strict=True))
    ),
    matrix.ItemRow("Одеяло, синтетично, дебело", "бр.", {"AT": D(22_000), "RS": D(125_400), "HR": D(3100)}),
    matrix.ItemRow("Комплект за хигиена за семейство от пет души", "комплекта", {"BG": D(360), "MK": D(90)}),
    matrix.ItemRow("Помпа с голям дебит", "бр.", {"HR": D(3)}),
]


SPOTS = [
    places.Spot("Црвени крст Србије", (20.46, 44.82), D(480), D(0), 4),
    places.Spot("Видин", (22.87, 43.99), D(0), D(500), None),
    places.Spot("Български Червен кръст, София", (23.32, 42.70), D(210), D(0), 20, True),
    places.Spot("Österreichisches Rotes Kreuz", (16.37, 48.21), D(640), D(0), 48),
    places.Spot("Hrvatski Crveni križ – Ured za upravljanje u katastrofama", (15.98, 45.81), D(120), D(40), 5),
    places.Spot("Црвен крст на Република Северна Македонија", (21.43, 41.99), D(60), D(0), 120),
    places.Spot("Crveni krst Crne Gore", (19.26, 42.44), D(0), D(90), None),
    places.Spot("Лом", (23.24, 43.82), D(0), D(120), None),
    places.Spot("Оряхово", (23.96, 43.73), D(0), D(60), None),
    places.Spot("Скопје", (21.45, 42.0), D(0), D(0), None),
]
TRIPS = [
    places.Trip(3, 1, "moving", "Палатки 200"),
    places.Trip(0, 1, "promised", "Палатки 100"),
    places.Trip(4, 6, "late", "Палатки 40"),
    places.Trip(3, 1, "promised", "Легла 100"),
]
SCENE = places.Scene("палатка семейна 16 кв.м, бр.", SPOTS, TRIPS)


def drawings(reader: Reader) -> Iterator[tuple[str, str]]:
    """Every picture by its name."""
    yield "peers", peers.draw_peers("peers", PEERS, reader)
    yield "levels", levels.draw_levels("levels", LEVELS, reader)
    flows = [
        flow.stages("Палатка семейна 16 кв.м, двойно покритие", "бр.", TENTS, True, reader),
        flow.stages("Одеяло, синтетично, дебело", "бр.", BLANKETS, False, reader),
    ]
    yield "flow", flow.draw_flow("flow", flows, reader)
    yield "turns", turns.draw_turns("turns", TURNS, reader)
    land = outlines.parse((STATIC / "vendor" / "outlines.json").read_bytes())
    yield "places", places.draw_places("places", SCENE, land, reader)
    yield "bare", places.draw_places("bare", SCENE, outlines.Outlines(), reader)
    yield "matrix", matrix.draw_matrix("matrix", ITEMS, COUNTRIES, reader)


def page(name: str, drawing: str) -> str:
    """A page of one picture."""
    return f"""<!doctype html><html lang="bg" data-theme="auto"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/pictures.css">
<link rel="stylesheet" href="/tokens.css"><link rel="stylesheet" href="/page.css"></head>
<body><main><h1>{name}</h1>{drawing}</main></body></html>"""


CSS = """body {font: 16px/1.4 system-ui, sans-serif; margin: 16px; background: var(--paper); color: var(--ink)}
main {max-width: 60rem; margin: auto}"""


def pages(reader: Reader) -> dict[str, str | bytes]:
    """The pages of all pictures, and what they are shown with."""
    found: dict[str, str | bytes] = {f"/{name}": page(name, drawing) for name, drawing in drawings(reader)}
    styles = {f"/{name}": (STATIC / name).read_text("utf-8") for name in ("pictures.css", "tokens.css")}
    return found | styles | {"/page.css": CSS}


def shots(browser: Browser, out: Path, reader: Reader, wanted: Callable[[str], bool] = lambda name: True) -> None:
    """A PNG for each picture, theme and width."""
    themes: tuple[Theme, ...] = ("light", "dark")
    with served(pages(reader)) as base:
        for size, (width, height) in SIZES.items():
            for theme in themes:
                tab = browser.tab(base, width=width, height=height, theme=theme)
                for name, _ in drawings(reader):
                    if wanted(name):
                        tab.open(f"/{name}")
                        tab.screenshot(out / f"{name}-{size}-{theme}.png")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with Browser(tools()) as found:
        shots(found, folder, Plain(), lambda name: name in sys.argv[2:] or not sys.argv[2:])
