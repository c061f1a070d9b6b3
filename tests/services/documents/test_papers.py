"""Drawn papers: every word and figure of the sheet is in the PDF and in the HTML, and one file proves itself."""

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import msgspec
import pypdf
import pytest

from tests import paper_samples as samples
from tests.pictures import codes_of
from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.corridors import Movement, corridor
from xstock_node.domain.documents.composing import compose
from xstock_node.domain.documents.facts import OperationFacts
from xstock_node.domain.documents.sheets import Sheet
from xstock_node.domain.terms import Terms
from xstock_node.services.documents.drawing import EVIDENCE, STATEMENT, draw_pages
from xstock_node.services.documents.library import customs_facts, documents, word_files, words
from xstock_node.services.documents.papers import HTML, PDF, make_paper
from xstock_node.services.errors import Refusal

ALL = sorted(documents().documents)
LANGUAGES = sorted(set(word_files()) - {"en", "bg"})
TRIO = ("bg", "ro", "en")
PROOF = "xs1-paper x-op-2027-0042 " + "5d" * 32 + " ns.bg.example+a1b2c3d4 " + "A" * 88
FIGURES = ("closing_report", "packing_list", "pro_forma", "goods_received_note", "loan_discharge")
JPEG = b"\xff\xd8\xff"


def facts_for(code: str) -> OperationFacts:
    own = samples.consignment(samples.dangerous()) if code == "dangerous_goods" else samples.consignment()
    return samples.facts(consignment=own)


def texts(sheet: Sheet) -> Iterator[str]:
    """Every text of a sheet."""
    yield from (*sheet.title, *sheet.filing, *sheet.page, *sheet.banner, sheet.foot, sheet.made, sheet.operation)
    for entry in sheet.entries:
        yield from (*entry.label, *entry.value)
    for grid in sheet.grids:
        for column in grid.columns:
            yield from column.label
        for row in (*grid.rows, grid.sums):
            for cell in row:
                yield from cell
    for group in (*sheet.says, *sheet.signs):
        yield from group


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


@cache
def pages(data: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages]


def shown_html(data: bytes) -> str:
    body = re.sub(r"<style>.*?</style>", "", data.decode(), flags=re.S)
    return squeezed(html.unescape(re.sub(r"<[^>]*>", " ", body)))


@pytest.mark.parametrize("code", ALL)
def test_every_text_and_figure_of_each_paper_is_in_the_pdf_and_in_the_html(code: str) -> None:
    facts = facts_for(code)
    sheet = compose(code, facts, words(TRIO), documents())
    wanted = {squeezed(text) for text in texts(sheet)}
    drawn = make_paper(code, facts, TRIO)
    found = squeezed("".join(pages(drawn.data)))
    assert not {text for text in wanted if text not in found}
    plain = shown_html(make_paper(code, facts, TRIO, plain=True).data)
    assert not {text for text in wanted - set(map(squeezed, sheet.page)) if text not in plain}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_the_operation_is_on_paper_in_each_language(language: str) -> None:
    facts = samples.facts("bg", language)
    for code in FIGURES:
        spoken = (language, "bg", "en")
        sheet = compose(code, facts, words(spoken), documents())
        assert sheet.languages == spoken
        found = squeezed("".join(pages(make_paper(code, facts, spoken).data)))
        assert not {text for text in texts(sheet) if squeezed(text) not in found}
    closing = squeezed("".join(pages(make_paper("closing_report", facts, (language, "en")).data)))
    for line in facts.lines:
        names = ("requested", "offered", "accepted", "dispatched", "good", "damaged", "short", "over", "returned")
        assert all(str(getattr(line, name)) in closing for name in names)
    assert squeezed(word_files()[language].word["unknown"]) in closing


def test_an_exercise_is_marked_on_every_page_in_every_language_and_the_real_thing_nowhere() -> None:
    banner = [squeezed(word_files()[language].word["exercise"]) for language in TRIO]
    real = make_paper("closing_report", samples.facts(exercise=False), TRIO)
    drill = make_paper("closing_report", samples.facts(), TRIO)
    assert len(pages(drill.data)) > 1
    for page in pages(drill.data):
        assert all(squeezed(page).count(one) == 2 for one in banner), "above and below"
    assert not [one for page in pages(real.data) for one in banner if one in squeezed(page)]


def test_pages_are_numbered_and_carry_the_hash_and_the_filing_status() -> None:
    found = pages(make_paper("closing_report", samples.facts(), ("en",)).data)
    for number, page in enumerate(found, 1):
        assert f"{number}/{len(found)}" in squeezed(page)
        assert samples.ROOT in squeezed(page) and "draft,notsigned" in squeezed(page)


def test_the_code_on_the_paper_reads_back_as_the_proof() -> None:
    facts = samples.facts()
    sheet = compose("order_confirmation", facts, words(TRIO), documents())
    (page, *_) = draw_pages(sheet, facts.made, proof=PROOF)
    assert codes_of(page) == [PROOF]
    assert codes_of(draw_pages(sheet, facts.made)[0]) == []


def test_the_evidence_is_inside_the_pdf_byte_for_byte() -> None:
    evidence = bytes(range(256)) * 400
    drawn = make_paper("closing_report", samples.facts(), TRIO, proof=PROOF, evidence=evidence)
    assert pypdf.PdfReader(BytesIO(drawn.data)).attachments == {
        EVIDENCE: [evidence],
        STATEMENT: [PROOF.encode()],
    }


def test_the_same_facts_give_the_same_bytes_in_another_process_too() -> None:
    first = make_paper("waybill", samples.facts(), TRIO, proof=PROOF, evidence=b"bundle")
    assert first == make_paper("waybill", samples.facts(), TRIO, proof=PROOF, evidence=b"bundle")
    assert first.sha256 == sha256(first.data).hexdigest()
    program = (
        "from tests import paper_samples as s; from xstock_node.services.documents.papers import make_paper as m;"
        f"print(m('waybill', s.facts(), {TRIO!r}, proof={PROOF!r}, evidence=b'bundle').sha256)"
    )
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == first.sha256
    assert make_paper("waybill", samples.facts(made=samples.at(9)), TRIO).data != first.data


@pytest.mark.parametrize("code", ["waybill", "gift_certificate", "closing_report"])
def test_hostile_words_are_printed_and_never_obeyed(code: str) -> None:
    facts = samples.hostile()
    text = squeezed(facts.remarks or "")
    sheet = compose(code, facts, words(TRIO), documents())
    assert text in {squeezed(one) for one in texts(sheet)}
    drawn = make_paper(code, facts, TRIO)
    assert text in squeezed("".join(pages(drawn.data)))
    plain = make_paper(code, facts, TRIO, plain=True).data
    assert b"<script" not in plain and text in shown_html(plain)


def test_a_page_of_html_fetches_and_runs_nothing() -> None:
    plain = make_paper("waybill", samples.facts(), TRIO, proof=PROOF, plain=True).data.decode()
    assert not re.search(r"<script|\son\w+=|src=|href=|url\(|@import|http-equiv", plain)


def test_letters_of_every_language_of_the_list_have_a_glyph() -> None:
    letters = (
        "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ Ђђ Јј Љљ Њњ Ћћ Џџ Ѓѓ Ќќ Ѕѕ Ѐѐ Ѝѝ Єє Іі Її Ґґ Ёё Әә Ғғ Ққ Ңң Өө Ұұ Үү Һһ Ўў "
        "Șș Țț Ăă Ââ Îî Čč Ćć Đđ Šš Žž Śś Źź Ää Öö Üü ß Ëë Çç Ğğ İı Şş Őő Űű Łł Ąą Ęę Άά Έέ Ήή Ίί Όό Ύύ Ώώ ς ΐ № €"
    )
    drawn = make_paper("pre_notification", samples.facts(remarks=letters), ("en",))
    assert squeezed(letters) in squeezed("".join(pages(drawn.data)))


@pytest.mark.parametrize("extra", ["typst", "segno"])
def test_without_the_extra_a_paper_is_html_with_the_proof_as_text(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, extra, None)
    drawn = make_paper("closing_report", samples.facts(), TRIO, proof=PROOF)
    assert drawn.media_type == HTML and drawn.name == "x-op-2027-0042-closing_report.html"
    assert squeezed(PROOF) in shown_html(drawn.data)
    sheet = compose("closing_report", samples.facts(), words(TRIO), documents())
    with pytest.raises(Refusal, match="documents"):
        draw_pages(sheet, samples.facts().made, proof=PROOF)


def test_a_name_of_a_file_has_only_plain_letters() -> None:
    facts = samples.facts(operation="../../x op/42")
    drawn = make_paper("waybill", facts, ("en",))
    assert (drawn.name, drawn.media_type) == (".._.._x_op_42-waybill.pdf", PDF)


def test_a_proof_that_no_code_holds_and_a_logo_that_is_none_are_refused() -> None:
    with pytest.raises(Refusal, match="one QR code"):
        make_paper("waybill", samples.facts(), ("en",), proof="x" * 5000)
    with pytest.raises(Refusal, match="PNG or JPEG"):
        make_paper("waybill", samples.facts(), ("en",), logo=b"<svg/>")
    with pytest.raises(Refusal, match="that can be drawn"):
        make_paper("waybill", samples.facts(), ("en",), logo=JPEG + b"broken")


def test_an_emblem_stands_only_where_the_operator_gave_one() -> None:
    sheet = compose("waybill", samples.facts(), words(("en",)), documents())
    (logo, *_) = draw_pages(sheet, samples.facts().made, ppi=10)
    with_one = make_paper("waybill", samples.facts(), ("en",), logo=logo).data
    assert len(pypdf.PdfReader(BytesIO(with_one)).pages[0].images) == 1
    assert not pypdf.PdfReader(BytesIO(make_paper("waybill", samples.facts(), ("en",)).data)).pages[0].images


@pytest.mark.parametrize(
    ("route", "terms", "handling", "receiver"),
    [
        ("BG RO", Terms.LOAN, HandlingClass.GENERAL, "ro"),
        ("BG RS HR", Terms.LOAN, HandlingClass.GENERAL, "hr"),
        ("BG RO HU HR", Terms.LOAN, HandlingClass.GENERAL, "hr"),
        ("BG RS", Terms.LOAN, HandlingClass.GENERAL, "sr-Latn"),
        ("BG RO UA", Terms.DONATION, HandlingClass.MEDICINES, "uk"),
    ],
)
def test_every_paper_of_the_four_corridors_is_drawn_or_named_as_an_authority_s(
    route: str, terms: Terms, handling: HandlingClass, receiver: str
) -> None:
    way = corridor(
        Movement(countries=tuple(route.split()), terms=terms, handling=(handling,)), customs_facts(), samples.DAY
    )
    facts = msgspec.structs.replace(samples.facts("bg", receiver, route), stretches=way.out, terms=terms)
    drawn = {paper.code for paper in way.papers if paper.code in documents().documents}
    for code in sorted(drawn):
        assert make_paper(code, facts, ("bg", receiver, "en")).media_type == PDF
    by_others = {paper.code for paper in way.papers} - drawn
    assert by_others <= {
        "transit_t2", "temporary_export_declaration", "reexport_declaration", "returned_goods_evidence",
        "export_declaration", "medicines_permission", "humanitarian_code",
    }  # fmt: skip
