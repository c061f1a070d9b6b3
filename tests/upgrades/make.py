"""Make the data folders of a released version: `python -m tests.upgrades.make 0.1.0`, with its row in versions.toml.

Two nodes of that version: stock, offers, a replica of each other, an operation with its messages, people, settings.
What the version says of them is packed beside them, with an offer and the evidence of the operation as files, so that
later versions can be held against it. The keys are made here, for tests alone.

Before a release: add its row, make the folders, commit both.
"""

import io
import json
import shutil
import sqlite3
import sys
import tarfile
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.processes import agree, pause
from tests.upgrades.older import OldNode, code_of, released, run_old

ASKS, LENDS = "redcross.bg", "redcross.hr"
ADDRESSES = {ASKS: "127.44.1.1", LENDS: "127.44.1.2"}
PORT = 7440
TENT, BLANKET, CANS = "HSHETENTF16C", "HSHEBLANWHT1", "HCONJCANPF10"
SAID = "said.json"
EVIDENCE, OFFER = "operation.xsevidence", "tents.xsoffer"
LEFT_OUT = {"lock", "reserve", "api.sock", "api.token", "serve.log", "node.db-wal", "node.db-shm"}
ASKED = {
    "status": ("status",),
    "stock": ("stock", "list"),
    "offers": ("offer", "list"),
    "found": ("search", ""),
    "operations": ("op", "list"),
    "requests": ("request", "list"),
    "people": ("user", "list"),
    "logs": ("log", "verify"),
    "config": ("config", "show"),
}
"""What each node is asked at the end, and is held against by later versions."""


def fill(asks: OldNode, lends: OldNode) -> str:
    """Let them live a little; the operation."""
    code = asks.code

    def run(node: OldNode, *words: str, token: str = "") -> Any:
        return run_old(code, node.home, *words, token=token)

    for node, wares in ((lends, ((TENT, "Šator"), (BLANKET, "Deka"))), (asks, ((CANS, "Туба"),))):
        for name, item in ((name, item) for item, name in wares):
            run(node, "stock", "add", "--name", name, "--code", item, "--quantity", "800", "--unit", "pcs")
        run(node, "stock", "match", "--same-code")
        run(node, "offer", "publish", "--release")
        for name, role in (("owner", "stock-owner"), ("second", "approver"), ("duty", "duty-officer")):
            run(node, "user", "add", name, "--role", role)
    first = run(lends, "offer", "list")[0]
    run(lends, "offer", "withdraw", first["id"])
    run(lends, "offer", "publish", "--release")
    agree(asks, lends)
    words = ("--to", LENDS, "--line", f"{TENT}=100", "--country", "BG", "--place", "Vidin", "--needed-by", "+2d")
    asked = run(asks, "request", "new", *words, "--answer-by", "+3h", "--term", "loan")
    case = str(asked["operations"][0]["case"])

    def state(node: OldNode, wanted: str) -> None:
        ends = time.monotonic() + 60
        while not [one for one in run(node, "op", "list") if (one["case"], one["state"]) == (case, wanted)]:
            assert time.monotonic() < ends, (node.name, wanted)
            pause(0.2)

    state(lends, "requested")
    tokens = {name: run(lends, "user", "token", name)["token"] for name in ("owner", "second")}
    terms = ("--field", "hold_until=+6h", "--field", 'terms=["loan"]')
    offered = run(lends, "op", "step", case, "offer", "--line", f"{TENT}=100", *terms, token=tokens["owner"])
    run(lends, "op", "approve", offered["waiting"], token=tokens["second"])
    state(asks, "offered")
    run(asks, "op", "step", case, "accept", "--field", "terms=loan", "--field", "due=2027-06-30")
    state(lends, "confirmed")
    state(asks, "confirmed")
    agree(asks, lends)
    return case


def said_of(node: OldNode, case: str) -> dict[str, Any]:
    """What its own version says of a node that does not run."""
    asked = ASKED | {"operation": ("op", "show", case)}
    return {name: run_old(node.code, node.home, *words) for name, words in asked.items()}


def pack(folder: Path, target: Path) -> None:
    """Databases are written anew without gaps; what a run leaves behind stays out; nobody's name, no time of a file."""
    for database in folder.glob("*/node.db"):
        with closing(sqlite3.connect(database)) as held:
            held.execute("pragma wal_checkpoint(truncate)")
            held.execute("pragma journal_mode = delete")
            held.execute("vacuum")
    target.parent.mkdir(exist_ok=True)
    with tarfile.open(target, "w:gz", compresslevel=9) as tar:
        for path in sorted(folder.rglob("*")):
            if path.name in LEFT_OUT or not path.is_file():
                continue
            info = tarfile.TarInfo(path.relative_to(folder).as_posix())
            info.size, info.mode = path.stat().st_size, path.stat().st_mode & 0o700
            tar.addfile(info, io.BytesIO(path.read_bytes()))


def main() -> None:
    """Make, fill, stop, ask, pack."""
    version = next(one for one in released() if one.name == sys.argv[1])
    code, folder = code_of(version), Path(tempfile.mkdtemp(prefix="xstock-folders-"))
    share = {"keep_back": {"default": {"percent": "20"}}}
    asks, lends = (
        OldNode(folder, name, PORT, code, country=country, host=ADDRESSES[name], languages=(language,), share=share)
        for name, country, language in ((ASKS, "BG", "bg"), (LENDS, "HR", "hr"))
    )
    asks.pin(lends)
    lends.pin(asks)
    with (asks.home / "config.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[audience]]\nlabel = "sava"\nnames = ["redcross.hr"]\n')
    try:
        for node in (asks, lends):
            node.start()
        case = fill(asks, lends)
    finally:
        for node in (asks, lends):
            node.stop()
    said = {node.name: said_of(node, case) for node in (asks, lends)}
    run_old(code, asks.home, "op", "evidence", case, "--out", str(folder / EVIDENCE))
    tents = next(one["id"] for one in said[LENDS]["offers"] if one["item"] == TENT)
    run_old(code, lends.home, "offer", "export", tents, "--out", str(folder / OFFER))
    about = {"version": version.name, "made": int(time.time()), "case": case, "said": said}
    (folder / SAID).write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
    pack(folder, version.data)
    shutil.rmtree(folder)
    print(f"{version.data.name}: {version.data.stat().st_size} bytes")


if __name__ == "__main__":
    main()
