"""A machine to install on: a fresh Debian root, booted with its own systemd and no network but the loopback."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "build" / "deploy"
SUITE = "bookworm"
BARE = ("systemd", "systemd-sysv", "python3")
"""What a plain server of that release has at the least: the node's own needs are not among it."""


class Failed(AssertionError):
    """A command of the new machine that did not end with 0."""


def need(*programs: str) -> None:
    """Say at once what this machine lacks."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        raise SystemExit(f"expected root and {', '.join(programs)}; came no {', '.join(missing) or 'root'}")


def bundle() -> Path:
    """The newest off-line bundle, made anew when there is none of this commit."""
    made = subprocess.run(
        [sys.executable, ROOT / "deploy" / "offline" / "make.py"], stdout=subprocess.PIPE, text=True, check=True
    )
    print(made.stdout.strip(), file=sys.stderr)
    return max((ROOT / "dist").glob("*-offline.tar.gz"), key=lambda path: path.stat().st_mtime)


def fresh(folder: Path, packages: Sequence[str] = BARE) -> Path:
    """A new root with these packages, unpacked from one that is made once."""
    kept = CACHE / f"{SUITE}-{hashlib.sha256(' '.join(sorted(packages)).encode()).hexdigest()[:12]}.tar"
    CACHE.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        part = kept.with_suffix(".part.tar")
        wanted = f"--include={','.join(packages)}"
        subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", wanted, SUITE, part], check=True)
        part.rename(kept)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["tar", "-x", "--numeric-owner", "-C", folder, "-f", kept], check=True)
    return folder


class Machine:
    """A booted root; `run` runs a command in it as root, `log` is what its console and journal said."""

    def __init__(self, root: Path, leader: int) -> None:
        self.root, self._leader = root, leader

    def run(self, command: str, check: bool = True, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """A line of shell in the machine, with the environment of a fresh login."""
        inside = ["nsenter", f"--target={self._leader}", "--all", "--root", "--wd", "--"]
        clean = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp"]
        done = subprocess.run(
            [*inside, *clean, "LANG=C.UTF-8", "bash", "-c", command],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if check and done.returncode:
            raise Failed(f"{command}\nended with {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def wait(self, command: str, seconds: float = 60) -> str:
        """Run a command until it succeeds."""
        until = time.monotonic() + seconds
        while True:
            done = self.run(command, check=False)
            if done.returncode == 0:
                return done.stdout
            if time.monotonic() > until:
                raise Failed(
                    f"{command}\nstill ends with {done.returncode} after {seconds} s\n{done.stdout}{done.stderr}"
                )
            time.sleep(0.3)


@contextmanager
def booted(root: Path) -> Iterator[Machine]:
    """Boot a root with systemd-nspawn. At the end it is switched off and removed; where something failed it stays."""
    # Its own filter of system calls knows no Landlock, which a machine that is none of nspawn's lets everybody use.
    landlock = "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self"
    command = ["systemd-nspawn", "--quiet", "-b", "--register=no", "--keep-unit", "--private-network", "-D", str(root)]
    command.append(landlock)
    log = root.with_name(f"{root.name}.console").open("wb")
    running = subprocess.Popen(
        [*command, "--console=pipe"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    try:
        machine = Machine(root, _leader(running))
        machine.wait("systemctl is-system-running | grep -E 'running|degraded'", 120)
        yield machine
        machine.run("systemctl poweroff", check=False)
        running.wait(60)
        shutil.rmtree(root)
    finally:
        log.close()
        if running.poll() is None:
            running.terminate()
            try:
                running.wait(20)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _leader(running: "subprocess.Popen[bytes]") -> int:
    """The first process of the machine, as this system counts."""
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if running.poll() is not None:
            raise Failed(f"systemd-nspawn ended with {running.returncode}")
        for child in children.read_text("ascii").split():
            if Path(f"/proc/{child}/comm").read_text("ascii").strip() in {"systemd", "init"}:
                return int(child)
        time.sleep(0.1)
    raise Failed("systemd-nspawn started no machine within 30 s")
