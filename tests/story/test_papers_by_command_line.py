"""The papers of one operation by command line: listed, written, filed, and verified on a machine that has nothing."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tests.paper_desk import ASKS, BG, HR, SUPPLIES, Two, identity_of, two_nodes
from xstock_node.cli import agreement as agreement_commands
from xstock_node.cli import op_papers, op_pdf
from xstock_node.cli import reception as reception_commands
from xstock_node.cli.main import main
from xstock_node.cli.session import OpenSession
from xstock_node.services import evidencing
from xstock_node.services.operating import CaseId
from xstock_node.testing.clock import run_simulated


class _At:
    """Stands where the command line opens a session: the office of a node in memory."""

    def __init__(self, session: OpenSession) -> None:
        self._session = session

    async def __aenter__(self) -> OpenSession:
        return self._session

    async def __aexit__(self, *why: object) -> None:
        return None


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Play an operation to the count, then do `work` with a way to say command lines at either node."""
    monkeypatch.chdir(tmp_path)

    def run(work: Any) -> None:
        async def main_() -> None:
            async with two_nodes(tmp_path, monkeypatch) as two:
                await two.play()
                await work(two)

        run_simulated(main_())

    return run


async def say(two: Two, name: str, monkeypatch: pytest.MonkeyPatch, *line: str) -> Any:
    """A command line at a node: its parameters are parsed by click, its verb runs in this loop."""
    for module in (op_papers, agreement_commands, reception_commands):
        monkeypatch.setattr(module, "open_session", lambda home: _At(OpenSession(two[name])))
    group: Any = main.get_command(click.Context(main), line[0])
    command: Any = group.commands[line[1]]
    context = command.make_context(line[1], [*line[2:], "--json"])
    shown: list[Any] = []
    for module in (op_papers, agreement_commands, reception_commands):
        monkeypatch.setattr(module, "emit", lambda value, as_json, told: shown.append((value, told(value))))
    await command.callback.__wrapped__(**context.params)
    (value, text) = shown[0]
    assert text
    return value


def verified(folder: Path, *line: str) -> tuple[int, Any]:
    """`xstock op verify` on a machine without node."""
    done = CliRunner().invoke(main, ["op", "verify", *line, "--json", "--home", str(folder / "third")])
    return done.exit_code, json.loads(done.stdout.splitlines()[0]) if done.stdout else done


@pytest.mark.heavy
def test_papers_are_listed_written_filed_and_verified(
    story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: dict[str, Any] = {}

    async def work(two: Two) -> None:
        listed = await say(two, SUPPLIES, monkeypatch, "op", "papers", two.case)
        assert listed.exercise and listed.ways[0].clearance_needed
        made = await say(two, SUPPLIES, monkeypatch, "op", "document", two.case, "waybill", "--language", "bg",
                         "--language", "en", "--out", str(tmp_path / "waybill.pdf"))  # fmt: skip
        assert made.media_type == "application/pdf"
        page = await say(two, ASKS, monkeypatch, "op", "document", two.case, "goods-received-note", "--plain")
        assert page.file.endswith(".html") and (tmp_path / page.file).read_bytes().startswith(b"<!doctype html>")
        labels = await say(two, SUPPLIES, monkeypatch, "op", "labels", two.case, "lot-1")
        assert (tmp_path / labels.file).read_bytes().startswith(b"%PDF-")
        filed = await say(two, SUPPLIES, monkeypatch, "op", "file", two.case, "waybill", "--where", "folder 7")
        assert filed.where == "folder 7" and filed.sha256 == made.sha256
        units = await say(two, SUPPLIES, monkeypatch, "op", "units", two.case, "lot-2", "--unit",
                          "HSHETENTF16C=5,lot=Z-9,kg=288.5,count=3")  # fmt: skip
        assert len({u["sscc"] for u in units.units}) == 3 and units.units[0]["lines"][0]["lot"] == "Z-9"
        written["evidence"] = (
            await evidencing.export_evidence(two[SUPPLIES], op_papers_actor(), CaseId(case=two.case))
        ).content
        written["case"] = two.case

    story(work)
    for name in (BG, HR):
        (tmp_path / f"{name}.note").write_bytes(identity_of(name)[0].raw)
    keys = [part for name in (BG, HR) for part in ("--key", str(tmp_path / f"{name}.note"))]
    paper = tmp_path / "waybill.pdf"
    code, said = verified(tmp_path, str(paper), *keys)
    assert code == 0 and said["holds"] and said["case"] == written["case"] and said["exercise"]
    assert (said["paper"]["document"], said["paper"]["node"]) == ("waybill", HR)
    assert verified(tmp_path, str(paper))[0] == 6, "whose keys are these?"
    changed_parts(tmp_path, paper, written["evidence"], keys)


def changed_parts(folder: Path, paper: Path, evidence: bytes, keys: list[str]) -> None:
    """A changed byte of the evidence, of the statement, or a statement about other steps is found."""
    from tests.services.test_paperwork import rewritten

    inside = op_pdf.paper_of(paper.read_bytes())
    line = inside.statement.encode()
    forged = folder / "forged.pdf"
    for at in range(0, len(line), 7):
        other = line[:at] + bytes([line[at] ^ 1]) + line[at + 1 :]
        forged.write_bytes(rewritten(inside.evidence, other))
        assert verified(folder, str(forged), *keys)[0] == 1, (at, other)
    for at in range(60, len(inside.evidence), len(inside.evidence) // 15):
        other = inside.evidence[:at] + bytes([inside.evidence[at] ^ 1]) + inside.evidence[at + 1 :]
        forged.write_bytes(rewritten(other, line))
        assert verified(folder, str(forged), *keys)[0] == 1, at
    forged.write_bytes(rewritten(inside.evidence, line))
    assert verified(folder, str(forged), *keys)[0] == 0, "the same parts in another file still hold"
    forged.write_bytes(paper.read_bytes()[:2000])
    assert verified(folder, str(forged), *keys)[0] == 1
    without = folder / "plain.pdf"
    without.write_bytes(rewritten(inside.evidence, None))
    assert verified(folder, str(without), *keys)[0] == 1


def op_papers_actor() -> Any:
    from xstock_node.services.office import OPERATOR

    return OPERATOR


def test_an_agreement_and_a_profile_travel_as_files(
    story: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.services.test_settling import agreement, profile

    (tmp_path / "a1.toml").write_bytes(agreement().content)
    (tmp_path / "bg.toml").write_bytes(profile().content)

    async def work(two: Two) -> None:
        await say(two, HR, monkeypatch, "agreement", "new", "a1.toml")
        await say(two, HR, monkeypatch, "agreement", "show", "A1", "--out", "a1.note")
        both = await say(two, BG, monkeypatch, "agreement", "new", "a1.note")
        assert set(both.signed) == {BG, HR}
        assert len(await say(two, BG, monkeypatch, "agreement", "list")) == 1
        await say(two, BG, monkeypatch, "reception", "edit", "bg.toml")
        await say(two, BG, monkeypatch, "reception", "show", "--out", "bg.note")
        (held,) = [await say(two, HR, monkeypatch, "reception", "edit", "bg.note")]
        assert held.origin == BG and len(await say(two, HR, monkeypatch, "reception", "show", "--country", "BG")) == 1

    story(work)
