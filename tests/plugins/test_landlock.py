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
HARMS = """
import ctypes, errno, json, os, platform, socket, sys, threading
from pathlib import Path
from xstock_node.plugins.landlock import confine
folder, node = Path(sys.argv[1]), int(sys.argv[2])
libc = ctypes.CDLL(None, use_errno=True)
key, here = os.fsencode(folder / "signing.key"), -100
fd = os.open(key, os.O_RDONLY)
as_it_is = (ctypes.c_ulong * 2)()
libc.prlimit(node, 0, None, as_it_is)
cpus, nice = (ctypes.c_ulong * 128)(), os.getpriority(os.PRIO_PROCESS, node)
libc.sched_getaffinity(node, 1024, cpus)
zero = ctypes.create_string_buffer(64)
intel = platform.machine() == "x86_64"
clone = 56 if intel else 220
ring = socket.socketpair()
confine([folder, Path("/usr"), Path("/lib"), Path(sys.base_prefix)], [Path("/dev/null")], False)
def tried(name, *arguments):
    ctypes.set_errno(0)
    return getattr(libc, name)(*arguments) >= 0 or errno.errorcode[ctypes.get_errno()]
def cloned(*call):
    ctypes.set_errno(0)
    child = libc.syscall(*call)
    if child == 0:
        os._exit(0)
    return child > 0 or errno.errorcode[ctypes.get_errno()]
attribute = (b"user.harm", b"x", 1, 0)
owner = (ctypes.c_int * 2)(1, node)
found = {
    "chmod": tried("chmod", key, 0o777),
    "fchmod": tried("fchmod", fd, 0o777),
    "fchmodat": tried("fchmodat", here, key, 0o777, 0),
    "fchmodat2": tried("syscall", 452, here, key, 0o777, 0),
    "chown": tried("chown", key, -1, -1),
    "lchown": tried("lchown", key, -1, -1),
    "fchown": tried("fchown", fd, -1, -1),
    "fchownat": tried("fchownat", here, key, -1, -1, 0),
    "utime": tried("utime", key, None),
    "utimes": tried("utimes", key, None),
    "futimes": tried("futimes", fd, None),
    "futimesat": tried("futimesat", here, key, None),
    "utimensat": tried("utimensat", here, key, None, 0),
    "setxattr": tried("setxattr", key, *attribute),
    "lsetxattr": tried("lsetxattr", key, *attribute),
    "fsetxattr": tried("fsetxattr", fd, *attribute),
    "setxattrat": tried("syscall", 463, here, key, 0, b"user.harm", zero, 16),
    "removexattr": tried("removexattr", key, b"user.harm"),
    "lremovexattr": tried("lremovexattr", key, b"user.harm"),
    "fremovexattr": tried("fremovexattr", fd, b"user.harm"),
    "removexattrat": tried("syscall", 466, here, key, 0, b"user.harm"),
    "file_setattr": tried("syscall", 469, here, key, zero, 24, 0),
    "truncate": tried("truncate", key, 0),
    "limits the node": tried("prlimit", node, 0, as_it_is, None),
    "reads the node's limits": tried("prlimit", node, 0, None, as_it_is),
    "slows the node": tried("setpriority", 0, node, nice),
    "slows its group": tried("setpriority", 1, 0, nice),
    "slows all of its user": tried("setpriority", 2, 0, nice),
    "sched_setparam": tried("sched_setparam", node, zero),
    "sched_setscheduler": tried("sched_setscheduler", node, 0, zero),
    "sched_setaffinity": tried("sched_setaffinity", node, 1024, cpus),
    "sched_setattr": tried("syscall", 314 if intel else 274, node, zero, 0),
    "ioprio_set": tried("syscall", 251 if intel else 30, 1, node, 0),
    "migrate_pages": tried("syscall", 256 if intel else 238, node, 0, None, None),
    "move_pages": tried("syscall", 279 if intel else 239, node, 0, None, None, None, 0),
    "process_madvise": tried("syscall", 440, -1, None, 0, 20, 0),
    "process_mrelease": tried("syscall", 448, -1, 0),
    "F_SETOWN": tried("fcntl", ring[0].fileno(), 8, node),
    "F_SETOWN_EX": tried("fcntl", ring[0].fileno(), 15, owner),
    "FIOSETOWN": tried("ioctl", ring[0].fileno(), 0x8901, ctypes.byref(ctypes.c_int(node))),
    "SIOCSPGRP": tried("ioctl", ring[0].fileno(), 0x8902, ctypes.byref(ctypes.c_int(node))),
    "setns": tried("setns", fd, 0),
    **{f"unshare {flag:x}": tried("unshare", flag) for flag in
       (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)},
    **{f"clone {flag:x}": cloned(clone, flag | 17, 0, 0, 0, 0) for flag in
       (0x8000, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)},
}
worked = []
thread = threading.Thread(target=lambda: worked.append(1))
thread.start(); thread.join()
child = os.fork()
if not child:
    os._exit(7)
may = {
    "its own limits": tried("prlimit", 0, 0, as_it_is, None),
    "slows itself": tried("setpriority", 0, 0, nice + 1),
    "starts threads": worked == [1],
    "forks": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7,
    "clones plainly": cloned(clone, 17, 0, 0, 0, 0),
    "controls its files": tried("fcntl", fd, 1, 0),
}
print(json.dumps([found, may, cloned(435, zero, 64)]))
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


def test_files_and_the_node_are_not_harmed_by_what_landlock_leaves_alone(tmp_path: Path) -> None:
    key = tmp_path / "signing.key"
    key.write_text("secret")
    key.chmod(0o600)
    os.utime(key, (1, 1))
    command = [sys.executable, "-c", HARMS, str(tmp_path), str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    harms, may, by_a_struct = json.loads(done.stdout)
    assert {deed: came for deed, came in harms.items() if came != "EPERM"} == {}
    assert {deed: came for deed, came in may.items() if came is not True} == {}
    assert by_a_struct == "ENOSYS"
    after = key.stat()
    assert (key.read_text(), after.st_mode & 0o777, after.st_mtime) == ("secret", 0o600, 1)


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
