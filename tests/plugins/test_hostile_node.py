"""A real node with all hostile plugins installed and switched on: it stays healthy and names each, with what to do."""

import json
import os
import time
from pathlib import Path

import pytest

from tests.plugins.hostile import hostile
from tests.processes import NodeProcess, free_port, pause, xstock
from xstock_node.plugins.manifest import FILE

# The same rules with shorter times, so that all of them can be seen at work within a minute.
SERVE = """
import sys
from xstock_node.protocol import limits
limits.PLUGIN_START, limits.PLUGIN_GRACE, limits.PLUGIN_LINES = 15.0, 1.0, 5_000
limits.PLUGIN_CALL = limits.PLUGIN_SNAPSHOT = 10.0
from xstock_node.cli.main import main
main(["serve", "--home", sys.argv[1]])
"""


def install(site: Path) -> None:
    """Install every hostile plugin into a folder as an installer does, each as a distribution of its own name."""
    for one in hostile():
        package = site / one.name.replace("-", "_")
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(one.code, "utf-8")
        (package / FILE).write_text(one.manifest, "utf-8")
        info = site / f"{package.name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {one.name}\nVersion: 1.0\n", "utf-8")
        (info / "entry_points.txt").write_text(f"[xstock_node]\n{one.name} = {package.name}\n", "utf-8")


@pytest.mark.heavy
def test_a_node_with_all_of_them_stays_healthy_and_names_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "site")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")]))
    node = NodeProcess(tmp_path, "redcross.example.org", free_port())
    names = [one.name for one in hostile()]
    with (node.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write(f"[plugins]\nallow = {json.dumps(names)}\n")
    (node.home / "plugins").mkdir(exist_ok=True)
    for name in names:
        settings = f'port = "{node.port}"\nkey = "{node.home}/keys/signing.key"\n'
        (node.home / "plugins" / f"{name}.toml").write_text(settings, "utf-8")
    node.program = ("-c", SERVE)
    node.start()
    try:
        _see(node)
    finally:
        node.stop()


def _see(node: NodeProcess) -> None:
    slowest, until = 0.0, time.monotonic() + 150
    bad = {one.name for one in hostile() if one.says}
    while time.monotonic() < until:
        began = time.monotonic()
        views = {view.name: view for view in node.call("plugin.list")}
        slowest = max(slowest, time.monotonic() - began)
        if all(views[name].reason or any(a.errors for a in views[name].adapters) for name in bad):
            break
        pause(1.0)
    print(f"slowest answer {slowest:.2f} s")
    run = xstock("plugin", "list", "--json", home=node.home)
    told = {view["name"]: view for view in json.loads(run.stdout)}
    findings = json.loads(xstock("doctor", "--json", home=node.home).stdout)
    log = (node.home / "serve.log").read_text("utf-8", "replace")
    for one in hostile():
        if not one.says:
            continue
        view = told[one.name]
        said = view["reason"] + " ".join(adapter["last_error"] for adapter in view["adapters"])
        assert said, f"{one.name} is not named in `plugin list`"
        (finding, *_) = [f for f in findings if f["check"].startswith(f"plugin {one.name}")]
        assert finding["state"] in ("error", "warning") and finding["do"], finding
        assert any(one.name in line and '"level": "' in line for line in log.splitlines()), f"{one.name} not in the log"
    assert node.process is not None and node.process.poll() is None
    assert node.call("status").node == node.name
