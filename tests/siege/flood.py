"""Row 3: as fast as wrk drives, over 256 connections, with bad signatures, many names, and no signature at all."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.siege.kit import ASK, Fort, Member, Watch
from xstock_node.protocol import limits

SECONDS = int(os.environ.get("XSTOCK_SIEGE_SECONDS", "20"))
CONNECTIONS, BARE_SECONDS = 256, 10
BARE = """
import asyncio
from aiohttp import web

async def answer(request):
    await request.read()
    return web.Response(status=401)

async def main():
    app = web.Application()
    app.router.add_post("/xs/1/gossip", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
KINDS = ("bad signatures", "many names", "unsigned")


def script(fort: Fort, member: Member, kind: str) -> str:
    """What wrk sends: a request that looks like the member's but for its signature."""
    fields = member.signed(fort.base, "POST", "/xs/1/gossip", ASK)
    fields["Signature"] = "xs1=:" + "A" * 86 + "==:"
    lines = ['wrk.method = "POST"', f"wrk.body = '{ASK.decode()}'"]
    if kind != "unsigned":
        lines += [f"wrk.headers['{name}'] = '{value}'" for name, value in fields.items()]
    if kind == "many names":
        head, _, tail = fields["Signature-Input"].partition(member.name)
        lines += [
            "local n = 0",
            "request = function()",
            "  n = n + 1",
            f"  wrk.headers['Signature-Input'] = '{head}n' .. n .. '.example.org{tail}'",
            "  return wrk.format()",
            "end",
        ]
    return "\n".join(lines) + "\n"


def drive(base: str, file: Path, seconds: int) -> dict[str, Any]:
    """Run wrk; requests a second, answers that were not 2xx or 3xx."""
    words = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(file), f"{base}/xs/1/gossip"]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    count = re.search(r"(\d+) requests in", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    done = int(count[1]) if count else 0
    return {"requests": done, "a_second": done // seconds, "taken": done - (int(refused[1]) if refused else 0)}


def bare_rate(file: Path) -> int:
    """What the same requests reach at a server of the same library that does nothing but refuse them."""
    with subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        base = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        found = int(drive(base, file, BARE_SECONDS)["a_second"])
        server.kill()
    return found


def quota(fort: Fort, member: Member, until: float) -> Counter[int]:
    """A member asks as often as it may; its answers by status."""
    found: Counter[int] = Counter()
    due = time.monotonic()
    while time.monotonic() < until:
        due += 1 / limits.REQUESTS_A_SECOND
        found[fort.ask(member)[0]] += 1
        time.sleep(max(0.0, due - time.monotonic()))
    return found


def flood(folder: Path, kind: str) -> dict[str, Any]:
    """One kind of flood, health and a member's quota beside it."""
    with Fort(folder, 2) as fort:
        file, found = folder / "flood.lua", [Counter[int]()]
        file.write_text(script(fort, fort.members[0], kind))

        def ask() -> None:
            found[0] = quota(fort, fort.members[1], time.monotonic() + SECONDS - 1)

        member = threading.Thread(target=ask)
        with Watch(fort) as watch:
            member.start()
            driven = drive(fort.base, file, SECONDS)
            member.join()
        share = found[0][200] / (limits.REQUESTS_A_SECOND * (SECONDS - 1))
        holds = watch.is_healthy() and share >= 0.5 and not driven["taken"]
        figures = {"member_share": round(share, 2), "member": dict(found[0]), **watch.figures()}
        log = (fort.node.home / "serve.log").stat().st_size
    figures |= {"seconds": SECONDS, "log_kib": log >> 10, "bare_server_a_second": bare_rate(file)}
    return {"siege": f"flood, {kind}", "connections": CONNECTIONS, **driven, **figures, "holds": holds}


def missing() -> str:
    """What is not there, or nothing."""
    return "" if shutil.which("wrk") else "wrk (apt-get install wrk)"
