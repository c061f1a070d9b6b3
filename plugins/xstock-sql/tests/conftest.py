"""A PostgreSQL of the test run's own: the machine's binaries on a temporary folder, a loopback port, a password."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest

ADMIN, READER, PASSWORD = "owner", "reader", "correct horse"
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))


class Postgres:
    """A running server; `admin()` opens it for changes."""

    def __init__(self, folder: Path, port: int, start: Callable[[], None], stop: Callable[[], None]) -> None:
        self.folder, self.port, self.start, self.stop = folder, port, start, stop

    @property
    def url(self) -> str:
        return f"postgresql://{READER}@127.0.0.1:{self.port}/postgres"

    def execute(self, *statements: str) -> None:
        with psycopg.connect(
            f"host=127.0.0.1 port={self.port} user={ADMIN} dbname=postgres", password=PASSWORD
        ) as line:
            for statement in statements:
                line.execute(statement)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Started once for a worker. Skips where the machine has no PostgreSQL, fails in CI."""
    program = shutil.which("initdb") or (str(BINARIES[-1]) if BINARIES else None)
    if program is None:
        missing("this machine has no PostgreSQL: initdb is not in /usr/lib/postgresql")
    with _running(Path(program).parent) as server:
        yield server


def missing(why: str) -> NoReturn:
    """Skips, but fails in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def _running(binaries: Path) -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="xstock-pg-"))
    secret = folder / "secret"
    secret.write_text(PASSWORD, "utf-8")
    before = _as_somebody(folder)
    data = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])

    def run(*words: str | Path) -> None:
        subprocess.run([*before, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd=folder)

    def start() -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")

    def stop() -> None:
        run(binaries / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")

    secure = ("-A", "scram-sha-256", f"--pwfile={secret}", "-U", ADMIN, "--no-sync", "-E", "UTF8", "--locale=C")
    run(binaries / "initdb", "-D", data, *secure)
    start()
    try:
        yield Postgres(folder, port, start, stop)
    finally:
        subprocess.run([*before, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)


def _as_somebody(folder: Path) -> list[str]:
    """PostgreSQL does not run as root: then as `postgres`, or as nobody."""
    if os.geteuid() != 0:
        return []
    for name in ("postgres", "nobody"):
        try:
            shutil.chown(folder, name)
            shutil.chown(folder / "secret", name)
        except LookupError:
            continue
        return ["runuser", "-u", name, "--"]
    missing("PostgreSQL does not run as root, and this machine has no other user for it")
