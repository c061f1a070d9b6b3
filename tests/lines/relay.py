"""A bad line between two network namespaces: packets of two TUN devices, slowed, delayed and lost by this process.

Needs root and /dev/net/tun. Rates are bytes a second each way, `delay` seconds one way, `loss` a share of packets.
"""

import fcntl
import heapq
import os
import select
import struct
import subprocess
import threading
import time
from random import Random
from types import TracebackType

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
MTU = 1400
QUEUE = 64 * 1024  # bytes that wait for the line, as in a modem; more is dropped


def possible() -> str:
    """Empty where a line can be made here, else what is missing."""
    if os.geteuid() != 0:
        return "root"
    if not os.path.exists("/dev/net/tun"):  # noqa: PTH110 - a device
        return "/dev/net/tun"
    if subprocess.run(["ip", "netns", "list"], capture_output=True, check=False).returncode:
        return "ip netns"
    return ""


class Line:
    """Two namespaces `left` (10.77.x.1) and `right` (10.77.x.2) with a bad line between them."""

    def __init__(self, number: int, rate: float, delay: float, loss: float, seed: int = 1) -> None:
        self.names = (f"xs{os.getpid()}l{number}", f"xs{os.getpid()}r{number}")
        self.addresses = (f"10.77.{number}.1", f"10.77.{number}.2")
        self.rate, self.delay, self.loss = rate, delay, loss
        self.down = False
        self.carried = [0, 0]
        self._random = Random(seed)
        self._fds: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Line":
        for side, (space, address) in enumerate(zip(self.names, self.addresses, strict=True)):
            device = f"xs{os.getpid() % 100000}{'lr'[side]}{self.addresses[0].split('.')[2]}"
            _ip("netns", "add", space)
            self._fds.append(_tun(device))
            _ip("link", "set", device, "netns", space)
            for words in (
                ("addr", "add", f"{address}/30", "dev", device),
                ("link", "set", device, "mtu", str(MTU), "up"),
                ("link", "set", "lo", "up"),
            ):
                _ip("-n", space, *words)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join(5)
        for fd in self._fds:
            os.close(fd)
        for space in self.names:
            subprocess.run(["ip", "netns", "del", space], capture_output=True, check=False)

    def inside(self, side: int) -> list[str]:
        """The words that run a command in one of the namespaces."""
        return ["ip", "netns", "exec", self.names[side]]

    def _run(self) -> None:
        waiting: list[tuple[float, int, int, bytes]] = []
        free, count = [0.0, 0.0], 0
        while not self._stop.is_set():
            now = time.monotonic()
            while waiting and waiting[0][0] <= now:
                _, _, side, packet = heapq.heappop(waiting)
                if not self.down:
                    self.carried[side] += len(packet)
                    os.write(self._fds[1 - side], packet)
            left = min(0.05, max(0.0, waiting[0][0] - now)) if waiting else 0.05
            ready, _, _ = select.select(self._fds, [], [], left)
            for fd in ready:
                side, packet, now = self._fds.index(fd), os.read(fd, 65536), time.monotonic()
                backlog = max(0.0, free[side] - now) * self.rate
                if self.down or self._random.random() < self.loss or backlog > QUEUE:
                    continue
                free[side] = max(free[side], now) + len(packet) / self.rate
                count += 1
                heapq.heappush(waiting, (free[side] + self.delay, count, side, packet))


def _tun(name: str) -> int:
    fd = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ip {' '.join(words)}: {done.stderr.strip()}")
