"""Documents that mean ill: each is refused, or says nothing to us, in under a second of a core, and opens nothing."""

import gc
import gzip
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest
from edxl_neutral import one
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_edxl import EdxlRm
from xstock_edxl.documents import read_document, write_documents

from xstock_node.plugins.interchange import Document
from xstock_node.testing.plugin_context import plugin_context

NS = 'xmlns="urn:oasis:names:tc:emergency:EDXL:RM:1.0:msg"'
HEAD = '<?xml version="1.0"?>'
LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
ATTRIBUTES = " ".join(f"a{n}='1'" for n in range(100_000))
PLAIN = write_documents((one("offer"),))[0].content
LINE = PLAIN[PLAIN.index(b"<rmsg:ResourceInformation>") : PLAIN.index(b"</rmsg:ResponseToRequestResource>")]
SMALL = LINE[: LINE.index(b"<rmsg:Resource>")] + b"</rmsg:ResourceInformation>"
KEYWORD = b"<rmsg:Keyword><rm:ValueListURN>u%d</rm:ValueListURN><rm:Value>v</rm:Value></rmsg:Keyword>"
END = b"</rmsg:Resource>"


OTHERS = (
    *(b"", b"\x00" * 100, b"%PDF-1.7", b'{"a": 1}', b"<html/>"),
    b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>",
    b"<EDXLDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:2.0'/>",
    b"<EDXLDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:1.0'/>",
    b"<RequestResource xmlns='urn:oasis:names:tc:emergency:EDXL:RM:2.0:msg'/>",
)


def attacks(canary: Path) -> dict[str, bytes]:
    """Each attack by its name; `canary` must never be read."""
    entity = f'{HEAD}<!DOCTYPE r [<!ENTITY x SYSTEM "file://{canary}">]><r {NS}>&x;</r>'
    return {
        "entities": f'{HEAD}<!DOCTYPE r [<!ENTITY l0 "lol">{LOL}]><r {NS}>&l9;</r>'.encode(),
        "external entity": entity.encode(),
        "external entity in UTF-16": entity.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16"),
        "external DTD": f'{HEAD}<!DOCTYPE r SYSTEM "file://{canary}"><r {NS}/>'.encode(),
        "parameter entity": f'{HEAD}<!DOCTYPE r [<!ENTITY % x SYSTEM "file://{canary}">%x;]><r {NS}/>'.encode(),
        "deep": f"{HEAD}<r {NS}>{'<a>' * 100_000}{'</a>' * 100_000}</r>".encode(),
        "wide": f"{HEAD}<r {NS}>{'<a/>' * 500_000}</r>".encode(),
        "attributes": f"{HEAD}<r {NS} {ATTRIBUTES}/>".encode(),
        "huge": PLAIN.replace(b"Corturi", b"x" * 4_000_000),
        "gzip": gzip.compress(PLAIN),
        "gzip that keeps its words": gzip.compress(PLAIN, 0),
        "unclosed": PLAIN[: len(PLAIN) // 2],
        "no UTF-8": PLAIN.replace("ă".encode(), b"\xff"),
        "long note": PLAIN.replace(b"Corturi", b"x" * 2_000_000),
        "long id": PLAIN.replace(b">L1<", b">" + b"x" * 5000 + b"<"),
        "many lines": PLAIN.replace(LINE, SMALL * 6000),
        "many keywords": PLAIN.replace(END, b"".join(KEYWORD % n for n in range(15_000)) + END),
    }


EXPECTED = {
    "deep": "too-deep",
    **dict.fromkeys(("wide", "attributes"), "too-many"),
    "huge": "too-large",
    "gzip that keeps its words": "packed",
    **dict.fromkeys(("unclosed", "no UTF-8"), "not-xml"),
    **dict.fromkeys(("long note", "long id", "many lines", "many keywords"), "too-much"),
}


def names() -> list[str]:
    return list(attacks(Path("x")))


@pytest.fixture(autouse=True)
def others_set_aside() -> Iterator[None]:
    """What other tests left behind is not walked by the collector while these are measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", names())
async def test_it_is_refused_quickly(name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("the bird sings")
    raw = attacks(canary)[name]
    async with plugin_context(None) as context:
        begun = process_time()
        reading = await EdxlRm().read(context, Document(name="x.xml", content=raw))
        took = process_time() - begun
    assert took < 1
    assert reading is None or (reading.error and not reading.messages)
    assert "bird" not in str(reading)
    assert reading is None or reading.error == EXPECTED.get(name, "doctype")


@pytest.mark.parametrize(
    "raw",
    OTHERS,
)
def test_a_document_of_another_format_is_none(raw: bytes) -> None:
    assert read_document(raw) is None


def test_a_long_list_is_read_in_a_second_too() -> None:
    took = []
    for _ in range(3):
        begun = process_time()
        reading = read_document(PLAIN.replace(LINE, LINE * 1700))
        took.append(process_time() - begun)
        assert reading is not None and len(reading.messages[0].lines) == 1700
    assert min(took) < 1


def test_utf_16_without_tricks_is_read() -> None:
    text = PLAIN.decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    reading = read_document(text.encode("utf-16"))
    assert reading is not None and reading.messages == (one("offer"),)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["offer", "acceptance", "passage", "recall", "return-answer"]), st.data())
def test_a_damaged_document_never_raises(kind: str, data: st.DataObject) -> None:
    """Pieces of a good document are lost, doubled or exchanged; whatever comes, the reader answers."""
    pieces = write_documents((one(kind),))[0].content.split(b"\n")  # type: ignore[arg-type]
    for _ in range(data.draw(st.integers(1, 4))):
        at, other = (data.draw(st.integers(0, len(pieces) - 1)) for _ in range(2))
        how = data.draw(st.sampled_from(["lose", "double", "exchange", "text"]))
        if how == "lose":
            pieces[at] = b""
        elif how == "double":
            pieces[at] += pieces[at]
        elif how == "exchange":
            pieces[at], pieces[other] = pieces[other], pieces[at]
        else:
            said = data.draw(st.sampled_from([b"", b"-1", b"NaN", b"9e99", b"2026-13-40T99:00:00", b"=", b"0000"]))
            before, middle, after = pieces[at].partition(b">")
            pieces[at] = before + middle + said + after[after.find(b"<") :]
    reading = read_document(b"\n".join(pieces))
    assert reading is None or bool(reading.error) != bool(reading.messages)
