"""What every siege needs: a node process, members whose keys the siege has, health and memory measured beside it."""

import http.client
import socket
import statistics
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from tests.processes import NodeProcess, free_port
from xstock_node.cli.keyfiles import read_signer
from xstock_node.protocol import requests

MIB = 1024 * 1024
ASK = b'{"network":"see"}'
HEALTH = 0.250  # seconds at the 99th percentile


class Member:
    """A pinned member that never runs: the siege signs in its name, from an address of its own."""

    def __init__(self, folder: Path, number: int, port: int = 1) -> None:
        self.name, self.address = f"m{number}.example.org", f"127.0.2.{number + 1}"
        self.node = NodeProcess(folder, self.name, port)
        self.signer = read_signer(self.node.home, self.name)

    def signed(self, base: str, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        """The headers of a signed request."""
        digest = requests.content_digest(body) if body else None
        return requests.sign(self.signer, method, base + path, digest, int(time.time()))


class Fort:
    """The node under siege, with its local port open, and the members it knows."""

    def __init__(self, folder: Path, members: int, ports: list[int] | None = None) -> None:
        self.local = free_port()
        self.node = NodeProcess(folder, "fort.example.org", free_port())
        self.members = [Member(folder, n, ports[n] if ports else 1) for n in range(members)]
        self.node.pin(*(member.node for member in self.members), dial=ports is not None)
        with (self.node.home / "config.toml").open("a") as file:
            file.write(f"\n[local_port]\nport = {self.local}\n")

    @property
    def base(self) -> str:
        """The URL that requests are signed for."""
        return f"http://127.0.0.1:{self.node.port}"

    def __enter__(self) -> "Fort":
        self.node.start()
        assert self.node.process is not None
        self.process = psutil.Process(self.node.process.pid)
        return self

    def __exit__(self, *error: object) -> None:
        self.node.kill()

    def ask(self, member: Member, timeout: float = 10.0) -> tuple[int, float]:
        """One signed round of a member on a connection of its own: status and seconds."""
        began = time.monotonic()
        try:
            line = http.client.HTTPConnection("127.0.0.1", self.node.port, timeout, (member.address, 0))
            line.request("POST", "/xs/1/gossip", ASK, member.signed(self.base, "POST", "/xs/1/gossip", ASK))
            status = line.getresponse().status
            line.close()
        except (OSError, http.client.HTTPException):
            status = 0
        return status, time.monotonic() - began


class Watch:
    """Health and memory every 50 ms, in a thread, while something goes on.

    Health is asked in turn of the local port (`status`) and of the peer port (the open page), each time from a new
    connection; whoever does not answer within 10 s counts as 10 s.
    """

    def __init__(self, fort: Fort) -> None:
        self._fort, self._stop = fort, threading.Event()
        self._token = (fort.node.home / "api.token").read_text().strip()
        self.health: list[float] = []
        self.failed = 0
        for _ in range(5):
            self._local()
        self.before = self.most = fort.process.memory_info().rss
        self._threads = [threading.Thread(target=self._ask), threading.Thread(target=self._look)]

    def __enter__(self) -> "Watch":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def figures(self) -> dict[str, Any]:
        """Milliseconds and MiB."""
        times = sorted(self.health) or [10.0]
        p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        return {
            "health_asked": len(times),
            "health_failed": self.failed,
            "health_median_ms": round(statistics.median(times) * 1000, 1),
            "health_p99_ms": round(p99 * 1000, 1),
            "health_max_ms": round(times[-1] * 1000, 1),
            "memory_before_mib": round(self.before / MIB),
            "memory_grown_mib": round((self.most - self.before) / MIB, 1),
        }

    def is_healthy(self) -> bool:
        """Whether the 99th percentile holds and every question was answered."""
        return self.figures()["health_p99_ms"] <= HEALTH * 1000 and not self.failed

    def _look(self) -> None:
        while not self._stop.wait(0.02):
            self.most = max(self.most, self._fort.process.memory_info().rss)

    def _ask(self) -> None:
        turn = 0
        while not self._stop.wait(0.05):
            turn += 1
            began = time.monotonic()
            status = self._local() if turn % 2 else self._open(f"127.0.3.{turn % 250 + 1}")
            self.health.append(time.monotonic() - began if status else 10.0)
            self.failed += status not in (200, 429)

    def _local(self) -> int:
        return self._get(self._fort.local, "/api/1/status", "127.0.0.1", {"Authorization": f"Bearer {self._token}"})

    def _open(self, address: str) -> int:
        return self._get(self._fort.node.port, "/.well-known/xstock", address, {})

    def _get(self, port: int, path: str, address: str, headers: dict[str, str]) -> int:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, 10, (address, 0))
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            answer.read()
            line.close()
            return answer.status
        except (OSError, http.client.HTTPException):
            return 0


def connected(port: int, address: str, timeout: float = 10.0) -> socket.socket:
    """A connection from one of this machine's addresses."""
    return socket.create_connection(("127.0.0.1", port), timeout, (address, 0))
