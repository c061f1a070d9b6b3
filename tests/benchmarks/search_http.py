"""Search over HTTP at a node that holds many offers, and at datasette over the same offers, in one run.

The node is a real process over its own data folder, asked on its local port with its token; datasette serves one table
with full text over name and place. The same questions (a word, a category, a country, a quantity, the newest twenty) by
the same driver with four connections.
"""

import asyncio
import json
import random
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from tests.benchmarks import beside, cold_sync, corpus
from tests.benchmarks.measure import report, resident_mb, spread, timed
from tests.benchmarks.searching import CATEGORY, WARM_SECONDS, WORDS
from tests.processes import NodeProcess, free_port, pause
from xstock_node.cli.assembly import DATABASE
from xstock_node.protocol.records import Offer, interpret
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.nodes import make_identity

CONNECTIONS, ASKED, PAGE = 4, 2_000, 20
WARM = 200
"""Questions at both before it counts; then there is time for what those set off."""
NAME = "search.bench.example"
SCHEMA = """
create table offers (
  seq integer primary key, id text, name text, place text, cat text, cc text, qty integer, exp integer, body text
);
create virtual table offers_fts using fts5 (name, place, content='offers', content_rowid='seq');
"""


def run(records: int) -> None:
    """Build both, ask both, print both and the ratio."""
    with tempfile.TemporaryDirectory() as folder:
        node = asyncio.run(_filled(Path(folder), records))
        ours = _ours(node, records)
        theirs = _datasette(Path(folder), node.home / DATABASE, records)
    if theirs:
        report("search over HTTP ratio", records=records, times_datasette=round(ours / theirs, 1))


async def _filled(folder: Path, records: int) -> NodeProcess:
    """A data folder with the logs of ten origins that it pins."""
    node, names, now = NodeProcess(folder, NAME, free_port()), cold_sync.origins(10), int(time.time())
    local, lines = free_port(), []
    for name in names:
        (node.home / "peers" / f"{name}.identity").write_bytes(make_identity(name)[0].raw)
        lines += ["[[peer]]", f'name = "{name}"', f'identity = "peers/{name}.identity"', "dial = false"]
    with (node.home / "config.toml").open("a") as file:
        file.write("\n".join(["", *lines, "[local_port]", f"port = {local}"]) + "\n")
    node.local = local  # type: ignore[attr-defined]
    engine = SqliteEngine(node.home / DATABASE)
    for number, name in enumerate(names):
        made = corpus.lines(records // 10, now, number)
        await engine.write(lambda tx, name=name, made=made: cold_sync.fill(tx, name, made, now), durable=True)
    await engine.close()
    return node


def _ours(node: NodeProcess, records: int) -> float:
    node.start(300)
    try:
        assert node.process is not None
        local = node.local  # type: ignore[attr-defined]
        token = (node.home / "api.token").read_text().strip()
        idle = resident_mb(node.process.pid)

        def address(question: dict[str, Any]) -> str:
            return f"http://127.0.0.1:{local}/api/1/search?{urlencode(question)}"

        headers = {"Authorization": f"Bearer {token}"}
        rate, times, found = asyncio.run(_drive(address, headers, lambda body: len(body["hits"])))
        report(
            "search over HTTP",
            records=records,
            a_second=round(rate),
            hits=found,
            **spread(times),
            memory_idle_mb=round(idle, 1),
            memory_after_mb=round(resident_mb(node.process.pid), 1),
        )
    finally:
        node.kill()
    return rate


def _datasette(folder: Path, filled: Path, records: int) -> float:
    program = beside.datasette()
    if program is None:
        report("search over HTTP, datasette", records=records, why="pip did not install it")
        return 0.0
    path, port = folder / "bench.db", free_port()
    _table(filled, path)
    command = [str(program), "serve", str(path), "--port", str(port), "--setting", "num_sql_threads", "3"]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=beside.plain_environment()
    )
    try:
        pause(5)

        def address(question: dict[str, Any]) -> str:
            asked = {
                "_search": question["text"],
                "cc": question["country"],
                "qty__gte": question["min_quantity"],
                "_sort_desc": "seq",
                "_size": PAGE,
                "_shape": "array",
                "_nocount": 1,
                "_nofacet": 1,
            }
            asked |= {"cat": question["category"]} if question["category"] else {}
            return f"http://127.0.0.1:{port}/bench/offers.json?{urlencode(asked)}"

        rate, times, found = asyncio.run(_drive(address, {}, len))
        memory = round(resident_mb(server.pid), 1)
        report(
            "search over HTTP, datasette",
            records=records,
            a_second=round(rate),
            hits=found,
            **spread(times),
            memory_after_mb=memory,
        )
    finally:
        server.kill()
        server.wait()
    return rate


def _table(filled: Path, path: Path) -> None:
    """The same offers as one table with full text."""
    with closing(sqlite3.connect(filled)) as source, closing(sqlite3.connect(path)) as target:
        target.executescript(SCHEMA)
        rows = []
        for (line,) in source.execute("select line from record"):
            offer = interpret(line)
            assert isinstance(offer, Offer)
            body = json.dumps(msgspec.to_builtins(offer), ensure_ascii=False)
            rows.append((offer.id, offer.name, offer.place, offer.cat, offer.cc, offer.qty[0], offer.exp, body))
        target.executemany(
            "insert into offers (id, name, place, cat, cc, qty, exp, body) values (?, ?, ?, ?, ?, ?, ?, ?)", rows
        )
        target.execute("insert into offers_fts (offers_fts) values ('rebuild')")
        target.execute("create index offers_cat on offers (cat, cc)")
        target.commit()


async def _drive(
    address: Callable[[dict[str, Any]], str], headers: dict[str, str], count: Callable[[Any], int]
) -> tuple[float, list[float], int]:
    """Ask with a few connections; answers a second, the seconds of each, and how many hits came."""
    draw, times, found = random.Random(5), list[float](), 0
    questions = [_question(draw) for _ in range(ASKED)]
    waiting = iter(questions[:WARM])

    async def ask(session: aiohttp.ClientSession) -> None:
        nonlocal found
        for question in waiting:
            began = timed()
            async with session.get(address(question), headers=headers) as answer:
                assert answer.status == 200, await answer.text()
                found += count(await answer.json(content_type=None))
            times.append(timed() - began)

    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(ask(session) for _ in range(CONNECTIONS)))  # caches, and what is made at the first need
        await asyncio.sleep(WARM_SECONDS)
        times.clear()
        found, waiting = 0, iter(questions)
        began = timed()
        await asyncio.gather(*(ask(session) for _ in range(CONNECTIONS)))
        seconds = timed() - began
    return len(times) / seconds, times, found


def _question(draw: random.Random) -> dict[str, Any]:
    word = draw.choice(WORDS)
    return {
        "text": word,
        "category": CATEGORY.get(word, ""),
        "country": draw.choice(corpus.PLACES)[0],
        "min_quantity": draw.choice((1, 10, 40, 100)),
        "limit": PAGE,
    }
