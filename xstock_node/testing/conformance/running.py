"""Running the scenarios against a node, and what is told of them: JSON, Markdown, JUnit."""

import time
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

import aiohttp
import msgspec

from xstock_node.protocol import heads, identity
from xstock_node.protocol.errors import ProtocolError
from xstock_node.testing.conformance import VERSION
from xstock_node.testing.conformance import casework as casework
from xstock_node.testing.conformance import reading as reading
from xstock_node.testing.conformance import telling as telling
from xstock_node.testing.conformance.partner import Partner
from xstock_node.testing.conformance.scenario import SCENARIOS, Failed, Scenario, World

# Each subject has partners of its own, so that what one has to get refused spends no other's allowance.
SUBJECTS = ("reading", "telling", "casework")
PARTNERS = tuple(f"{which}.{subject}.conformance.example" for subject in SUBJECTS for which in ("first", "second"))
STRANGER = "stranger.conformance.example"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario and what came of it; `why` is empty where it passed."""

    clause: str
    title: str
    negative: bool
    passed: bool
    why: str
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All verdicts on one node, by the version of the specification."""

    specification: str
    node: str
    url: str
    passed: int
    failed: int
    verdicts: list[Verdict]


async def judge(url: str, network: str, chosen: Sequence[Scenario] = ()) -> Report:
    """Run all scenarios, or the chosen ones, against the node at `url`, which knows both partners."""
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        worlds = {subject: await _meet(session, url.rstrip("/"), network, subject) for subject in SUBJECTS}
        verdicts = [await _judged(worlds[one.run.__module__.rpartition(".")[2]], one) for one in chosen or SCENARIOS]
    peer = worlds[SUBJECTS[0]].peer
    passed = sum(v.passed for v in verdicts)
    return Report(
        specification=VERSION,
        node=peer,
        url=url,
        passed=passed,
        failed=len(verdicts) - passed,
        verdicts=verdicts,
    )


def markdown(report: Report) -> str:
    """A table for people."""
    lines = [
        f"# {report.node} judged by xs1 {report.specification}",
        "",
        f"{report.passed} passed, {report.failed} failed.",
        "",
        "| clause | scenario | kind | verdict |",
        "|---|---|---|---|",
    ]
    for v in report.verdicts:
        kind = "wrong" if v.negative else "right"
        lines.append(f"| {v.clause} | {v.title} | {kind} | {'passed' if v.passed else '**failed**: ' + v.why} |")
    return "\n".join(lines) + "\n"


def junit(report: Report) -> str:
    """The verdicts as JUnit XML, one test case a scenario."""
    cases = []
    for v in report.verdicts:
        name, group = quoteattr(v.title), quoteattr(f"xs1.{v.clause}")
        failure = "" if v.passed else f"<failure message={quoteattr(v.why)}>{escape(v.why)}</failure>"
        cases.append(f'<testcase classname={group} name={name} time="{v.seconds:.3f}">{failure}</testcase>')
    head = f'<testsuite name="xs1 {report.specification}" tests="{len(cases)}" failures="{report.failed}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


async def _meet(session: aiohttp.ClientSession, url: str, network: str, subject: str) -> World:
    names = (f"first.{subject}.conformance.example", f"second.{subject}.conformance.example", STRANGER)
    first, second, stranger = (Partner(session, name, url, network) for name in names)
    told = (await first.bare("GET", "/.well-known/xstock", None, {})).json()
    peer = identity.parse((await first.bare("GET", f"/xs/1/id/{told['name']}", None, {})).body).name
    answer = await first.gossip()
    if answer.status != 200:
        raise Failed(f"expected a node that knows {', '.join(PARTNERS)}; came {answer.status} {answer.body[:200]!r}")
    for note in answer.json().get("notes", []):
        try:
            head = heads.parse(note.encode())[0]
        except ProtocolError:
            continue
        shared = head.log.name.label == "pub" or head.log.name.label.startswith("x-")
        if head.log.node == peer and shared and head.size:
            return World(peer, first, second, stranger, network, head.log, head.size)
    raise Failed("expected a node with at least one published record; came none: publish an offer first")


async def _judged(world: World, one: Scenario) -> Verdict:
    began, why = time.monotonic(), ""
    try:
        await one.run(world)
    except (Failed, ProtocolError) as error:
        why = str(error)
    except Exception as error:  # whatever a node provokes is a verdict, not the end of the run
        why = f"{type(error).__name__}: {error}"
    seconds = round(time.monotonic() - began, 3)
    return Verdict(
        clause=one.clause, title=one.title, negative=one.negative, passed=not why, why=why[:400], seconds=seconds
    )
