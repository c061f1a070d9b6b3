"""`make deploy-deb`: the Debian package on a machine without network: installed, used, removed, purged.

One JSON line says what was seen, and what lintian calls an error; it ends with 1 where anything is not as promised.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import click

from tests.deploy.machine import BARE, CACHE, ROOT, Failed, Machine, booted, bundle, fresh, need
from tests.deploy.manual import commands

PLACE = "/usr/lib/xstock-node"


def package() -> Path:
    """The package of the newest bundle."""
    said = subprocess.run(
        [sys.executable, ROOT / "deploy" / "debian" / "make.py"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    return Path(json.loads(said)["package"])


def judged(deb: Path) -> list[str]:
    """What lintian calls an error."""
    said = subprocess.run(["lintian", "--fail-on", "none", deb], capture_output=True, text=True, check=True).stdout
    return sorted({line.split()[2] for line in said.splitlines() if line.startswith("E:")})


def used(machine: Machine, deb: Path) -> dict[str, object]:
    """Install it, and go through the manual's first steps."""
    subprocess.run(["cp", deb, machine.root / "opt"], check=True)
    began = time.monotonic()
    machine.run(f"dpkg -i /opt/{deb.name}", seconds=600)
    told: dict[str, object] = {"install_seconds": round(time.monotonic() - began, 1)}
    for line in commands(["First steps"]):
        machine.run(line.replace("/opt/xstock-node/current", PLACE))
    told["doctor"] = machine.run("xstock doctor --json", check=False).returncode
    told["status"] = json.loads(machine.run("xstock status --json").stdout)["running"]
    machine.run(f"dpkg -i /opt/{deb.name}", seconds=600)  # as an upgrade does, while the node runs
    machine.wait("systemctl is-active xstock-node && xstock status --json")
    told["offers_after_upgrade"] = len(json.loads(machine.run("xstock offer list --json").stdout))
    return told


def gone(machine: Machine) -> dict[str, object]:
    """Remove, then purge; what stays each time."""
    there = "test -e {} && echo stays || echo gone"
    machine.run("dpkg --remove xstock-node")
    paths = (PLACE, "/usr/bin/xstock", "/lib/systemd/system/xstock-node.service", "/var/lib/xstock-node/node.db")
    removed = {path: machine.run(there.format(path)).stdout.strip() for path in paths}
    active = machine.run("systemctl is-active xstock-node", check=False).stdout.strip()
    purged = machine.run("dpkg --purge xstock-node")
    data = machine.run(there.format("/var/lib/xstock-node/keys/signing.key")).stdout.strip()
    return {"removed": removed, "active": active, "purge_says": purged.stderr.count(" stays, "), "keys": data}


@click.command()
@click.option(
    "--bundle", "packed", type=click.Path(path_type=Path), help="The off-line bundle in dist; else one is made."
)
def main(packed: Path | None) -> None:
    """Make, judge, install, remove."""
    need("systemd-nspawn", "mmdebstrap", "nsenter", "dpkg-deb", "lintian")
    if packed is None:
        bundle()
    deb = package()
    told: dict[str, object] = {"package": deb.name, "bytes": deb.stat().st_size, "lintian_errors": judged(deb)}
    with booted(fresh(CACHE / "package", BARE)) as machine:
        told |= used(machine, deb)
        told |= gone(machine)
    kept = {"/var/lib/xstock-node/node.db"}
    removed: dict[str, str] = told["removed"]  # type: ignore[assignment]
    expected = {
        "lintian": not told["lintian_errors"],
        "used": told["doctor"] == 0 and told["status"] is True and told["offers_after_upgrade"] == 2,
        "removed": {path for path, state in removed.items() if state == "stays"} == kept and told["active"] != "active",
        "purged": told["purge_says"] == 2 and told["keys"] == "stays",
    }
    told["wrong"] = sorted(name for name, holds in expected.items() if not holds)
    print(json.dumps(told))
    sys.exit(1 if told["wrong"] else 0)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except Failed as error:
        print(json.dumps({"failed": str(error)}))
        sys.exit(1)
