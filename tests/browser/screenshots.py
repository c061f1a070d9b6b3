"""Every page of the console in every theme and width, over the nodes of the demo, to be looked at.

python -m tests.browser.screenshots OUT [--language CODE] [--theme THEME] [PAGE ...]
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.browser.browser import Browser, Tab
from tests.browser.demo import Demo, demo
from tests.browser.tools import tools
from xstock_node.console.languages import BY_CODE
from xstock_node.console.pages import PAGES
from xstock_node.console.serving import LANGUAGE, THEME

THEMES = ("light", "dark", "night")
WIDTHS = {390: 844, 1440: 900}
APART = frozenset(
    {"request", "operation", "offer", "alert", "item", "without-line", "plan", "jump", "reads", "sign-out", "error"}
)
"""About one thing, or never opened by their path alone."""


def main(out: Path, only: list[str], themes: tuple[str, ...] = THEMES, language: str = "en") -> int:
    """Write the pictures and an index; how many pages reach beyond their right edge."""
    out.mkdir(parents=True, exist_ok=True)
    wide: list[str] = []
    names: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="xstock-shots-") as folder,
        demo(Path(folder) / "demo", "--data", "own", "--no-browser") as found,
        Browser(tools()) as browser,
    ):
        cookie = signed_in(browser, found)
        paths = {n: p for n, p in pages(browser, found, cookie) if not only or n in only}
        for theme in themes:
            for width, height in WIDTHS.items():
                kind = "light" if theme == "light" else "dark"
                tab = browser.tab(found.base, width=width, height=height, theme=kind, phone=width < 500)  # type: ignore[arg-type]
                tab.add_cookie(*cookie)
                tab.add_cookie(THEME, theme)
                tab.add_cookie(LANGUAGE, language)
                for name, path in paths.items():
                    tab.open(path)
                    shot = f"{name}-{theme}-{width}.png"
                    tab.screenshot(out / shot)
                    names.append(shot)
                    wide += [f"{shot}: {one}" for one in tab.overflow()]
                print(f"{theme} {width}: {len(paths)} pages", file=sys.stderr)
    (out / "index.html").write_text(index(names), "utf-8")
    print("\n".join(wide) or "nothing reaches beyond the right edge")
    return len(wide)


def signed_in(browser: Browser, found: Demo) -> tuple[str, str]:
    """The cookie of whoever came in by the printed link."""
    tab = browser.tab(found.base)
    tab.open(found.link)
    tab.click(css="main form button")
    tab.at("/account")
    (cookie,) = (one for one in tab.cookies() if one["httpOnly"])
    return cookie["name"], cookie["value"]


def pages(browser: Browser, found: Demo, cookie: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """The pages by name: those of the menu, and one of each that is about a single thing."""
    tab = browser.tab(found.base)
    tab.add_cookie(*cookie)
    yield from ((page.name, page.path) for page in PAGES if page.name not in APART and page.path.startswith("/"))
    desk = twin(tab, "/desk")
    request = desk["requests"][0]["id"]
    yield "request", f"/request?id={request}"
    yield "without-line", f"/without-line?id={request}"
    yield "plan", f"/plan?request={request}"
    for state in sorted({one["state"] for one in desk["operations"]}):
        case = next(one["case"] for one in desk["operations"] if one["state"] == state)
        yield f"operation-{state}", f"/operation?case={case}"
    yield "alert", f"/alert?id={desk['warnings'][0]['id']}"
    hit = twin(tab, "/search")["hits"][0]
    yield "offer", f"/offer?node={quote(hit['node'])}&id={hit['id']}"
    yield "item", f"/item?code={hit['item']}"
    yield "jump", "/jump?q=tent"
    yield "map-of-tents", "/map?item=HSHETENTF16C"
    yield "not-found", "/no-such-page"


def twin(tab: Tab, path: str) -> Any:
    """The JSON twin of a page."""
    tab.open(path)
    return tab.evaluate(f"fetch({path + '.json'!r}).then(a => a.json())")


def index(names: list[str]) -> str:
    """All pictures on one page, a row for each page of the console."""
    rows: dict[str, list[str]] = {}
    for name in names:
        rows.setdefault(name.rsplit("-", 2)[0], []).append(name)
    body = "".join(
        f"<h2>{escape(page)}</h2><p>"
        + "".join(f'<a href="{one}"><img src="{one}" alt="{one}" loading="lazy"></a>' for one in shots)
        + "</p>"
        for page, shots in rows.items()
    )
    style = "img{height:22rem;width:14rem;object-fit:cover;object-position:top;border:1px solid #999;margin:.3rem}"
    return f'<!doctype html><meta charset="utf-8"><title>Pages of the console</title><style>{style}</style>{body}\n'


def asked() -> argparse.Namespace:
    """What was typed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the folder for the pictures")
    parser.add_argument("pages", nargs="*", help="only these pages, by name")
    parser.add_argument("--language", default="en", choices=list(BY_CODE))
    parser.add_argument("--theme", choices=THEMES, help="only this one")
    return parser.parse_intermixed_args()


if __name__ == "__main__":
    said = asked()
    sys.exit(1 if main(said.out, said.pages, (said.theme,) if said.theme else THEMES, said.language) else 0)
