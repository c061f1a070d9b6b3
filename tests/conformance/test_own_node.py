"""Our own node is judged by the conformance kit, over real HTTP."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conformance import mutants
from tests.processes import NodeProcess, free_port, xstock
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.publishing import PublishRequest
from xstock_node.services.stocktake import LineRequest
from xstock_node.testing.conformance import VERSION, running
from xstock_node.testing.conformance.partner import make_identity
from xstock_node.testing.conformance.scenario import SCENARIOS

ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[NodeProcess]:
    """A running node that knows both partners and offers tents."""
    found = NodeProcess(tmp_path, "judged.example.org", free_port())
    with (found.home / "config.toml").open("a", encoding="utf-8") as file:
        for name in running.PARTNERS:
            (found.home / "peers" / f"{name}.identity").write_bytes(make_identity(name, "see").raw)
            file.write(f'\n[[peer]]\nname = "{name}"\nidentity = "peers/{name}.identity"\n')
    found.start()
    for place in range(3):
        found.call("stock.add", LineRequest(name="Tent", code="HSHETENTF16C", quantity="3", location=f"Store {place}"))
    found.call("stock.decide", DecideRequest(same_code=True))
    found.call("offer.publish", PublishRequest(release=True))
    yield found
    found.kill()


def test_our_node_passes_every_scenario(node: NodeProcess, tmp_path: Path) -> None:
    table, xml = tmp_path / "report.md", tmp_path / "report.xml"
    url = f"http://127.0.0.1:{node.port}"
    done = xstock("conformance", url, "--json", "--markdown", str(table), "--junit", str(xml), timeout=180)
    report = json.loads(done.stdout)
    assert [v for v in report["verdicts"] if not v["passed"]] == [] and done.returncode == 0
    assert report["passed"] == len(SCENARIOS) and report["specification"] == VERSION
    cases = ElementTree.parse(xml).getroot().findall("testcase")  # noqa: S314 - our own file
    assert len(cases) == len(SCENARIOS) and table.read_text("utf-8").count("| passed |") == len(SCENARIOS)


def test_there_are_as_many_scenarios_as_promised_each_by_a_clause() -> None:
    assert len(SCENARIOS) >= 60 and sum(s.negative for s in SCENARIOS) >= 25
    clauses = set(re.findall(r"^- \*\*(\d+\.\d+)\*\*", SPEC, re.M))
    assert {s.clause for s in SCENARIOS} <= clauses
    assert len({(s.clause, s.title) for s in SCENARIOS}) == len(SCENARIOS)
    assert f"Version {VERSION}." in SPEC


@pytest.mark.parametrize("mutant", mutants.mutants()[::12], ids=lambda mutant: mutant.what)
def test_a_defect_is_noticed(mutant: mutants.Mutant) -> None:
    assert mutants.killed(mutant)


def test_a_node_without_a_defect_passes_here_too() -> None:
    report = asyncio.run(mutants.judged(None))
    assert [v for v in report.verdicts if not v.passed] == []


def test_a_node_that_does_not_know_the_partners_is_told_what_to_do(tmp_path: Path) -> None:
    stranger = NodeProcess(tmp_path, "other.example.org", free_port())
    try:
        stranger.start()
        done = xstock("conformance", f"http://127.0.0.1:{stranger.port}", "--json")
    finally:
        stranger.kill()
    assert done.returncode == 1 and "--identities" in json.loads(done.stdout)["error"]["do"]
    done = xstock("conformance", "http://127.0.0.1:1", "--identities", str(tmp_path / "ids"), "--json")
    assert done.returncode == 0 and len(json.loads(done.stdout)) == 6
