"""A process that is held by Landlock and seccomp, tried from below Python: by the C library itself."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from xstock_node.plugins import landlock, sandbox

DEEDS = """
import ctypes, json, os, socket, sys, threading
from pathlib import Path
from xstock_node.plugins.landlock import confine
folder, network, node = Path(sys.argv[1]), sys.argv[2] == "net", int(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
confine([folder / "seen", Path("/usr"), Path("/lib"), Path(sys.base_prefix)], [Path("/dev/null")], network)
def tried(name, *arguments):
    ctypes.set_errno(0)
    return getattr(libc, name)(*arguments) >= 0 or os.strerror(ctypes.get_errno())
path = lambda *words: os.fsencode(folder.joinpath(*words))
worked = []
thread = threading.Thread(target=lambda: worked.append(len(socket.socketpair())))
thread.start(); thread.join()
print(json.dumps({
    "reads what it may": tried("open", path("seen", "list"), os.O_RDONLY),
    "writes what it may read": tried("open", path("seen", "list"), os.O_WRONLY),
    "reads the key": tried("open", path("keys", "signing.key"), os.O_RDONLY),
    "lists the folder": tried("open", path(), os.O_RDONLY),
    "makes a file": tried("open", path("seen", "new"), os.O_WRONLY | os.O_CREAT, 0o600),
    "removes the key": tried("unlink", path("keys", "signing.key")),
    "links the key": tried("link", path("keys", "signing.key"), path("seen", "key")),
    "opens a unix socket": tried("socket", socket.AF_UNIX, socket.SOCK_STREAM, 0),
    "opens a net socket": tried("socket", socket.AF_INET, socket.SOCK_STREAM, 0),
    "signals the node": tried("kill", node, 0),
    "looks into the node": tried("ptrace", 16, node, 0, 0),
    "starts a program": tried("execv", b"/usr/bin/true", None),
    "makes a namespace": tried("unshare", 0x10000000),
    "uses a ring": tried("syscall", 425, 8, ctypes.create_string_buffer(256)),
    "threads and pairs": worked == [2],
    "writes nowhere": tried("open", b"/dev/null", os.O_WRONLY),
}))
"""
BARRED, DENIED = "Operation not permitted", "Permission denied"
pytestmark = pytest.mark.skipif(not landlock.works(), reason="the kernel has no Landlock, or it is off")


def deeds(folder: Path, network: str) -> dict[str, Any]:
    (folder / "seen").mkdir()
    (folder / "seen" / "list").write_text("x")
    (folder / "keys").mkdir()
    (folder / "keys" / "signing.key").write_text("secret")
    command = [sys.executable, "-c", DEEDS, str(folder), network, str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert (folder / "keys" / "signing.key").read_text() == "secret"
    return found


@pytest.mark.parametrize("network", ["none", "net"])
def test_it_reads_what_it_may_and_does_nothing_else(tmp_path: Path, network: str) -> None:
    found = deeds(tmp_path, network)
    may = {"reads what it may", "threads and pairs", "writes nowhere"} | (
        {"opens a net socket"} if network == "net" else set()
    )
    assert {deed for deed, came in found.items() if came is True} == may
    assert {came for came in found.values() if came is not True} <= {BARRED, DENIED}


def test_the_node_s_own_socket_is_out_of_reach(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as api:
        api.bind(str(tmp_path / "api.sock"))
        api.listen()
        assert deeds(tmp_path, "net")["opens a unix socket"] == BARRED


def test_a_data_folder_inside_what_a_plugin_sees_is_not_given_to_landlock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: "")
    outside = sandbox.start(tmp_path / "plugin", [], False, tmp_path / "home", "auto")
    within = sandbox.start(tmp_path, [], False, tmp_path / "home", "auto")
    assert outside.wrapped and sandbox.CONFINED in outside.command
    assert not within.wrapped and sandbox.CONFINED not in within.command


def test_no_other_module_is_run_held() -> None:
    command = [sys.executable, "-m", sandbox.CONFINED, "http.server", "none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "expected a module of xstock_node.plugins" in done.stderr
