"""`make hub`: two processes of one node on one PostgreSQL with two million offers, beside SQLite in the same run.

Prints JSON lines. `make hub HUB="--records 200000"` is quicker. Ends with 1 where anything acknowledged is lost, a log
is forked, or the two engines find different offers.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.cold_sync import fill, origins
from tests.benchmarks.measure import report, resident_mb, spread
from tests.faults.test_kills import TENT, Worker, check
from tests.hub import late
from tests.hub.asking import ORDERS, Api, ask_inside, log_of, office_over, pull_log, questions, words_alone
from tests.hub.parts import HUB, SECRET, Front, HubProcess, front
from tests.processes import free_port, pause
from xstock_node.domain.search import Order
from xstock_node.protocol import heads, merkle
from xstock_node.protocol.frames import leaf_of
from xstock_node.protocol.names import LogName
from xstock_node.services.disclosing import EraseRequest
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.storage.interfaces import Engine
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.postgres import Postgres, running

ORIGINS, LATE_RECORDS = 20, 40_000
READERS = ("reader-0.bench.example", "reader-1.bench.example")
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "4GB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make hub")
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--asked", type=int, default=400)
    chosen = parser.parse_args()
    began = time.monotonic()
    options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
    with running(options) as server, front() as line, tempfile.TemporaryDirectory() as folder:
        run(Path(folder), server, line, chosen.records, chosen.asked)
    report("hub done", seconds=round(time.monotonic() - began))


def run(folder: Path, server: Postgres, line: Front, records: int, asked: int) -> None:
    """Fill both engines, compare them, then start the hub and kill the one that leads."""
    one = HubProcess.first(folder, line.url, server)
    late_url = f"http://127.0.0.1:{free_port()}"
    one.pin_made([*origins(ORIGINS), late.ORIGIN, *READERS])
    one.pin_made([late.LATE], {late.LATE: late_url})
    two = one.twin("two")
    ports = {}
    for process in (one, two):
        ports[process.home] = free_port()
        process.add("[local_port]", f"port = {ports[process.home]}")
    line.behind = one.port
    asyncio.run(fill_both(folder, server, records))
    server.execute("vacuum analyze")
    asyncio.run(compare(folder, server, asked))
    try:
        work_together(folder, line, one, two, late_url, ports, records, asked)
    finally:
        one.kill()
        two.kill()


async def fill_both(folder: Path, server: Postgres, records: int) -> None:
    """The signed logs of all origins into both engines, log by log, so that both meet the same hour of the machine."""
    from xstock_postgresql import PostgresEngine

    engines: dict[str, Engine] = {
        "postgresql": PostgresEngine(server.conninfo(), HUB, lead=True),
        "sqlite": SqliteEngine(folder / "beside.db"),
    }
    seconds = dict.fromkeys(engines, 0.0)
    now = int(time.time())
    for number, name in enumerate(origins(ORIGINS)):
        lines = corpus.lines(records // ORIGINS, now, number)
        for kind, engine in engines.items():
            began = time.perf_counter()
            await engine.write(lambda tx, n=name, found=lines: fill(tx, n, found, now), durable=True)
            seconds[kind] += time.perf_counter() - began
    for kind, engine in engines.items():
        began = time.perf_counter()
        await engine.checkpoint()
        seconds[kind] += time.perf_counter() - began
        held = await engine.read(lambda tx: sum(tx.offers.counts(now).values()))
        assert held == records // ORIGINS * ORIGINS, held
        rate = round(held / seconds[kind])
        report("hub ingest", engine=kind, records=held, origins=ORIGINS, records_per_s=rate, memory_mb=memory("self"))
        await engine.close()


async def compare(folder: Path, server: Postgres, asked: int) -> None:
    """The same searches over both engines, in this process; what they find has to be the same."""
    from xstock_postgresql import PostgresEngine

    engines: dict[str, Engine] = {
        "postgresql": PostgresEngine(server.conninfo(), HUB),
        "sqlite": SqliteEngine(folder / "beside.db"),
    }
    offices = {kind: await office_over(e, HUB, origins(ORIGINS), folder) for kind, e in engines.items()}
    sets = {
        f"{order.value} first": questions(order, asked if order is Order.NEWEST else asked // 8) for order in ORDERS
    }
    sets["newest first, a word alone"] = words_alone(asked // 4)
    for name, wanted in sets.items():
        found = {}
        for kind, office in offices.items():
            times, found[kind] = await ask_inside(office, wanted)
            hits = sum(map(len, found[kind]))
            report("hub search", engine=kind, questions=name, asked=len(times), hits=hits, **spread(times))
        assert found["postgresql"] == found["sqlite"], f"{name}: the engines find different offers"
    for kind, engine in engines.items():
        report("hub disk", engine=kind, bytes=await disk(engine))
        await engine.close()


async def disk(engine: Engine) -> int:
    """Bytes of an engine, measured now."""
    engine.size()
    await asyncio.sleep(1)
    return engine.size()


def work_together(
    folder: Path,
    line: Front,
    one: HubProcess,
    two: HubProcess,
    late_url: str,
    ports: dict[Path, int],
    records: int,
    asked: int,
) -> None:
    """Both processes serve; one is fed over HTTP, written to and killed; the other goes on."""
    began = time.monotonic()
    one.start(wait=120)
    up = time.monotonic() - began
    began = time.monotonic()
    two.start(wait=0)
    two.wait_for("stands by")
    report(
        "hub start", leads_after_s=round(up, 1), stands_by_after_s=round(time.monotonic() - began, 1), **sizes(one, two)
    )
    apis = {name: Api(process.home, ports[process.home]) for name, process in (("leads", one), ("stands by", two))}
    search_together(apis, asked // 2)
    pull_together(line, one, two, records)
    gossip_in(folder, line, one, two, late_url, records)
    for api in apis.values():
        api.close()
    report("hub memory", **sizes(one, two))
    kill(line, one, two)
    erase(*((one, two) if one.role() == "leads" else (two, one)), ports)


def search_together(apis: dict[str, Api], asked: int) -> None:
    """Searches over HTTP, of each process alone, then of both at once."""
    wanted = questions(Order.NEWEST, asked)
    for name, api in apis.items():
        report("hub search over HTTP", process=name, asked=asked, **spread(api.timed(wanted)))
    both: dict[str, list[float]] = {}
    threads = [threading.Thread(target=lambda n=n, a=a: both.update({n: a.timed(wanted)})) for n, a in apis.items()]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = round(2 * asked / (time.perf_counter() - began))
    report(
        "hub search over HTTP", process="both at once", a_second=rate, **spread([*both["leads"], *both["stands by"]])
    )


def pull_together(line: Front, one: HubProcess, two: HubProcess, records: int) -> None:
    """Whole logs pulled over HTTP from each process, as a node does that lost everything."""
    size = records // ORIGINS
    for process, reader in zip((one, two), READERS, strict=True):
        line.behind = process.port
        name = origins(1)[0]
        epoch = next(view.epoch for view in process.call("peer.list") if view.name == name)
        began = time.perf_counter()
        lines = asyncio.run(pull_log(reader, log_of(name, epoch), size, line.url, HUB))
        seconds = time.perf_counter() - began
        assert len(lines) == size
        report("hub pull", process=process.role(), records=size, records_per_s=round(size / seconds))
    line.behind = one.port


def gossip_in(folder: Path, line: Front, one: HubProcess, two: HubProcess, url: str, records: int) -> None:
    """A log that a node on SQLite hands to the hub over HTTP, until both processes tell of it."""
    count = min(LATE_RECORDS, records)
    (folder / "hub.identity").write_bytes((one.home / "identity.note").read_bytes())
    port = url.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.hub.late", folder, port, str(count), line.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdin
        assert process.stdout.readline() == "ready\n"
        began = time.perf_counter()
        until(lambda: held(one) == count, 300)
        seconds = time.perf_counter() - began
        until(lambda: held(two) == count, 30)
        behind = time.perf_counter() - began - seconds
        process.stdin.close()
    report("hub gossip in", records=count, records_per_s=round(count / seconds), second_behind_s=round(behind, 2))


def kill(line: Front, leader: HubProcess, other: HubProcess) -> None:
    """The one that leads is killed while it is written to, three times, each time the other one."""
    leader.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="1", unit="pcs", location="Hand"))
    worker = Worker(leader)
    worker._import(1)
    leader.call("stock.decide", DecideRequest(same_code=True))
    seen, lost = [], 0
    for number in range(3):
        worker.node, before = leader, worker.published
        thread = threading.Thread(target=worker.work)
        began = time.monotonic()
        thread.start()
        until(lambda b=before: worker.published > b + 20, 120)
        rate = (worker.published - before) / (time.monotonic() - began)
        seen.append(heads.parse(own_head(leader))[0])
        in_the_middle = thread.is_alive()
        leader.kill()
        killed = time.monotonic()
        thread.join()
        assert in_the_middle and not worker.errors, worker.errors
        other.wait_for("leads", 120)
        seconds = time.monotonic() - killed
        line.behind = other.port
        lost += lost_by(other, worker)
        report(
            "hub take-over",
            kill=number,
            seconds=round(seconds, 2),
            acknowledged=worker.published,
            acts_a_second=round(rate, 1),
        )
        leader.start(wait=0)
        leader.wait_for("stands by", 60)
        leader, other = other, leader
    last = heads.parse(own_head(leader))[0]
    lines = own_lines(leader, last.size)
    forked = sum(merkle.tree_root([leaf_of(found) for found in lines[: head.size]]) != head.root for head in seen)
    began = time.perf_counter()
    check(leader, worker)  # every record of every log is hashed again
    seconds = round(time.perf_counter() - began, 1)
    report(
        "hub kept",
        kills=3,
        lost=lost,
        forked=forked,
        epochs=len({h.log.epoch for h in [*seen, last]}),
        verified_in_s=seconds,
    )
    assert not lost and not forked and leader.call("status").halted == ""


def erase(leader: HubProcess, other: HubProcess, ports: dict[Path, int]) -> None:
    """A record is erased: every table that may hold a copy is written anew. How long searches wait meanwhile."""
    api, ended, waits = Api(other.home, ports[other.home]), threading.Event(), [0.0]

    def ask() -> None:
        while not ended.is_set():
            waits.extend(api.timed(questions(Order.NEWEST, 1)))

    thread = threading.Thread(target=ask)
    thread.start()
    began = time.perf_counter()
    leader.call("log.erase", EraseRequest(indexes=[0]))
    seconds = time.perf_counter() - began
    ended.set()
    thread.join()
    api.close()
    report("hub erasure", seconds=round(seconds, 1), longest_wait_of_a_search_s=round(max(waits), 1))


def lost_by(node: HubProcess, worker: Worker) -> int:
    """How many acknowledged acts are not there, nor anything newer."""
    lines = node.call("stock.list")
    kept = min(int(view.line.quantity) for view in lines if view.source == "hand")
    published = max(int(offer.quantity) for offer in node.call("offer.list") if offer.place == "Hand")
    return max(0, worker.kept - kept) + max(0, worker.published - published)


def own_head(process: HubProcess) -> bytes:
    """The newest head of the hub's own log, from the database."""
    return asyncio.run(_ask(process, lambda tx: tx.logs.state(LogName(HUB, "see.pub")).head))  # type: ignore[no-any-return]


def own_lines(process: HubProcess, size: int) -> list[bytes]:
    """The records of that log."""
    return asyncio.run(_ask(process, lambda tx: tx.logs.lines(LogName(HUB, "see.pub"), 0, size)))  # type: ignore[no-any-return]


async def _ask(process: HubProcess, work: object) -> object:
    from xstock_postgresql import PostgresEngine

    engine = PostgresEngine((process.home / SECRET).read_text("utf-8"), HUB)
    try:
        return await engine.read(work)  # type: ignore[arg-type]
    finally:
        await engine.close()


def held(process: HubProcess) -> int:
    """How many records of the late log a process holds."""
    return next(view.records for view in process.call("peer.list") if view.name == late.ORIGIN)


def until(holds: object, seconds: float) -> None:
    """Wait for something that other processes do."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, f"not within {seconds} s"
        pause(0.05)


def sizes(one: HubProcess, two: HubProcess) -> dict[str, float]:
    """Memory of both processes, in MB."""
    return {f"{name}_mb": memory(p.process.pid) for name, p in (("one", one), ("two", two)) if p.process is not None}


def memory(pid: int | str) -> float:
    """Resident memory in MB."""
    return round(resident_mb(pid), 1)


if __name__ == "__main__":
    main()
