"""Labels of handling units: another reader reads barcode and QR code back from the printed page."""

import re
from datetime import UTC, datetime
from io import BytesIO

import pypdf
import pytest
import zxingcpp

from tests import paper_samples as samples
from tests.pictures import codes_of
from xstock_node.domain.documents.labels import labels
from xstock_node.domain.sscc import barcode_content, make_sscc
from xstock_node.services.documents.barcodes import QUIET, gs1_128_svg
from xstock_node.services.documents.drawing import draw_label_pages
from xstock_node.services.documents.library import words
from xstock_node.services.documents.papers import HTML, PDF, make_labels
from xstock_node.services.errors import Refusal

SCALE, ROWS = 2, 20
BAR = re.compile(r"M(\d+) 0h(\d+)v")
WHOLE = re.compile(r'viewBox="0 0 (\d+) ')


def read_bars(svg: str) -> zxingcpp.Barcode:
    """The barcode of a drawing of upright bars."""
    (width,) = map(int, WHOLE.findall(svg))
    line = bytearray(b"\xff" * width * SCALE)
    for start, size in (map(int, found) for found in BAR.findall(svg)):
        line[start * SCALE : (start + size) * SCALE] = bytes(size * SCALE)
    dots = memoryview(bytes(line) * ROWS).cast("B", shape=[ROWS, width * SCALE])
    (barcode,) = zxingcpp.read_barcodes(dots)
    return barcode


def test_every_pair_of_digits_is_drawn_right_and_the_symbol_is_gs1() -> None:
    for first in range(0, 100, 7):
        digits = "".join(f"{(first + step) % 100:02}" for step in range(10))
        barcode = read_bars(gs1_128_svg(digits))
        assert barcode.bytes == digits.encode()
        assert barcode.content_type == zxingcpp.ContentType.GS1 or barcode.symbology_identifier == "]C1"


def test_the_quiet_zones_are_ten_modules_wide() -> None:
    svg = gs1_128_svg("00" * 10)
    starts = [int(start) for start, _ in BAR.findall(svg)]
    (width,) = map(int, WHOLE.findall(svg))
    last, size = map(int, BAR.findall(svg)[-1])
    assert starts[0] == QUIET == width - last - size


def test_barcode_and_qr_code_are_read_back_from_the_page_as_printed() -> None:
    facts = samples.facts()
    own = labels(facts, words(("bg", "ro", "en")))
    (page,) = draw_label_pages(own, facts.made, ppi=110)
    wanted = {label.content for label in own}
    found = {re.sub(r"\D", "", text) for text in codes_of(page)}
    assert found == wanted == {barcode_content(make_sscc("3801234", serial)) for serial in (1, 2)}


def test_a_sheet_of_labels_holds_four_and_says_which_of_how_many() -> None:
    units = tuple(samples.msgspec.structs.replace(samples.units()[0], sscc=make_sscc("3801234", n)) for n in range(9))
    facts = samples.facts(consignment=samples.consignment(*units))
    drawn = make_labels(facts, ("bg", "en"))
    pages = [page.extract_text() for page in pypdf.PdfReader(BytesIO(drawn.data)).pages]
    assert (drawn.media_type, len(pages)) == (PDF, 3)
    assert "9 / 9" in pages[2] and "Палатка семейна 16 кв.м" in pages[0] and "EXERCISE" in pages[0]
    assert drawn == make_labels(facts, ("bg", "en"))


def test_dangerous_goods_show_their_un_number_on_the_label() -> None:
    facts = samples.facts(consignment=samples.consignment(samples.dangerous()))
    (own,) = labels(facts, words(("en",)))
    assert ("UN 2880",) in [entry.value for entry in own.entries]


def test_the_label_of_a_mixed_unit_lists_what_is_on_it() -> None:
    (own,) = labels(samples.facts(consignment=samples.consignment(samples.mixed())), words(("en",)))
    assert own.item == (
        "40 piece Family tent 16 m2, double fly",
        "36 set Interagency emergency health kit, basic",
    )


def test_labels_are_plain_html_too() -> None:
    drawn = make_labels(samples.facts(), ("bg", "en"), plain=True)
    assert drawn.media_type == HTML
    bars = re.findall(r'<div class="bars">(.*?)</div>', drawn.data.decode())
    assert [read_bars(svg).bytes.decode() for svg in bars] == [
        barcode_content(make_sscc("3801234", serial)) for serial in (1, 2)
    ]


def test_a_consignment_without_units_has_no_labels() -> None:
    with pytest.raises(Refusal, match="handling units"):
        make_labels(samples.facts(consignment=None, made=datetime(2027, 1, 1, tzinfo=UTC)), ("en",))
