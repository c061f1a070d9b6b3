"""The console over many offers of many nodes: every page by a browser without script, and Desk by a cold Chromium.

The node is a process of its own; this one asks. Each page is opened so many times, in an order drawn by lot.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from random import Random

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.benchmarks import cold_sync, corpus
from tests.benchmarks.measure import report, timed
from xstock_node.api.app import Guard, make_app
from xstock_node.console.pages import PAGES
from xstock_node.console.serving import COOKIE, Console
from xstock_node.domain.rights import Grant, Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services import sessions
from xstock_node.services.asked_lines import Asked
from xstock_node.services.hand_kept import LineRequest, add_line
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.people import PEOPLE, Person
from xstock_node.services.requesting import NewRequest, new_request

NODES, OFFERS, TIMES, LINES, REQUESTS = 200, 100_000, 40, 400, 12
QUERIES = {"search": "?text=палатка&country=BG", "catalogue": "?text=tent", "jump": "?q=tent"}


def run() -> None:
    """All pages that stand in the menu, and the results of a search."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.console", folder]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdin and process.stdout
            ready = json.loads(process.stdout.readline())
            report("console node", nodes=NODES, offers=OFFERS, built_in_s=ready["built"])
            ask(f"http://localhost:{ready['port']}", f"{COOKIE}={ready['secret']}")
            chromium(f"http://localhost:{ready['port']}", ready["secret"])
            process.stdin.close()


def ask(base: str, cookie: str) -> None:
    """Each page `TIMES` times; times in ms and sizes in bytes as sent and as read."""
    chosen = [page for page in PAGES if page.group or page.name in QUERIES]
    times: dict[str, list[float]] = {page.name: [] for page in chosen}
    sizes: dict[str, tuple[int, int]] = {}
    visits = [page for page in chosen for _ in range(TIMES)]
    Random(3).shuffle(visits)
    for page in visits:
        path = urllib.request.quote(page.path + QUERIES.get(page.name, ""), safe="/?=&")
        request = urllib.request.Request(base + path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})  # noqa: S310
        began = timed()
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            sent = answer.read()
        times[page.name].append(timed() - began)
        sizes[page.name] = len(sent), len(_inflated(sent, answer.headers.get("Content-Encoding", "")))
    for name, taken in sorted(times.items()):
        ordered = sorted(taken)
        p95 = ordered[int(len(ordered) * 0.95)]
        report(
            "console page",
            page=name,
            p50_ms=round(ordered[len(ordered) // 2] * 1e3, 1),
            p95_ms=round(p95 * 1e3, 1),
            max_ms=round(ordered[-1] * 1e3, 1),
            sent_bytes=sizes[name][0],
            html_bytes=sizes[name][1],
        )


def chromium(base: str, secret: str) -> None:
    """The first view of Desk with a cold cache: first paint, all loaded, bytes of everything."""
    from tests.browser.browser import Browser
    from tests.browser.tools import tools

    with Browser(tools()) as browser:
        for width in (390, 1440):
            tab = browser.tab(base, width=width)
            tab.add_cookie(COOKIE, secret)
            began = time.perf_counter()
            tab.open("/desk")
            opened = time.perf_counter() - began
            found = tab.evaluate(
                "(() => { const n = performance.getEntriesByType('navigation')[0];"
                " const p = performance.getEntriesByName('first-contentful-paint')[0];"
                " const all = [n, ...performance.getEntriesByType('resource')];"
                " return [p ? p.startTime : 0, n.loadEventEnd, all.reduce((s, r) => s + r.transferSize, 0)]; })()"
            )
            report(
                "console first view",
                page="desk",
                width=width,
                first_paint_ms=round(found[0]),
                loaded_ms=round(found[1]),
                opened_ms=round(opened * 1e3),
                bytes=found[2],
            )
            tab.close()


def _inflated(content: bytes, encoding: str) -> bytes:
    import gzip
    import zlib

    if encoding == "gzip":
        return gzip.decompress(content)
    return zlib.decompress(content) if encoding == "deflate" else content


async def serve(folder: Path) -> None:
    """The node: offers of all others, an own stock, requests under way; it serves until stdin closes."""
    now, names, began = int(time.time()), cold_sync.origins(NODES), timed()
    node = cold_sync.make_node(cold_sync.SERVER, "", folder, names)
    for number, name in enumerate(names):
        lines = corpus.lines(OFFERS // NODES, now, number)
        await node.engine.write(lambda tx, name=name, lines=lines: cold_sync.fill(tx, name, lines, now), durable=True)
    await node.start({})
    settings = OfficeSettings(country="BG", languages=("bg",), at=(42_700_000, 23_300_000))
    office = Office(node, settings, PluginHost([]), folder)
    await _work(office, names)
    person = Person(name="ana", grants=tuple(Grant(role=role) for role in Role), made=now)
    await node.engine.write(lambda tx: PEOPLE.put(tx, "ana", person, now), durable=True)
    secret = await sessions.begin(office, "ana", "link", "bench")
    app: web.Application = make_app(office, Guard("token"), node.trace, Console(office))
    server = TestServer(app, port=0)
    await server.start_server()
    print(json.dumps({"port": server.port, "secret": secret, "built": round(timed() - began, 1)}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.close()
    await node.stop()


async def _work(office: Office, names: list[str]) -> None:
    items = (await office.catalogue()).all()
    for n in range(LINES):
        item = items[n % len(items)]
        name = f"{item.names.get('bg', item.code)} {n}"
        line = LineRequest(
            name=name, code=item.code, quantity=str(10 + n), unit="pcs", location=f"Склад {n % 9}", lot=f"L{n}"
        )
        await add_line(office, OPERATOR, line)
    for n in range(REQUESTS):
        lines = [Asked(item=items[(n + k) % len(items)].code, quantity="12") for k in range(3)]
        wanted = NewRequest(to=names[n : n + 3], lines=lines, place="Видин", country="BG", needed_by=_now() + 86_400)
        await new_request(office, OPERATOR, wanted)


def _now() -> int:
    return int(time.time())


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
