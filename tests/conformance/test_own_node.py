"""Our own node is judged by the conformance kit, over real HTTP."""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from tests.conformance import mutants
from tests.processes import NodeProcess, free_port, xstock
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.testing.conformance import VERSION, running
from xstock_node.testing.conformance.scenario import SCENARIOS

NAMED = (  # what the kit was promised to try
    "skipped step",
    "step by the wrong party",
    "same counter",
    "stale head",
    "two roots for one size",
    "gives as its hash alone",
    "key was revoked",
    "under way at it",
    "about a real offer",
    "an hour off",
    "a byte a second",
)
ROOT = Path(__file__).parent.parent.parent
SPEC = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")


class Judged(NamedTuple):
    """A node that serves, the kit's own URL that it may dial, and the command that kills and starts it."""

    node: NodeProcess
    listen: str
    restart: str


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Judged]:
    """A running node that knows all partners and offers tents."""
    found, listen = NodeProcess(tmp_path, "judged.example.org", free_port()), f"http://127.0.0.1:{free_port()}"
    with (found.home / "config.toml").open("a", encoding="utf-8") as file:
        for name, known in running.partners("see", listen).items():
            (found.home / "peers" / f"{name}.identity").write_bytes(known.raw)
            file.write(f'\n[[peer]]\nname = "{name}"\nidentity = "peers/{name}.identity"\n')
    found.start()
    assert found.process is not None
    pid_file = tmp_path / "node.pid"
    pid_file.write_text(str(found.process.pid), "ascii")
    for place in range(3):
        found.call("stock.add", LineRequest(name="Tent", code="HSHETENTF16C", quantity="3", location=f"Store {place}"))
    found.call("stock.decide", DecideRequest(same_code=True))
    found.call("offer.publish", PublishRequest(release=True))
    command = [sys.executable, "-m", "tests.conformance.restart", str(found.home), str(pid_file)]
    yield Judged(found, listen, shlex.join(command))
    os.kill(int(pid_file.read_text("ascii")), signal.SIGKILL)
    found.process.wait()


@pytest.mark.heavy
def test_our_node_passes_every_scenario(judged: Judged, tmp_path: Path) -> None:
    table, xml = tmp_path / "report.md", tmp_path / "report.xml"
    url, files = f"http://127.0.0.1:{judged.node.port}", ("--markdown", str(table), "--junit", str(xml))
    how = ("--listen", judged.listen, "--restart", judged.restart)
    done = xstock("conformance", url, *how, *files, "--json", timeout=300)
    report = json.loads(done.stdout)
    assert [v for v in report["verdicts"] if not v["passed"]] == [] and done.returncode == 0, judged.node.words()
    assert report["passed"] == len(SCENARIOS) and report["specification"] == VERSION
    cases = ElementTree.parse(xml).getroot().findall("testcase")  # noqa: S314 - our own file
    assert len(cases) == len(SCENARIOS) and table.read_text("utf-8").count("| passed |") == len(SCENARIOS)


def test_what_cannot_be_tried_is_skipped_with_a_reason_and_never_passed(judged: Judged, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{judged.node.port}"
    chosen = [s for s in SCENARIOS if s.subject in ("dialled", "lasting")]
    report = asyncio.run(running.judge(running.Setting(url, "see"), chosen))
    skipped = [v for v in report.verdicts if v.skipped]
    assert report.failed == 0 and report.skipped == len(skipped) >= 20 and not any(v.passed for v in skipped)
    assert all("--listen" in v.why or "--restart" in v.why for v in skipped)
    suite = ElementTree.fromstring(running.junit(report))  # noqa: S314 - our own text
    assert len(suite.findall("testcase/skipped")) == len(skipped) == running.markdown(report).count("| skipped: ")


def test_there_are_as_many_scenarios_as_promised_each_by_a_clause() -> None:
    assert len(SCENARIOS) >= 60 and sum(s.negative for s in SCENARIOS) >= 25
    titles = " ".join(s.title for s in SCENARIOS if s.negative)
    for named in NAMED:
        assert named in titles, named
    clauses = set(re.findall(r"^- \*\*(\d+\.\d+)\*\*", SPEC, re.M))
    assert {s.clause for s in SCENARIOS} <= clauses
    assert len({(s.clause, s.title) for s in SCENARIOS}) == len(SCENARIOS)
    assert f"Version {VERSION}." in SPEC


@pytest.mark.heavy
@pytest.mark.parametrize("mutant", mutants.mutants()[::12], ids=lambda mutant: mutant.what)
def test_a_defect_is_noticed(mutant: mutants.Mutant) -> None:
    assert mutants.killed(mutant)


@pytest.mark.heavy
def test_a_node_without_a_defect_passes_here_too() -> None:
    report = asyncio.run(mutants.judged(None))
    assert [v for v in report.verdicts if not v.passed and "--restart" not in v.why] == []


def test_a_node_that_does_not_know_the_partners_is_told_what_to_do(tmp_path: Path) -> None:
    stranger = NodeProcess(tmp_path, "other.example.org", free_port())
    try:
        stranger.start()
        done = xstock("conformance", f"http://127.0.0.1:{stranger.port}", "--json")
    finally:
        stranger.kill()
    assert done.returncode == 1 and "--identities" in json.loads(done.stdout)["error"]["do"]
    done = xstock("conformance", "http://127.0.0.1:1", "--identities", str(tmp_path / "ids"), "--json")
    assert done.returncode == 0 and len(json.loads(done.stdout)) == len(running.PARTNERS)
