"""Real node processes for tests: made with `init`, pinned to each other, asked through their sockets."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from xstock_node.cli.init import Answers, create
from xstock_node.cli.session import SOCKET, SocketSession
from xstock_node.services.errors import Refusal


class NodeProcess:
    """One node: its data folder, and its process while it runs. `prefix` are words before its command."""

    prefix: Sequence[str] = ()
    program: Sequence[str] = ("-m", "xstock_node", "serve", "--home")

    def __init__(self, folder: Path, name: str, port: int, **answers: Any) -> None:
        self.home, self.name, self.port = folder / name, name, port
        self.process: subprocess.Popen[bytes] | None = None
        self._begins = 0
        url = f"http://{answers.get('host', '127.0.0.1')}:{port}"
        create(self.home, Answers(name=name, url=url, port=port, allow_private=True, **answers), int(time.time()))

    def pin(self, *others: "NodeProcess", dial: bool = True) -> None:
        """Pin other nodes in the settings."""
        lines = [""]
        for other in others:
            target = self.home / "peers" / f"{other.name}.identity"
            target.write_bytes((other.home / "identity.note").read_bytes())
            lines += ["[[peer]]", f'name = "{other.name}"', f'identity = "peers/{other.name}.identity"']
            lines += [] if dial else ["dial = false"]
        with (self.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def start(self, wait: float = 30.0) -> None:
        """Start `xstock serve`; with `wait` until it answers."""
        command = [*self.prefix, sys.executable, *self.program, str(self.home)]
        with (self.home / "serve.log").open("ab") as log:
            self._begins = log.tell()
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        if wait:
            self.wait_until_up(wait)

    def wait_until_up(self, seconds: float = 30.0) -> None:
        """Wait until the socket answers, and its ports too: they are opened after it."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            assert self.process is not None and self.process.poll() is None, self.words()
            try:
                self.call("peer.list")
                if self._serves():
                    return
            except Refusal:
                pass
            pause(0.03)
        raise AssertionError(f"{self.name} does not answer: {self.words()}")

    def _serves(self) -> bool:
        """Whether it wrote, since it was started, that all of it is up; other programs write what they like."""
        with (self.home / "serve.log").open("rb") as log:
            log.seek(self._begins)
            return self.program is not NodeProcess.program or b'"serving"' in log.read()

    def call(self, route: str, request: Any = None) -> Any:
        """Ask the running node."""
        return asyncio.run(SocketSession(self.home / SOCKET).call(route, request))

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def stop(self) -> None:
        """End it as a person would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def words(self) -> str:
        """The end of what it wrote."""
        path = self.home / "serve.log"
        return path.read_text("utf-8", "replace")[-2000:] if path.exists() else ""


def agree(*nodes: NodeProcess, seconds: float = 30.0) -> list[Any]:
    """Wait until all nodes hold the same; their states."""
    until = time.monotonic() + seconds
    while True:
        views = [node.call("status") for node in nodes]
        if len({view.digest for view in views}) == 1 and all(len(v.peers) >= len(nodes) - 1 for v in views):
            return views
        assert time.monotonic() < until, [(v.node, v.records, [(p.name, p.records) for p in v.peers]) for v in views]
        pause(0.05)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


def pause(seconds: float) -> None:
    """Wait for other processes, which have clocks of their own."""
    time.sleep(seconds)


def xstock(
    *words: str, home: Path | None = None, timeout: float = 60, token: str = ""
) -> "subprocess.CompletedProcess[str]":
    """Run a verb as a person would; `token` says who."""
    environment = {k: v for k, v in os.environ.items() if k != "XSTOCK_HOME"}
    if home is not None:
        environment["XSTOCK_HOME"] = str(home)
    if token:
        environment["XSTOCK_TOKEN"] = token
    command = [sys.executable, "-m", "xstock_node", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)


class Ran(NamedTuple):
    """How a verb ended in this process, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def xstock_here(*words: str, home: Path | None = None) -> Ran:
    """Run a verb in this process, where only its words count: no second of start-up."""
    from xstock_node.cli.main import run

    kept, sys.argv = sys.argv, ["xstock", *words]
    with CliRunner().isolation(env={"XSTOCK_HOME": str(home) if home else None, "XSTOCK_TOKEN": None}) as (out, err, _):
        try:
            run()
            code: Any = 0
        except SystemExit as ended:
            code = ended.code
        finally:
            sys.argv = kept
        return Ran(code or 0, out.getvalue().decode(), err.getvalue().decode())
