#!/usr/bin/env python3
"""Install the X-Stock node of this bundle, upgrade one that is there, or go back to the one before. No network is used.

  python3 install.py              into /opt/xstock-node/VERSION, which `current` then names
  python3 install.py --service    the same, with the systemd units, the user and the command `xstock` of this machine
  python3 install.py --rollback   the version before is the current one again
  python3 install.py --remove     take away what the installer put there; data and back-ups stay

Nothing changes before every file of the bundle is found as SHA256SUMS says and the new version has been tried.
"""
# Without type annotations: an older Python 3 has to get as far as being told which one is wanted.

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
UNITS = ("xstock-node.service", "xstock-backup.service", "xstock-backup.timer")
PREFIX = "/opt/xstock-node"
PLACES = {
    "xstock": "usr/local/bin/xstock",
    "xstock-node.sysusers": "etc/sysusers.d/xstock-node.conf",
    "xstock-node.tmpfiles": "etc/tmpfiles.d/xstock-node.conf",
}
PLACES.update((unit, f"etc/systemd/system/{unit}") for unit in UNITS)
PAGES = ("README.md", "SECURITY.md", "LICENSE", "CHANGELOG.md", "sbom.cdx.json", "sample.csv")


class Refused(Exception):
    """What was expected, what came, what to do."""

    def __init__(self, code, expected, came, do):
        super().__init__(f"expected {expected}; came {came}; {do}")
        self.told = {"code": code, "expected": expected, "came": came, "do": do}


def main():
    """Parse, act, and say what became of it: one JSON value on stdout with --json, sentences on stderr."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", default=PREFIX, help="folder of the versions (default: %(default)s)")
    parser.add_argument("--root", default="/", help="root of the system that --service writes into")
    parser.add_argument("--service", action="store_true", help="install the systemd units, the user and the command")
    parser.add_argument("--rollback", action="store_true", help="make the version before the current one")
    parser.add_argument("--remove", action="store_true", help="remove all versions and units; data stays")
    parser.add_argument("--json", action="store_true", help="one JSON value on stdout")
    said = parser.parse_args()
    prefix, root = Path(said.prefix).absolute(), Path(said.root).absolute()
    try:
        if said.rollback:
            told = roll_back(prefix)
        elif said.remove:
            told = remove(prefix, root)
        else:
            told = install(prefix)
            told["files"] = serve(prefix, root) if said.service else []
    except (Refused, OSError) as error:
        sys.stderr.write(f"{error}\n")
        if said.json:
            print(json.dumps({"error": getattr(error, "told", {"code": "failed", "came": str(error)})}))
        return 1
    sys.stderr.write(told.pop("say") + "\n")
    if said.json:
        print(json.dumps(told))
    return 0


def install(prefix):
    """A new environment beside the one in use; `current` names it once it has been tried."""
    bundle = json.loads((HERE / "BUNDLE.json").read_text("utf-8"))
    check_machine(bundle)
    mark = check_sums()
    place = prefix / bundle["version"]
    if place.exists() and mark_of(place) != mark:
        place = prefix / f"{bundle['version']}-{mark[:8]}"  # another build of the same version
    if mark_of(place) != mark:
        shutil.rmtree(place, ignore_errors=True)
        try:
            fill(place)
            call(place / "bin" / "xstock", "config", "explain", "--json")  # tried before anybody depends on it
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
        (place / "bundle.sha256").write_text(mark, "ascii")
    before = target(prefix / "current")
    if before and before != place.name:
        point(prefix / "previous", before)
    point(prefix / "current", place.name)
    say = f"installed {bundle['version']} in {place}"
    say += f"; before: {before} (--rollback goes back to it)" if before else ""
    gone = prune(prefix)
    return {"installed": str(place), "version": bundle["version"], "before": before, "removed": gone, "say": say}


def check_machine(bundle):
    """Refuse another Python, system, processor or an older C library than the wheels were built for."""
    came = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if came != bundle["python"] or sys.implementation.name != "cpython":
        do = f"run install.py with python{bundle['python']}, or take the bundle for Python {came}"
        raise Refused("wrong-python", f"CPython {bundle['python']}", f"{sys.implementation.name} {came}", do)
    expected, found = f"{bundle['system']} on {bundle['machine']}", f"{platform.system()} on {platform.machine()}"
    if expected != found:
        raise Refused("wrong-platform", expected, found, "take the bundle for this machine")
    kind, number = platform.libc_ver()
    wanted = tuple(map(int, bundle["glibc"].split(".")))
    if kind != "glibc" or tuple(map(int, number.split(".")[:2])) < wanted:
        came = f"{kind} {number}".strip() or "another C library"
        raise Refused("wrong-platform", f"glibc {bundle['glibc']} or newer", came, "use a newer system")


def check_sums():
    """Every file as SHA256SUMS says, and no other; the sum of SHA256SUMS itself, by which the bundle is known."""
    said = (HERE / "SHA256SUMS").read_bytes()
    listed = {}
    for line in said.decode("ascii").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    do = "fetch the bundle again, and compare its own SHA-256 with the one that was announced"
    found = {str(path.relative_to(HERE)) for path in HERE.rglob("*") if not path.is_dir()}
    strange = sorted(found - set(listed) - {"SHA256SUMS"})
    if strange:
        raise Refused("unknown-file", "the files of SHA256SUMS alone", strange[0], do)
    for name in sorted(listed):
        path = HERE / name
        came = sum_of(path) if name in found and not path.is_symlink() else "no such file"
        if came != listed[name]:
            raise Refused("wrong-checksum", f"{name} with SHA-256 {listed[name]}", came, do)
    return hashlib.sha256(said).hexdigest()


def fill(place):
    """An environment with all wheels, each checked once more by pip against requirements.txt."""
    wheels = HERE / "wheels"
    pip = next(wheels.glob("pip-*.whl"))
    call(sys.executable, "-m", "venv", "--without-pip", place)
    fixed = ("--no-index", "--find-links", wheels, "--require-hashes", "--only-binary", ":all:", "--no-deps")
    quiet = ("--quiet", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action", "ignore")
    listed = ("-r", HERE / "requirements.txt")
    call(place / "bin" / "python", "-I", pip / "pip", "--isolated", "install", *fixed, *quiet, *listed)
    shown = place / "share" / "doc" / "xstock-node"
    shown.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        shutil.copy(str(HERE / name), str(shown / name))


def roll_back(prefix):
    """Change places between `current` and `previous`."""
    now, before = target(prefix / "current"), target(prefix / "previous")
    if not before or not (prefix / before).is_dir():
        raise Refused("nothing-before", "a version before the current one", f"none in {prefix}", "install one")
    point(prefix / "current", before)
    point(prefix / "previous", now)
    return {"current": before, "previous": now, "say": f"{before} is current again; restart the service"}


def prune(prefix):
    """Remove versions that neither `current` nor `previous` names."""
    kept = {target(prefix / "current"), target(prefix / "previous")}
    gone = [path for path in sorted(prefix.iterdir()) if path.name not in kept and is_version(path)]
    for path in gone:
        shutil.rmtree(str(path))
    return [path.name for path in gone]


def serve(prefix, root):
    """The units, the user, the folders and the command; what is there of an earlier version is replaced."""
    for name, place in sorted(PLACES.items()):
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (HERE / "service" / name).read_text("utf-8").replace(f"{PREFIX}/", f"{prefix}/")
        new = path.with_name(path.name + ".new")
        new.write_text(text, "utf-8")
        new.chmod(0o755 if name == "xstock" else 0o644)
        new.replace(path)
    if root == Path("/"):
        call("systemd-sysusers", "/etc/sysusers.d/xstock-node.conf")
        call("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/xstock-node.conf")
        reload_units()
    return [f"/{place}" for place in sorted(PLACES.values())]


def remove(prefix, root):
    """Take away versions, units and command. The user, the data folder and the back-ups stay: their owner decides."""
    if root == Path("/") and Path("/run/systemd/system").is_dir():
        subprocess.run(["systemctl", "disable", "--now", "xstock-node.service", "xstock-backup.timer"], check=False)
    gone = [root / place for place in PLACES.values()] + [prefix / "current", prefix / "previous"]
    gone = [path for path in gone if path.is_symlink() or path.exists()]
    for path in gone:
        path.unlink()
    for path in sorted(prefix.iterdir()) if prefix.is_dir() else ():
        if is_version(path):
            shutil.rmtree(str(path))
            gone.append(path)
    if prefix.is_dir() and not any(prefix.iterdir()):
        prefix.rmdir()
    if root == Path("/"):
        reload_units()
    say = "removed; /var/lib/xstock-node (keys, data) and /var/backups/xstock-node are left to you"
    return {"removed": [str(path) for path in gone], "say": say}


def reload_units():
    """Where systemd runs, let it read its units anew."""
    if Path("/run/systemd/system").is_dir():
        call("systemctl", "daemon-reload")


def call(*command):
    """Run a command with nothing of this environment that could lead it elsewhere."""
    words = [str(word) for word in command]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    done = subprocess.run(words, env=kept, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        came = done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2] or f"exit {done.returncode}"
        raise Refused("failed", f"{' '.join(words[:4])} to work", came, "mend that, and run install.py again")


def target(link):
    """What a link names, or an empty text."""
    return os.readlink(str(link)) if link.is_symlink() else ""  # noqa: PTH115 - older Pythons have no other


def point(link, to):
    """Let a link name something else, at one moment."""
    new = link.with_name(link.name + ".new")
    if new.is_symlink():
        new.unlink()
    new.symlink_to(to)
    new.replace(link)


def is_version(path):
    """Whether the installer made this folder."""
    return not path.is_symlink() and bool(mark_of(path))


def mark_of(place):
    """By which bundle a version was made; empty where it was not finished, or is none."""
    try:
        return (place / "bundle.sha256").read_text("ascii").strip()
    except OSError:
        return ""


def sum_of(path):
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            found.update(part)
    return found.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
