"""Row 2: ten thousand connections that say nothing, half a head, or their body a byte at a time."""

import selectors
import socket
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.siege.kit import Fort

HELD = 10_000
SERVED, CUT = 1.0, 35.0
BODY = b"POST /xs/1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{"
KINDS = {
    "silent": b"",
    "half a line": b"GET /xs/1",
    "half a head": b"POST /xs/1/gossip HTTP/1.1\r\nX-A: b",
    "slow body": BODY,
}
DRIP = 4.0


class Held:
    """The connections, when each was made, and when each was cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._made: dict[socket.socket, tuple[str, float]] = {}
        self.took: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self._dripped = time.monotonic()

    def __len__(self) -> int:
        return len(self._made)

    def add(self, number: int) -> None:
        """One more, each from an address with few others."""
        kind = list(KINDS)[number % len(KINDS)]
        line = socket.socket()
        line.settimeout(15)
        line.bind((f"127.1.{number % 200}.{number // 200 + 1}", 0))
        line.connect(("127.0.0.1", self._port))
        line.sendall(KINDS[kind])
        line.setblocking(False)
        self._made[line] = (kind, time.monotonic())
        self._selector.register(line, selectors.EVENT_READ)

    def look(self, seconds: float) -> None:
        """Notice what was cut; drip a byte into the slow bodies."""
        for key, _ in self._selector.select(seconds):
            line = key.fileobj
            assert isinstance(line, socket.socket)
            try:
                gone = not line.recv(4096)
            except BlockingIOError:
                continue
            except OSError:
                gone = True
            if gone:
                self._end(line)
        if time.monotonic() - self._dripped > DRIP:
            self._dripped = time.monotonic()
            for line in [line for line, (kind, _) in self._made.items() if kind == "slow body"]:
                try:
                    line.send(b" ")
                except BlockingIOError:
                    pass
                except OSError:
                    self._end(line)

    def _end(self, line: socket.socket) -> None:
        kind, made = self._made.pop(line)
        self.took[kind].append(time.monotonic() - made)
        self._selector.unregister(line)
        line.close()

    def close(self) -> None:
        """Close what is left."""
        for line in self._made:
            line.close()


def hold(folder: Path, count: int = HELD) -> dict[str, Any]:
    """Hold them all at once, ask as a member meanwhile, and wait until the last is cut."""
    with Fort(folder, 1) as fort:
        held, served, refused = Held(fort.node.port), [], Counter[int]()
        began = asked = time.monotonic()
        most = 0
        number = 0
        while number < count or (len(held) and time.monotonic() - began < 4 * CUT):
            if number < count:
                for _ in range(min(200, count - number)):
                    held.add(number)
                    number += 1
            held.look(0.0 if number < count else 0.05)
            most = max(most, len(held))
            if time.monotonic() - asked > 0.4:
                asked = time.monotonic()
                status, seconds = fort.ask(fort.members[0])
                served.append(seconds)
                refused[status] += status != 200
        left = len(held)
        held.close()
        filled = fort.process.num_fds()
    last = {kind: round(max(times, default=0.0), 1) for kind, times in held.took.items()}
    holds = most >= 0.99 * count and max(served) <= SERVED and not +refused and not left and max(last.values()) <= CUT
    return {
        "siege": "sockets held",
        "held_at_once": most,
        "asked": len(served),
        "not_served": dict(+refused),
        "served_max_s": round(max(served), 3),
        "last_cut_s": last,
        "left": left,
        "files_afterwards": filled,
        "holds": holds,
    }
