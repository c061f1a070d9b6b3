"""Real Tryton servers of a version: installed by name once, a seeded database once, copied for each test.

    with running("8.2", folder) as server:
        server.url, server.database, server.user, server.password
        server.rpc("model.stock.shipment.internal.search_read", [], 0, None, None, ["state"], {})

Environments and seeded databases lie in `.tryton/` of the project (or `XSTOCK_TRYTON`), which git ignores.
"""

import base64
import fcntl
import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XSTOCK_TRYTON", HERE.parents[2] / ".tryton"))
MODULES = ("stock", "stock_lot", "stock_lot_sled")
PASSWORD = "Blue7tents+wagon"  # noqa: S105
START_SECONDS = 60
CONFIG = """[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
[cache]
clean_timeout = 0
[session]
max_attempt = 5
timeout = 600
"""


@dataclass
class Tryton:
    """A running server; `rpc` asks it beside the plugin, as the user `xstock` or another."""

    version: str
    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"
    database: str = "db"
    user: str = "xstock"
    password: str = PASSWORD
    _headers: dict[str, dict[str, str]] = field(default_factory=dict)
    _context: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def path(self) -> str:
        return f"/{self.database}/rpc/" if self.version >= "7.2" else f"/{self.database}/"

    def post(self, path: str, method: str, params: list[Any], headers: dict[str, str]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}).encode()
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        line.request("POST", path, body, {"Content-Type": "application/json"} | headers)
        answer = line.getresponse()
        text = answer.read()
        line.close()
        if answer.status != 200:
            raise RuntimeError(f"{method}: {answer.status} {text[:200]!r}")
        found = json.loads(text)
        if "error" in found:
            raise RuntimeError(found["error"])
        return found["result"]

    def rpc(self, method: str, *params: Any, user: str = "xstock") -> Any:
        """Call a method; a last parameter {} becomes the user's own context."""
        if user not in self._headers:
            number, key = self.post(self.path, "common.db.login", [user, {"password": PASSWORD}, None], {})[:2]
            token = base64.b64encode(f"{user}:{number}:{key}".encode()).decode()
            self._headers[user] = {"Authorization": f"Session {token}"}
            self._context[user] = self.post(
                self.path, "model.res.user.get_preferences", [True, {}], self._headers[user]
            )
        given = [*params[:-1], self._context[user]] if params and params[-1] == {} else list(params)
        return self.post(self.path, method, given, self._headers[user])

    def shipments(self, *fields: str) -> list[dict[str, Any]]:
        """All internal shipments, oldest first."""
        wanted = ["reference", "state", *fields]
        order = [["id", "ASC"]]
        return self.rpc("model.stock.shipment.internal.search_read", [], 0, None, order, wanted, {})

    def quantity(self, code: str, location: str) -> float:
        """What is on hand of an item in a location, by their codes."""
        (place,) = self.rpc("model.stock.location.search", [["code", "=", location]], 0, None, None, {})
        context = self._context["xstock"] | {"locations": [place], "with_childs": False}
        asked = [[["code", "=", code]], 0, None, None, ["quantity"], context]
        return self.rpc("model.product.product.search_read", *asked)[0]["quantity"]

    def sql(self, *words: str) -> None:
        """Change the database behind the server's back, such as to end sessions."""
        code = "import sqlite3,sys\nc=sqlite3.connect(sys.argv[1],timeout=20)\nc.execute(sys.argv[2])\nc.commit()"
        for word in words:
            subprocess.run([sys.executable, "-c", code, self.folder / "db.sqlite", word], check=True)

    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


@contextmanager
def _alone(version: str) -> Iterator[None]:
    """One process makes an environment and its database; others wait for it."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python(version: str) -> Path:
    """The Python of an environment with this Tryton; made and filled at the first call."""
    home = CACHE / version
    done = home / "installed"
    if not done.exists():
        venv.create(home, with_pip=True, clear=True)
        names = ["trytond", "proteus", *(f"trytond-{m.replace('_', '-')}" for m in MODULES)]
        asked = [f"{name}=={version}.*" for name in names]
        pip = [home / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        if version < "7.0":
            asked.append("setuptools<81")  # it finds its modules by pkg_resources
        subprocess.run([*pip, *asked], check=True)
        done.touch()
    return home / "bin/python"


def seeded(version: str) -> Path:
    """A folder with `db.sqlite`, seeded by `seed.py`; made once for each version and seed."""
    with _alone(version):
        return _seeded(version)


def _seeded(version: str) -> Path:
    runner = python(version)
    mark = hashlib.sha256((HERE / "seed.py").read_bytes()).hexdigest()[:12]
    ready = CACHE / version / f"seed-{mark}"
    if (ready / "db.sqlite").exists():
        return ready
    work = CACHE / version / f"making-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    config, secret = work / "trytond.conf", work / "admin"
    config.write_text(CONFIG.format(folder=work, port=0), "utf-8")
    secret.write_text(PASSWORD, "utf-8")
    (work / "db.sqlite").touch()
    admin = [runner.with_name("trytond-admin"), "-c", config, "-d", "db", "--all", "--email", "admin@redcross.example"]
    surrounding = os.environ | {"TRYTONPASSFILE": str(secret)}
    subprocess.run([*admin, "-u", *MODULES, "--activate-dependencies"], check=True, env=surrounding)
    subprocess.run([runner, HERE / "seed.py", config, "db", PASSWORD], check=True)
    shutil.rmtree(ready, ignore_errors=True)
    work.rename(ready)
    return ready


@contextmanager
def running(version: str, folder: Path, port: int = 0) -> Iterator[Tryton]:
    """A server on a copy of the seeded database in `folder`, on a free loopback port or a given one."""
    if not (folder / "db.sqlite").exists():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(seeded(version) / "db.sqlite", folder / "db.sqlite")
    port = port or free_port()
    config = folder / "trytond.conf"
    config.write_text(CONFIG.format(folder=folder, port=port), "utf-8")
    with (folder / "log").open("ab") as log:
        command = [python(version).with_name("trytond"), "-c", config, "-d", "db"]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    server = Tryton(version, port, folder, process)
    try:
        _wait(server)
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Tryton) -> None:
    """Until it answers; polled, since trytond tells nobody that it listens."""
    end = time.monotonic() + START_SECONDS
    root = "/rpc/" if server.version >= "7.2" else "/"
    while server.process.poll() is None and time.monotonic() < end:
        try:
            server.post(root, "common.server.version", [], {})
            return
        except (OSError, RuntimeError, http.client.HTTPException):
            time.sleep(0.1)
    raise RuntimeError(f"trytond {server.version} did not start:\n{server.log()[-3000:]}")
