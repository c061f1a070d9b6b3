"""`make deploy-container`: the image is built from the off-line bundle on a base made here, and run without any right.

One JSON line says what was seen inside; it ends with 1 where the node does not answer, or where something may be
written or done that should not.
"""

import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import click

from tests.deploy.machine import CACHE, ROOT, bundle, fresh, need

BASE, IMAGE, NAME, OWNER = "localhost/xstock-base:trial", "localhost/xstock-node:trial", "xstock-trial", 10001
PODMAN = ("podman", "--runtime", "runc")
# The timer of the health check wants a systemd around Podman; it is run by hand instead.
BOUNDS = (
    *("--network=host", "--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", f"--user={OWNER}:{OWNER}"),
    *("--security-opt=no-new-privileges", "--tmpfs=/tmp:mode=1777,size=64m,noexec,nosuid,nodev", "--pids-limit=-1"),
    *("--ulimit=nofile=16384:16384", "--ulimit=nproc=4096:4096", "--no-healthcheck"),
)
NO_RIGHT = "0000000000000000"


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A command; its last words where it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))[:300]} ended with {done.returncode}\n{done.stderr[-3000:]}")
    return done


def make_base() -> None:
    """An image of a Debian root with Python and nothing of ours."""
    root = fresh(CACHE / "base", ("python3",))
    made = run("buildah", "from", "scratch").stdout.strip()
    try:
        run("buildah", "copy", "--quiet", made, root, "/")
        run("buildah", "commit", "--quiet", made, BASE)
    finally:
        run("buildah", "rm", made, check=False)
    shutil.rmtree(root)


def make_image(packed: Path) -> float:
    """Build by the Containerfile; seconds."""
    context = CACHE / "context"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(ROOT / "deploy" / "container", context)
    shutil.copy(packed, context)
    began = time.monotonic()
    arguments = ("--isolation", "chroot", "--format", "docker", "--pull-never", "--build-arg", f"BASE={BASE}")
    run("buildah", "build", *arguments, "-t", IMAGE, context)
    shutil.rmtree(context)
    return round(time.monotonic() - began, 1)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def health(port: int, seconds: float = 60) -> dict[str, int]:
    """What the local port says of health, once it is up."""
    until = time.monotonic() + seconds
    while True:
        try:
            found = {}
            for path in ("/livez", "/readyz"):
                found[path] = _status(port, path)
            return found
        except OSError as error:
            if time.monotonic() > until:
                said = run(*PODMAN, "logs", NAME, check=False)
                raise SystemExit(f"no health within {seconds} s: {error}\n{said.stdout}{said.stderr}") from None
            time.sleep(0.3)


def _status(port: int, path: str) -> int:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", path)
        return line.getresponse().status
    finally:
        line.close()


def inside(command: str) -> subprocess.CompletedProcess[str]:
    """A line of shell in the running container, as its own user."""
    return run(*PODMAN, "exec", NAME, "sh", "-c", command, check=False)


def look(data: Path) -> dict[str, object]:
    """Start a node on `data` and look at it from outside and from inside."""
    volume, port = f"--volume={data}:/data", free_port()
    words = ("--name", "redcross.bg", "--country", "BG", "--url", "https://bg.example.org", "--port", str(free_port()))
    run(*PODMAN, "run", "--rm", *BOUNDS, volume, IMAGE, "init", *words)
    with (data / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[local_port]\nport = {port}\n")
    run(*PODMAN, "run", "--detach", "--name", NAME, *BOUNDS, volume, IMAGE)
    told: dict[str, object] = {"health": health(port)}
    status = inside("xstock status --json")
    told["status"] = json.loads(status.stdout)["running"]
    plugins = json.loads(inside("xstock plugin list --json").stdout)
    told["isolation"] = sorted({one["isolation"] for one in plugins if one["state"] == "loaded"} - {"none"})
    checked = inside("/opt/xstock-node/current/bin/python -I /opt/xstock-node/healthcheck.py")
    told["healthcheck"] = checked.returncode
    kept = ("Uid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
    lines = (line.split(":") for line in inside("cat /proc/1/status").stdout.splitlines())
    told["process"] = {name: words.split()[0] for name, words in lines if name in kept}
    refused = {path: inside(f"touch {path}/x") for path in ("/", "/etc", "/opt/xstock-node/current", "/var/tmp")}  # noqa: S108
    told["writes"] = {path: done.stderr.strip().rpartition(": ")[2] for path, done in refused.items()}
    told["data_written"] = inside("touch /data/x && rm /data/x").returncode == 0
    began = time.monotonic()
    run(*PODMAN, "stop", "--time", "30", NAME)
    told["stop_seconds"] = round(time.monotonic() - began, 1)
    told["exit"] = int(run(*PODMAN, "inspect", "--format", "{{.State.ExitCode}}", NAME).stdout)
    return told


@click.command()
@click.option("--bundle", "packed", type=click.Path(path_type=Path), help="An off-line bundle; else one is made.")
def main(packed: Path | None) -> None:
    """Build, run, look, clear away."""
    need("buildah", "podman", "runc", "mmdebstrap")
    packed = packed or bundle()
    data = CACHE / "container-data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    shutil.chown(data, OWNER, OWNER)
    make_base()
    told: dict[str, object] = {"build_seconds": make_image(packed)}
    try:
        told["image_bytes"] = int(run("podman", "image", "inspect", "--format", "{{.Size}}", IMAGE).stdout)
        told |= look(data)
    finally:
        run(*PODMAN, "rm", "--force", NAME, check=False)
        run("podman", "rmi", "--force", IMAGE, BASE, check=False)
        shutil.rmtree(data)
    process: dict[str, str] = told["process"]  # type: ignore[assignment]
    expected = {
        "health": told["health"] == {"/livez": 200, "/readyz": 200} and told["healthcheck"] == 0,
        "status": told["status"] is True,
        "isolation": told["isolation"] == ["process and Landlock"],
        "rights": all(value == NO_RIGHT for name, value in process.items() if name.startswith("Cap")),
        "user": process["Uid"] == str(OWNER) and process["NoNewPrivs"] == "1",
        "writes": set(told["writes"].values()) == {"Read-only file system"} and told["data_written"] is True,  # type: ignore[attr-defined]
        "stop": told["exit"] == 0,
    }
    told["wrong"] = sorted(name for name, holds in expected.items() if not holds)
    print(json.dumps(told))
    sys.exit(1 if told["wrong"] else 0)


if __name__ == "__main__":
    main()
