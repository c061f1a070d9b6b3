"""Papers of a real operation between two nodes: each that applies is drawn, holds every figure, and proves itself."""

import html
import re
from collections.abc import Awaitable, Callable
from io import BytesIO
from pathlib import Path

import msgspec
import pypdf
import pytest

from tests.paper_desk import ANA, ASKS, BG, HR, SUPPLIES, TENT, Two, two_nodes
from xstock_node.domain.documents import statement
from xstock_node.domain.documents.statement import Statement
from xstock_node.protocol import evidence
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.services import paperwork
from xstock_node.services.documents.drawing import EVIDENCE, STATEMENT
from xstock_node.services.documents.library import word_files
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import CaseId
from xstock_node.services.paperwork import DocumentFile, DocumentRequest, FileRequest, LabelsRequest, PapersView
from xstock_node.testing.clock import run_simulated

Story = Callable[[Two], Awaitable[None]]


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Story], None]:
    """Run a story between two nodes in simulated time."""

    def run(story: Story, log: str = "see.x-drill") -> None:
        async def main() -> None:
            async with two_nodes(tmp_path, monkeypatch, log) as two:
                await story(two)

        run_simulated(main())

    return run


async def papers(two: Two, name: str = SUPPLIES) -> PapersView:
    return await paperwork.list_papers(two[name], ANA, CaseId(case=two.case))


async def drawn(two: Two, document: str, name: str = SUPPLIES, **rest: object) -> DocumentFile:
    request = msgspec.convert({"case": two.case, "document": document, **rest}, DocumentRequest)
    return await paperwork.make_document(two[name], ANA, request)


def shown(found: DocumentFile) -> str:
    """All that stands on a paper, without spaces."""
    if found.media_type == "application/pdf":
        text = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(found.content)).pages)
    else:
        body = re.sub(r"<style>.*?</style>", "", found.content.decode(), flags=re.S)
        text = html.unescape(re.sub(r"<[^>]*>", " ", body))
    return re.sub(r"[\s\u200b]", "", text)


def test_a_request_has_its_paper_and_what_is_not_known_is_said(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.ask(terms=("loan", "donation"))
        found = await papers(two)
        assert [(p.document, p.due) for p in found.papers] == [("request", True)]
        (way,) = found.ways
        assert way.clearance_needed is None and any("terms" in one for one in way.findings)
        paper = shown(await drawn(two, "request", languages="en"))
        assert "80" in paper and "loan,donation" in paper and "FL-2027-000014-BGR" in paper

    play(story)


def test_every_paper_that_applies_is_drawn_for_both_sides_with_banner_and_root(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        found = await papers(two)
        due = {p.document for p in found.papers if p.due and p.drawn}
        assert due >= {
            "request", "offer_sheet", "order_confirmation", "green_light", "clearance_sheet", "packing_list", "waybill",
            "cmr_sheet", "pro_forma", "loan_inventory", "drivers_sheet", "goods_received_note",
        }  # fmt: skip
        assert "closing_report" not in due and "gift_certificate" not in {p.document for p in found.papers}
        for name in (HR, BG):
            for paper in (await papers(two, name)).papers:
                if not paper.drawn:
                    continue
                file = await drawn(two, paper.document, name, consignment=paper.consignment)
                assert file.media_type == "application/pdf", paper.document
                text = shown(file)
                for language in paper.languages:
                    assert re.sub(r"\s", "", word_files()[language].word["exercise"]) in text, (
                        paper.document,
                        language,
                    )
                assert statement.read(file.statement).statement.root in text
                assert ("draft,notsigned" in text) == (not paper.due), paper.document
                assert paper.document != "green_light" or ("temporaryentry" in text and "IMP-77" in text)

    play(story)


def test_each_paper_says_who_signs_why_by_which_law_and_whether_it_is_stale(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        found = {p.document: p for p in (await papers(two)).papers}
        cmr = found["cmr_sheet"]
        assert cmr.signs == ["supplier.warehouse", "carrier.driver", "requester.warehouse"] and "CMR" in cmr.source
        assert cmr.consignment == "lot-1" and cmr.stale and not cmr.checked and "HR RS BG" in cmr.why
        assert not found["transit_t2"].drawn and found["transit_t2"].signs == ["supplier.customs", "authority"]
        (way,) = (await papers(two)).ways
        assert way.clearance_needed and [r.regime for r in way.regimes] == ["t2", "t2", "t2"]
        assert "HR t2" in way.clearance_why[0] and any("reception profile of BG" in one for one in way.findings)

    play(story)


@pytest.mark.parametrize("plain", [False, True])
def test_the_count_is_on_paper_in_each_language(play: Callable[..., None], plain: bool) -> None:
    async def story(two: Two) -> None:
        await two.play()
        for language in sorted(word_files()):
            file = await drawn(two, "goods_received_note", ASKS, languages=language, plain=plain)
            text, words = shown(file), word_files()[language]
            for label, figure in (
                ("good", "76"),
                ("damaged", "2"),
                ("short", "2"),
                ("over", "0"),
                ("dispatched", "80"),
            ):
                assert re.sub(r"\s", "", words.label[label]) in text and figure in text, (language, label)
            assert "76220" in text, "good, damaged, short and over side by side"
            assert "wet" in text and re.sub(r"\s", "", words.title["goods_received_note"]) in text

    play(story)


def test_a_packing_list_names_units_lots_weights_and_the_plate_only_while_it_is_kept(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        packing = shown(await drawn(two, "packing_list", languages="hr,bg,en"))
        assert "Z-2025/7" in packing and "4621" in packing and "22.5" in packing and "HR-7781" in packing
        assert "ХърватскиЧервен" not in packing and "HrvatskiCrvenikriž(vježba)" in packing
        assert "БългарскиЧервенкръст(учение)" in packing
        waybill = shown(await drawn(two, "waybill"))
        assert "ZG1234-AB" in waybill and "Prijevozd.o.o." in waybill and "HR-RS-BG" in waybill
        await two[SUPPLIES].node.engine.write(lambda tx: tx.cases.erase_side_lines(two.case), durable=True)
        assert "ZG1234-AB" not in shown(await drawn(two, "waybill"))

    play(story)


def test_value_and_gross_weight_are_figures_where_they_were_said(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        text = shown(await drawn(two, "pro_forma", languages="en"))
        assert ("380.50EUR" in text and "30440.00EUR" in text and "57.763" in text) or "57.762" in text
        assert "unknown" in text, "nobody said a net weight"

    play(story)


def test_a_statement_verifies_with_the_key_of_the_node_and_a_changed_byte_is_found(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        file = await drawn(two, "waybill")
        inside = pypdf.PdfReader(BytesIO(file.content)).attachments
        assert inside[STATEMENT] == [file.statement.encode()]
        signed, key = statement.read(file.statement), two[SUPPLIES].node.signer.public
        statement.check(signed, key)
        assert signed.statement[:2] == (two.case, "waybill") and signed.node == HR
        held = evidence.verify(inside[EVIDENCE][0])
        steps = [("supplier" if m.message.sender == HR else "requester", m.message.link) for m in held.messages]
        assert statement.root_of((side, link.n, link.hash) for side, link in steps) == signed.statement.root
        for place in range(len(file.statement)):
            other = chr(ord(file.statement[place]) ^ 1)
            with pytest.raises(ProtocolError):
                statement.check(statement.read(file.statement[:place] + other + file.statement[place + 1 :]), key)
        with pytest.raises(BadSignature):
            statement.check(signed, two[ASKS].node.signer.public)
        assert isinstance(signed.statement, Statement)

    play(story)


def test_the_same_operation_gives_the_same_sheet_on_both_sides(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        sheets = [statement.read((await drawn(two, "closing_report", n, languages="en")).statement) for n in (HR, BG)]
        assert sheets[0].statement == sheets[1].statement

    play(story)


def test_a_paper_is_kept_by_its_hash_and_filed_with_a_place(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.play()
        filing = FileRequest(case=two.case, document="waybill", where="folder 7")
        with pytest.raises(Refusal, match="made here"):
            await paperwork.file_paper(two[SUPPLIES], ANA, filing)
        file = await drawn(two, "waybill")
        filed = await paperwork.file_paper(two[SUPPLIES], ANA, filing)
        assert filed.sha256 == file.sha256 and filed.where == "folder 7" and filed.filed.startswith("filed ")
        listed = {p.document: p for p in (await papers(two)).papers}["waybill"]
        assert (listed.sha256, listed.where) == (file.sha256, "folder 7")
        closing = shown(await drawn(two, "closing_report", languages="en"))
        assert file.sha256 in closing and "Waybill" in closing

    play(story)


def test_labels_carry_a_number_that_is_never_given_twice(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.ask()
        await two.offer()
        await two.confirm()
        await two.stage("lot-1")
        await two.stage("lot-2")
        numbers = [u["sscc"] for s in (await two.show(ASKS)).timeline if s.verb == "stage" for u in s.fields["units"]]
        assert len(set(numbers)) == 4 and all(n.startswith("03851234") for n in numbers)
        labels = await paperwork.print_labels(
            two[SUPPLIES], ANA, LabelsRequest(case=two.case, consignment="lot-2", languages="bg,en")
        )
        text = shown(labels)
        assert all(numbers[place] in text.replace(" ", "") for place in (2, 3)) and numbers[0] not in text
        with pytest.raises(Refusal, match="GS1"):
            office = two[ASKS]
            office.settings = office.settings._replace(gs1_prefix="")
            two.offices[SUPPLIES] = office
            await two.stage("lot-3")

    play(story)


def test_what_is_not_a_paper_of_the_operation_is_refused_with_those_that_are(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.ask()
        with pytest.raises(Refusal, match="a paper of this operation: request"):
            await drawn(two, "waybill")
        with pytest.raises(Refusal, match="an operation of this node"):
            await paperwork.list_papers(two[SUPPLIES], ANA, CaseId(case="xaaaaaaaaaaaaaaa"))
        with pytest.raises(Refusal, match="at most 3"):
            await drawn(two, "request", languages="tlh")

    play(story)


def test_a_real_operation_carries_no_banner(play: Callable[..., None]) -> None:
    async def story(two: Two) -> None:
        await two.ask()
        text = shown(await drawn(two, "request", languages="en"))
        assert "EXERCISE" not in text.replace("(exercise)", "") and TENT in text

    play(story, "see.pub")


def rewritten(evidence_: bytes, line: bytes | None) -> bytes:
    """A PDF of somebody else with these files inside."""
    writer, out = pypdf.PdfWriter(), BytesIO()
    writer.add_blank_page(100, 100)
    writer.add_attachment(EVIDENCE, evidence_)
    if line is not None:
        writer.add_attachment(STATEMENT, line)
    writer.write(out)
    return out.getvalue()
