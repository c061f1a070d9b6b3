"""Units, AppArmor profile, the container's files: read by what will read them, and as strict as they say."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.deploy.programs import judged

DEPLOY = Path(__file__).parents[2] / "deploy"
SYSTEMD = DEPLOY / "systemd"
NODE, BACKUP, TIMER = (SYSTEMD / f"xstock-{name}" for name in ("node.service", "backup.service", "backup.timer"))


def settings(unit: Path) -> dict[str, list[str]]:
    """The settings of a unit, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith(("#", "[")):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.parametrize(
    ("unit", "most"), [(NODE, 1.5), (BACKUP, 0.5)], ids=lambda value: getattr(value, "name", value)
)
def test_a_unit_is_rated_as_safe(unit: Path, most: float) -> None:
    done = judged("systemd-analyze", "security", "--offline=true", "--no-pager", str(unit), package="systemd")
    assert done.returncode == 0, done.stderr
    found = re.search(r"Overall exposure level for \S+ ([0-9.]+)", done.stdout)
    assert found is not None and float(found[1]) <= most, done.stdout[-200:]


def test_systemd_reads_every_unit_without_a_complaint(tmp_path: Path) -> None:
    for unit in (NODE, BACKUP, TIMER):  # the programs are not on this machine
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"), flags=re.M)
        (tmp_path / unit.name).write_text(text, "utf-8")
    names = [str(tmp_path / unit.name) for unit in (NODE, BACKUP, TIMER)]
    done = judged("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *names, package="systemd")
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr


def test_user_and_folders_are_those_of_the_units() -> None:
    node, backup = settings(NODE), settings(BACKUP)
    assert (
        node["User"] == backup["User"] == ["xstock"] and "u xstock " in (SYSTEMD / "xstock-node.sysusers").read_text()
    )
    tmpfiles = (SYSTEMD / "xstock-node.tmpfiles").read_text("utf-8")
    for folder in ("/var/lib/xstock-node", "/var/backups/xstock-node"):
        assert f"d {folder} 0700 xstock xstock -" in tmpfiles
    assert node["StateDirectory"] == ["xstock-node"] and "/var/backups/xstock-node" in backup["ExecStart"][0]


def test_the_node_may_hold_its_plugins_and_they_may_hold_themselves() -> None:
    node = settings(NODE)
    assert node["RestrictNamespaces"] == ["yes"] and any(
        "landlock_restrict_self" in one for one in node["SystemCallFilter"]
    )
    assert all("@resources" not in one for one in node["SystemCallFilter"]), (
        "plugins lower their own priority and limits"
    )


def test_the_command_of_the_machine_is_plain_shell() -> None:
    assert subprocess.run(["sh", "-n", str(SYSTEMD / "xstock")], check=False).returncode == 0


def test_the_profile_of_apparmor_is_read() -> None:
    profile = str(DEPLOY / "apparmor" / "xstock-node")
    done = judged("apparmor_parser", "--skip-kernel-load", "--skip-cache", profile, package="apparmor")
    assert done.returncode == 0, done.stderr


def test_the_containerfile_takes_any_base_and_fetches_nothing() -> None:
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    lines = [line for line in re.sub(r"\\\n", " ", text).splitlines() if line and not line.startswith("#")]
    assert lines[0] == "ARG BASE" and all(line.split()[1] == "${BASE}" for line in lines if line.startswith("FROM"))
    assert not re.search(r"\b(apt|apt-get|apk|dnf|curl|wget|pip)\b|https?://", " ".join(lines))
    last = "\n".join(lines).rpartition("FROM")[2]
    assert "USER 10001:10001" in last and "HEALTHCHECK" in last and "VOLUME /data" in last
    copied = re.findall(r"^COPY (\S+) ", last, re.M)
    assert all(name.startswith("--from=") or (DEPLOY / "container" / name).is_file() for name in copied)


def test_compose_and_quadlet_give_no_right() -> None:
    (service,) = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))["services"].values()
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"] and service["user"] == "10001:10001"
    assert service["security_opt"] == ["no-new-privileges:true"] and "cap_add" not in service
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    quadlet = settings(DEPLOY / "quadlet" / "xstock-node.container")
    for name, value in (
        ("ReadOnly", "true"),
        ("DropCapability", "all"),
        ("NoNewPrivileges", "true"),
        ("User", "10001"),
    ):
        assert quadlet[name] == [value]
    volume = quadlet["Volume"][0].split(":")[0]
    assert (DEPLOY / "quadlet" / volume).is_file()
