"""A PostgreSQL of the test run's own: the machine's binaries on a temporary folder, a loopback port, a password."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

OWNER, PASSWORD = "owner", "correct horse"
BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))


class NoServer(Exception):
    """This machine has no PostgreSQL that can be started; its words say why."""


class Postgres:
    """A server of our own. `options` are settings beside; without `fsync` it is quick and keeps nothing safe."""

    def __init__(self, folder: Path, binaries: Path, before: Sequence[str], options: str) -> None:
        self.folder, self._binaries, self._before, self._options = folder, binaries, before, options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    def conninfo(self, user: str = OWNER) -> str:
        """The connection string of a user of the database `postgres`, with the password."""
        return f"host=127.0.0.1 port={self.port} user={user} dbname=postgres password='{PASSWORD}'"

    def url(self, user: str) -> str:
        """The same as an address, without the password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        """Make the files of the server."""
        secret = self.folder / "secret"
        secure = ("-A", "scram-sha-256", f"--pwfile={secret}", "-U", OWNER, "--no-sync", "-E", "UTF8", "--locale=C")
        self._run("initdb", *secure)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-w", "-l", self.folder / "log", "-o", f"{options} {self._options}", "start")

    def stop(self) -> None:
        """End it as a power cut would."""
        self._run("pg_ctl", "-w", "-m", "immediate", "stop")

    def execute(self, *statements: str) -> None:
        """Run statements as the owner."""
        import psycopg

        with psycopg.connect(self.conninfo(), autocommit=True) as line:
            for statement in statements:
                line.execute(statement.encode())

    def _run(self, program: str, *words: str | Path) -> None:
        command = [*self._before, self._binaries / program, "-D", self.folder / "data", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, cwd=self.folder)


@contextmanager
def running(options: str = "-c fsync=off") -> Iterator[Postgres]:
    """A server that is there inside the block. Raises `NoServer`."""
    program = shutil.which("initdb", path="/usr/bin") or (str(BINARIES[-1]) if BINARIES else shutil.which("initdb"))
    if program is None:
        raise NoServer("this machine has no PostgreSQL: initdb is not in /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="xstock-pg-"))
    try:
        (folder / "secret").write_text(PASSWORD, "utf-8")
        found = Postgres(folder, Path(program).resolve().parent, _as_somebody(folder), options)
        found.create()
        found.start()
        try:
            yield found
        finally:
            found.stop()
    finally:
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
    raise NoServer("PostgreSQL does not run as root, and this machine has no other user for it")
