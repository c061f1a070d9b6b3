"""Row 3: as fast as wrk drives, over 256 connections, with bad signatures, many names, and no signature at all."""

import re
import shutil
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.siege.kit import ASK, Fort, Member, Watch
from xstock_node.protocol import limits

SECONDS, CONNECTIONS = 20, 256
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


def drive(fort: Fort, file: Path) -> dict[str, Any]:
    """Run wrk; requests a second, answers that were not 2xx or 3xx."""
    words = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(file), f"{fort.base}/xs/1/gossip"]
    said = subprocess.run(words, capture_output=True, text=True, check=True, timeout=SECONDS + 60).stdout
    count = re.search(r"(\d+) requests in", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    done = int(count[1]) if count else 0
    return {"requests": done, "a_second": done // SECONDS, "taken": done - (int(refused[1]) if refused else 0)}


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
            driven = drive(fort, file)
            member.join()
        share = found[0][200] / (limits.REQUESTS_A_SECOND * (SECONDS - 1))
        holds = watch.is_healthy() and share >= 0.5 and not driven["taken"]
        figures = {"member_share": round(share, 2), "member": dict(found[0]), **watch.figures()}
    return {"siege": f"flood, {kind}", "connections": CONNECTIONS, **driven, **figures, "holds": holds}


def missing() -> str:
    """What is not there, or nothing."""
    return "" if shutil.which("wrk") else "wrk (apt-get install wrk)"
