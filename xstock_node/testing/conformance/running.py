"""Running the scenarios against a node, and what is told of them: JSON, Markdown, JUnit."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import aiohttp
import msgspec

from xstock_node.protocol import heads, identity
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import LogId
from xstock_node.testing.conformance import VERSION
from xstock_node.testing.conformance import casework as casework
from xstock_node.testing.conformance import dialled as dialled
from xstock_node.testing.conformance import lasting as lasting
from xstock_node.testing.conformance import reading as reading
from xstock_node.testing.conformance import rights as rights
from xstock_node.testing.conformance import slow as slow
from xstock_node.testing.conformance import telling as telling
from xstock_node.testing.conformance.listening import Desk, Listening
from xstock_node.testing.conformance.partner import Partner, make_identity, url_of
from xstock_node.testing.conformance.scenario import SCENARIOS, Failed, Restart, Scenario, Skipped, World

# Each subject has partners of its own, so that what one has to get refused spends no other's allowance.
SUBJECTS = ("reading", "telling", "casework", "rights", "dialled", "slow", "lasting")
PARTNERS = tuple(f"{which}.{subject}.conformance.example" for subject in SUBJECTS for which in ("first", "second"))
LISTENING = tuple(f"{name}.conformance.example" for name in ("first.dialled", "first.slow", "second.slow"))
STRANGER = "stranger.conformance.example"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario and what came of it: passed, skipped or neither; `why` is empty where it passed."""

    clause: str
    title: str
    negative: bool
    passed: bool
    why: str
    seconds: float
    skipped: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All verdicts on one node, by the version of the specification."""

    specification: str
    node: str
    url: str
    passed: int
    failed: int
    verdicts: list[Verdict]
    skipped: int = 0


class Setting(NamedTuple):
    """How a node is judged: at `url` in `network`. `listen` is the URL at which it may dial the kit, `bind` the address
    behind it; `restart` ends and starts its process; without `patient` slow scenarios are left out;
    `brief` ends with the first clause that is broken."""

    url: str
    network: str
    listen: str = ""
    bind: str = ""
    restart: Restart | None = None
    patient: bool = True
    brief: bool = False


def partners(network: str, listen: str = "") -> dict[str, Identity]:
    """The identities that the operator of a node pins before it is judged."""
    return {name: make_identity(name, network, url_of(listen, name) if name in LISTENING else "") for name in PARTNERS}


async def judge(setting: Setting, chosen: Sequence[Scenario] = ()) -> Report:
    """Run all scenarios, or the chosen ones, against a node that knows all partners."""
    setting = setting._replace(url=setting.url.rstrip("/"))
    listening = Listening(setting.listen) if setting.listen else None
    async with aiohttp.ClientSession(auto_decompress=True) as session:
        try:
            if listening is not None:
                await listening.start(setting.bind)
            worlds = await _meet_all(session, setting, listening)
            wanted = [s for s in chosen or SCENARIOS if setting.patient or not s.slow]
            verdicts = await _run(worlds, wanted, setting.brief)
        finally:
            if listening is not None:
                await listening.stop()
    passed, skipped = sum(v.passed for v in verdicts), sum(v.skipped for v in verdicts)
    return Report(
        specification=VERSION,
        node=worlds[SUBJECTS[0]].peer,
        url=setting.url,
        passed=passed,
        failed=len(verdicts) - passed - skipped,
        verdicts=verdicts,
        skipped=skipped,
    )


async def _run(worlds: Mapping[str, World], scenarios: Sequence[Scenario], brief: bool) -> list[Verdict]:
    """One after the other, the slow ones beside them; what restarts the node comes last of all."""
    slow = {s: asyncio.ensure_future(_judged(worlds[s.subject], s)) for s in scenarios if s.slow}
    ordered = sorted((s for s in scenarios if not s.slow), key=lambda s: SUBJECTS.index(s.subject))
    verdicts: dict[Scenario, Verdict] = {}
    try:
        for one in ordered:
            if one.subject == SUBJECTS[-1]:
                verdicts |= {other: await task for other, task in slow.items()}
            verdict = verdicts[one] = await _judged(worlds[one.subject], one)
            if brief and not verdict.passed and not verdict.skipped:
                return list(verdicts.values())
        verdicts |= {other: await task for other, task in slow.items()}
    finally:
        for task in slow.values():
            task.cancel()
    return [verdicts[s] for s in scenarios]


def markdown(report: Report) -> str:
    """A table for people."""
    lines = [
        f"# {report.node} judged by xs1 {report.specification}",
        "",
        f"{report.passed} passed, {report.failed} failed, {report.skipped} skipped.",
        "",
        "| clause | scenario | kind | verdict |",
        "|---|---|---|---|",
    ]
    for v in report.verdicts:
        kind = "wrong" if v.negative else "right"
        lines.append(f"| {v.clause} | {v.title} | {kind} | {_word(v)} |")
    return "\n".join(lines) + "\n"


def _word(verdict: Verdict) -> str:
    """What the table says: `why` comes from the node, so that it must not draw cells of its own."""
    why = verdict.why.replace("|", "\\|").replace("\n", " ")
    return "passed" if verdict.passed else f"skipped: {why}" if verdict.skipped else f"**failed**: {why}"


def junit(report: Report) -> str:
    """The verdicts as JUnit XML, one test case a scenario."""
    cases = []
    for v in report.verdicts:
        name, group = quoteattr(v.title), quoteattr(f"xs1.{v.clause}")
        tag, why = "skipped" if v.skipped else "failure", _printable(v.why)
        inside = "" if v.passed else f"<{tag} message={quoteattr(why)}>{escape(why)}</{tag}>"
        cases.append(f'<testcase classname={group} name={name} time="{v.seconds:.3f}">{inside}</testcase>')
    counts = f'tests="{len(cases)}" failures="{report.failed}" skipped="{report.skipped}"'
    head = f'<testsuite name="xs1 {report.specification}" {counts}>'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>", ""])


def _printable(why: str) -> str:
    """A node's bytes may hold what no XML may."""
    return "".join(c if c.isprintable() else "?" for c in why)


async def _meet_all(session: aiohttp.ClientSession, setting: Setting, listening: Listening | None) -> dict[str, World]:
    asking = Partner(session, STRANGER, setting.url, setting.network)
    told = (await asking.bare("GET", "/.well-known/xstock", None, {})).json()
    peer = identity.parse((await asking.bare("GET", f"/xs/1/id/{told['name']}", None, {})).body).name
    known = partners(setting.network, setting.listen)
    worlds = {}
    for subject in SUBJECTS:
        names = [f"{which}.{subject}.conformance.example" for which in ("first", "second")]
        first, second = (Partner(session, n, setting.url, setting.network, known[n].url()) for n in names)
        log, size = await _shared_log(first, peer)
        desks = [_desk(listening, known[n], setting.network) for n in names]
        worlds[subject] = World(
            peer, first, second, asking, setting.network, log, size, (desks[0], desks[1]), setting.restart
        )
    return worlds


def _desk(listening: Listening | None, known: Identity, network: str) -> Desk | None:
    return listening.add(Desk(known, network, known.url())) if listening and known.url() else None


async def _shared_log(first: Partner, peer: str) -> tuple[LogId, int]:
    """The node's own log that every member reads, and its size."""
    cursor = ""
    while True:
        answer = await first.gossip(cursor=cursor)
        if answer.status != 200:
            known = ", ".join(PARTNERS)
            raise Failed(f"expected a node that knows {known}; came {answer.status} {answer.body[:200]!r}")
        told = answer.json()
        for note in told.get("notes", []):
            head = _head_of(note)
            if head and head.log.node == peer and head.size and _is_shared(head.log.name.label):
                return head.log, head.size
        if not told.get("more"):
            raise Failed("expected a node with at least one published record; came none: publish an offer first")
        cursor = told["cursor"]


def _is_shared(label: str) -> bool:
    return label == "pub" or label.startswith("x-")


def _head_of(note: str) -> Head | None:
    try:
        return heads.parse(note.encode())[0]
    except ProtocolError:
        return None


async def _judged(world: World, one: Scenario) -> Verdict:
    began, why, skipped = time.monotonic(), "", False
    try:
        await one.run(world)
    except Skipped as reason:
        why, skipped = str(reason), True
    except (Failed, ProtocolError) as error:
        why = str(error)
    except Exception as error:  # whatever a node provokes is a verdict, not the end of the run
        why = f"{type(error).__name__}: {error}"
    return Verdict(
        clause=one.clause,
        title=one.title,
        negative=one.negative,
        passed=not why,
        why=why[:400],
        seconds=round(time.monotonic() - began, 3),
        skipped=skipped,
    )
