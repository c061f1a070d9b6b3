"""`make deploy-newcomer`: who has the bundle and deploy/README.md alone gets a node that is well.

A machine without network and package index is booted; every command of the manual's first parts is typed into it as it
is printed, in one shell. One JSON line says what was typed, how each ended, and what `xstock doctor` says at the end.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import click

from tests.deploy.machine import CACHE, Failed, Machine, booted, bundle, fresh, need
from tests.deploy.manual import commands

PARTS = ("From the off-line bundle", "First steps")
STILL_TO_DO = {"peers"}
"""Checks that may warn on a node of an hour: it is alone."""


def typed(machine: Machine, lines: list[str]) -> list[dict[str, object]]:
    """Type the lines into one shell of the machine; each with how it ended, and when."""
    inside = "/var/tmp/bundle"  # noqa: S108 - of the machine that was made for this
    script = ["set -u", f"cd {inside}"]
    for number, line in enumerate(lines):
        script.append(f"exec 3>&1 >/var/tmp/said.{number} 2>&1; {line}\nended=$?; exec >&3; echo {number} $ended")
    (machine.root / "var" / "tmp" / "typed.sh").write_text("\n".join(script) + "\n", "utf-8")
    began = time.monotonic()
    ended = machine.run("bash /var/tmp/typed.sh", seconds=600).stdout.split()
    codes = dict(zip(ended[::2], ended[1::2], strict=True))
    print(f"typed in {time.monotonic() - began:.1f} s", file=sys.stderr)
    return [
        {
            "command": line,
            "exit": int(codes[str(number)]),
            "said": (machine.root / "var" / "tmp" / f"said.{number}").read_text("utf-8")[-400:],
        }
        for number, line in enumerate(lines)
    ]


def alone(machine: Machine) -> bool:
    """Whether nothing but the loopback is there, and so no index and no name."""
    devices = machine.run("ls /sys/class/net").stdout.split()
    routes = machine.run("cat /proc/net/route").stdout.strip().splitlines()
    return devices == ["lo"] and len(routes) <= 1


@click.command()
@click.option("--bundle", "packed", type=click.Path(path_type=Path), help="An off-line bundle; else one is made.")
def main(packed: Path | None) -> None:
    """Follow the manual."""
    need("systemd-nspawn", "mmdebstrap", "nsenter")
    packed = packed or bundle()
    lines = commands(PARTS)
    with booted(fresh(CACHE / "newcomer")) as machine:
        brought = machine.root / "var" / "tmp" / "bundle"
        brought.mkdir()
        subprocess.run(["cp", packed, f"{packed}.sha256", brought], check=True)
        told: dict[str, object] = {"alone": alone(machine), "commands": typed(machine, lines)}
        doctor = machine.run("xstock doctor --json", check=False)
        found = json.loads(doctor.stdout)
        offers = json.loads(machine.run("xstock offer list --json").stdout)
        kept = machine.run("ls /var/backups/xstock-node").stdout.split()
    states = {state: sorted({one["check"] for one in found if one["state"] == state}) for state in ("warning", "error")}
    told |= {"doctor": doctor.returncode, **states, "offers": len(offers), "backups": len(kept)}
    expected = {
        "alone": told["alone"] is True,
        "commands": len(lines) >= 15 and not [one for one in told["commands"] if one["exit"]],  # type: ignore[attr-defined]
        "doctor": doctor.returncode == 0 and not states["error"] and set(states["warning"]) <= STILL_TO_DO,
        "offers": len(offers) == 2,
        "backups": len(kept) == 1,
    }
    told["wrong"] = sorted(name for name, holds in expected.items() if not holds)
    print(json.dumps(told, ensure_ascii=False))
    sys.exit(1 if told["wrong"] else 0)


if __name__ == "__main__":
    try:
        main(standalone_mode=False)
    except Failed as error:
        print(json.dumps({"failed": str(error)}))
        sys.exit(1)
