"""`make deploy-systemd`: a machine is booted, the node installed from the bundle, and looked at under its own unit.

One JSON line says what was seen; it ends with 1 where anything of it is not as the manual promises.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import click

from tests.deploy.machine import CACHE, ROOT, Failed, Machine, booted, bundle, fresh, need

SYSTEMD = ROOT / "deploy" / "systemd"
MOST_EXPOSED = 1.5
STOCK = "ref;name;quantity;unit;place\n1;blanket, wool;400;piece;Vidin\n2;family tent;60;piece;Vidin\n"


def exposure(*command: str) -> float:
    """The last figure that `systemd-analyze security` prints, asked here without any machine."""
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", *command],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return _figure(said)


def _figure(said: str) -> float:
    return float(said.rpartition("Overall exposure level")[2].split(":")[1].split()[0])


def installed(machine: Machine, packed: Path) -> float:
    """Install as the manual says; seconds."""
    began = time.monotonic()
    subprocess.run(["cp", packed, machine.root / "opt"], check=True)
    folder = packed.name.removesuffix(".tar.gz")
    machine.run(f"cd /opt && tar xzf {packed.name} && python3 {folder}/install.py --service")
    return round(time.monotonic() - began, 1)


def answers(machine: Machine) -> dict[str, object]:
    """What the running node says over its socket, and over the local port."""
    machine.run(
        "xstock init --name redcross.bg --organisation BRC --country BG --language bg --url https://bg.example.org"
    )
    machine.run("printf '\\n[local_port]\\nport = 7441\\n' >> /var/lib/xstock-node/config.toml")
    began = time.monotonic()
    machine.run("systemctl enable --now xstock-node.service")
    seconds = round(time.monotonic() - began, 1)
    status = json.loads(machine.run("xstock status --json").stdout)
    health = {path: _get(machine, path) for path in ("/livez", "/readyz")}
    return {"start_seconds": seconds, "running": status["running"], "health": health}


def _get(machine: Machine, url: str) -> int:
    """The status of an answer; 0 where there is none."""
    asked = f"import http.client as h; c = h.HTTPConnection('127.0.0.1', 7441, 5); c.request('GET', '{url}')"
    done = machine.run(f'python3 -c "{asked}; print(c.getresponse().status)"', check=False)
    return int(done.stdout or 0)


def works(machine: Machine) -> dict[str, object]:
    """A list is read by its plugin, offers are published: through the node that runs under the unit."""
    (machine.root / "srv" / "stock.csv").write_text(STOCK, "utf-8")
    (machine.root / "srv" / "stock.csv").chmod(0o644)
    machine.run("xstock stock import /srv/stock.csv --json")
    lines = json.loads(machine.run("xstock stock list --json").stdout)
    doctor = machine.run("xstock doctor --json", check=False)
    plugins = json.loads(machine.run("xstock plugin list --json").stdout)
    isolation = sorted({one["isolation"] for one in plugins if one["state"] == "loaded"} - {"none"})
    asked = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:7441/metrics').read().decode())"
    said = machine.run(f'python3 -c "{asked}"')
    metrics = sum(line.startswith("xstock_") for line in said.stdout.splitlines())
    return {"lines": len(lines), "doctor": doctor.returncode, "isolation": isolation, "metrics": metrics}


def libraries(machine: Machine) -> dict[str, object]:
    """What the libraries with native code come to under the unit's own settings."""
    script = Path(__file__).with_name("libraries.py").read_text("utf-8")
    (machine.root / "srv" / "libraries.py").write_text(script, "utf-8")
    unit = (
        (machine.root / "etc/systemd/system/xstock-node.service")
        .read_text("utf-8")
        .replace("Type=notify", "Type=oneshot")
    )
    lines = [
        line
        for line in unit.splitlines()
        if not line.startswith(("ExecStart=", "Restart", "WatchdogSec", "NotifyAccess"))
    ]
    at = lines.index("Type=oneshot")
    lines.insert(at, "ExecStart=/opt/xstock-node/current/bin/python /srv/libraries.py")
    (machine.root / "etc/systemd/system/libraries.service").write_text("\n".join(lines) + "\n", "utf-8")
    machine.run("systemctl daemon-reload")
    machine.run("systemctl start libraries.service", check=False)
    said = machine.run("journalctl -u libraries.service --output=cat --no-pager").stdout
    found = [line for line in said.splitlines() if line.startswith("{")]
    return {"libraries": json.loads(found[-1]) if found else said[-1500:]}


def bounds(machine: Machine) -> dict[str, object]:
    """What the process really has: rights, limits, and what it may write."""
    pid = machine.run("systemctl show --property=MainPID --value xstock-node").stdout.strip()
    said = machine.run(f"cat /proc/{pid}/status").stdout.splitlines()
    kept = ("CapEff", "CapBnd", "CapPrm", "NoNewPrivs", "Seccomp", "Uid")
    status = {line.split(":")[0]: line.split(":")[1].split()[0] for line in said if line.split(":")[0] in kept}
    into = f"nsenter --target {pid} --mount -- sh -c"
    refused = {
        path: machine.run(f"{into} 'touch {path}/x'", check=False).returncode != 0
        for path in ("/etc", "/usr", "/opt/xstock-node/current", "/var/backups/xstock-node")
    }
    data = (
        machine.run(f"{into} 'touch /var/lib/xstock-node/x && rm /var/lib/xstock-node/x'", check=False).returncode == 0
    )
    return {"status": status, "writes_refused": refused, "writes_its_data": data}


def comes_back(machine: Machine) -> dict[str, float]:
    """Seconds until the node answers again: after it was killed, and after it stood still under a short watchdog."""
    found = {}
    for word, signal, drop in (("killed", "KILL", ""), ("stood_still", "STOP", "[Service]\nWatchdogSec=4\n")):
        if drop:
            folder = "/etc/systemd/system/xstock-node.service.d"
            machine.run(f"mkdir -p {folder} && printf '{drop}' > {folder}/watch.conf && systemctl daemon-reload")
            machine.run("systemctl restart xstock-node")
        pid = machine.run("systemctl show --property=MainPID --value xstock-node").stdout.strip()
        began = time.monotonic()
        machine.run(f"systemctl kill --kill-whom=main --signal={signal} xstock-node")
        other = f'p=$(systemctl show --property=MainPID --value xstock-node); test "$p" != 0 -a "$p" != {pid}'
        machine.wait(f"{other} && systemctl is-active xstock-node && xstock status --json", 90)
        found[word] = round(time.monotonic() - began, 1)
    return found


def backed_up(machine: Machine) -> dict[str, object]:
    """The unit that the timer calls, run once; and when the timer will."""
    machine.run("systemctl enable --now xstock-backup.timer")
    machine.run("systemctl start xstock-backup.service", check=False)
    files = machine.run("ls /var/backups/xstock-node").stdout.split()
    due = machine.run("systemctl show --property=NextElapseUSecRealtime --value xstock-backup.timer").stdout.strip()
    checked = [machine.run(f"xstock backup verify /var/backups/xstock-node/{name} --json").returncode for name in files]
    return {"files": files, "verified": checked, "next": due}


def upgraded(machine: Machine, packed: Path) -> dict[str, object]:
    """Another build of the version beside the one in use, and back; a bundle with one changed byte changes nothing."""
    folder = f"/opt/{packed.name.removesuffix('.tar.gz')}"
    wheel = machine.run(f"ls {folder}/wheels | grep xstock_node").stdout.strip()
    machine.run(f"cp -r {folder} /opt/bad && printf x >> /opt/bad/wheels/{wheel}")
    bad = machine.run("python3 /opt/bad/install.py --service --json", check=False)
    refused = {"exit": bad.returncode, "code": json.loads(bad.stdout)["error"]["code"]}
    again = (
        "echo ' ' >> sample.csv && grep -v sample.csv SHA256SUMS > s && sha256sum sample.csv >> s && mv s SHA256SUMS"
    )
    machine.run(f"cp -r {folder} /opt/newer && cd /opt/newer && {again}")
    places = []
    for command in ("install.py --service", "install.py --rollback"):
        machine.run(f"python3 /opt/newer/{command} && systemctl restart xstock-node && xstock status --json")
        pid = machine.run("systemctl show --property=MainPID --value xstock-node").stdout.strip()
        places.append(machine.run(f"tr '\\0' ' ' < /proc/{pid}/cmdline").stdout.split()[0])
    return {"changed_byte": refused, "upgrade_runs": places[0], "rollback_runs": places[1]}


def stopped(machine: Machine) -> dict[str, object]:
    """A clean end: its exit, and no word of a defect in the journal."""
    machine.run("systemctl stop xstock-node")
    result = machine.run("systemctl show --property=Result,ExecMainStatus xstock-node").stdout.split()
    errors = machine.run(
        'journalctl -u xstock-node --no-pager | grep -c -E \'Traceback|"level": "error"\'', check=False
    )
    return {"result": result, "errors": int(errors.stdout or 0)}


@click.command()
@click.option("--bundle", "packed", type=click.Path(path_type=Path), help="An off-line bundle; else one is made.")
def main(packed: Path | None) -> None:
    """Boot, install, look."""
    need("systemd-nspawn", "mmdebstrap", "systemd-analyze", "nsenter")
    packed = packed or bundle()
    told: dict[str, object] = {
        "exposure_offline": exposure(str(SYSTEMD / "xstock-node.service")),
        "exposure_offline_backup": exposure(str(SYSTEMD / "xstock-backup.service")),
    }
    with booted(fresh(CACHE / "systemd")) as machine:
        told["install_seconds"] = installed(machine, packed)
        told |= answers(machine)
        told["exposure"] = _figure(machine.run("systemd-analyze security --no-pager xstock-node.service").stdout)
        told |= {**works(machine), **libraries(machine), **bounds(machine)}
        told["back_after_seconds"] = comes_back(machine)
        told["backup"] = backed_up(machine)
        told |= upgraded(machine, packed)
        told["stopped"] = stopped(machine)
    expected = {
        "exposure": float(str(told["exposure"])) <= MOST_EXPOSED >= float(str(told["exposure_offline"])),
        "running": told["running"] is True,
        "health": told["health"] == {"/livez": 200, "/readyz": 200},
        "lines": told["lines"] == 2,
        "libraries": isinstance(told["libraries"], dict),
        "isolation": told["isolation"] == ["process and Landlock"],
        "metrics": int(str(told["metrics"])) > 20,
        "doctor": told["doctor"] == 0,
        "writes": all(told["writes_refused"].values()) and told["writes_its_data"] is True,  # type: ignore[attr-defined]
        "backup": bool(told["backup"]["files"]) and not any(told["backup"]["verified"]),  # type: ignore[index]
        "upgrade": told["changed_byte"] == {"exit": 1, "code": "wrong-checksum"}
        and told["upgrade_runs"] != told["rollback_runs"],
        "stopped": told["stopped"] == {"result": ["Result=success", "ExecMainStatus=0"], "errors": 0},
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
