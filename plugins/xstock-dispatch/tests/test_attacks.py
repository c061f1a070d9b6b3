"""Documents that mean ill, in both forms: each is refused in under a second of a core, and opens nothing."""

import gc
import gzip
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest
from dispatch_neutral import one
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_dispatch import Emsi
from xstock_dispatch.documents import FORMS, Form, read_document, write_documents

from xstock_node.plugins.interchange import Document
from xstock_node.testing.plugin_context import plugin_context

NS = 'xmlns="urn:emergency:eda:1.9:emsi"'
HEAD = '<?xml version="1.0"?>'
LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
PLAIN = {form: write_documents((one("offer"),), form)[0].content for form in FORMS}
LINE = PLAIN["xml"][PLAIN["xml"].index(b"<emsi:RESOURCE>") : PLAIN["xml"].index(b"</emsi:emsi>")]
SMALL = (
    b"<emsi:RESOURCE><emsi:RTYPE><emsi:RCLASS>MAT</emsi:RCLASS></emsi:RTYPE><emsi:ID>1</emsi:ID><emsi:NAME>x</emsi:NAME>"
    b"<emsi:STATUS>AVAILB</emsi:STATUS></emsi:RESOURCE>"
)


def xml_attacks(canary: Path) -> dict[str, tuple[bytes, str]]:
    """Each attack by its name, and the word that refuses it; `canary` must never be read."""
    entity = f'{HEAD}<!DOCTYPE r [<!ENTITY x SYSTEM "file://{canary}">]><r {NS}>&x;</r>'
    plain = PLAIN["xml"]
    return {
        "entities": (f'{HEAD}<!DOCTYPE r [<!ENTITY l0 "lol">{LOL}]><r {NS}>&l9;</r>'.encode(), "doctype"),
        "external entity": (entity.encode(), "doctype"),
        "in UTF-16": (entity.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16"), "doctype"),
        "external DTD": (f'{HEAD}<!DOCTYPE r SYSTEM "file://{canary}"><r {NS}/>'.encode(), "doctype"),
        "deep": (f"{HEAD}<r {NS}>{'<a>' * 100_000}{'</a>' * 100_000}</r>".encode(), "too-deep"),
        "wide": (f"{HEAD}<r {NS}>{'<a/>' * 500_000}</r>".encode(), "too-many"),
        "huge": (f"{HEAD}<r {NS}>{'x' * 20_000_000}</r>".encode(), "too-large"),
        "gzip that keeps its words": (gzip.compress(b"x") + NS.encode(), "packed"),
        "unclosed": (plain[: len(plain) // 2], "not-xml"),
        "no UTF-8": (plain.replace(b"Bucuresti", b"x").replace(b"Corturi", b"Cor\xfftri"), "not-xml"),
        "long note": (plain.replace(b"Corturi", b"x" * 30_000), "too-much"),
        "long id": (plain.replace(b"id-offer", b"x" * 400), "too-much"),
        "long number": (plain.replace(b">40<", b">" + b"9" * 100_000 + b"<"), "wrong-value"),
        "great number": (plain.replace(b">40<", b">9e999999<"), "wrong-value"),
        "many lines": (plain.replace(LINE, SMALL * 5001), "too-much"),
    }


def json_attacks(canary: Path) -> dict[str, tuple[bytes, str]]:
    plain = PLAIN["json"]
    return {
        "deep": (b'{"emsi":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        "deep objects": (b'{"emsi":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, "too-deep"),
        "wide": (b'{"emsi":[' + b"{}," * 500_000 + b"{}]}", "too-many"),
        "huge": (b'{"emsi":"' + b"x" * 20_000_000 + b'"}', "too-large"),
        "unclosed": (plain[: len(plain) // 2] + b'"emsi"', "not-json"),
        "no UTF-8": (plain.replace(b"Corturi", b"Cor\xfftri"), "not-json"),
        "no number": (plain.replace(b": 40", b": NaN"), "not-json"),
        "long number": (plain.replace(b": 40", b": " + b"9" * 100_000), "not-json"),
        "great number": (plain.replace(b": 40", b": 9e300"), "wrong-value"),
        "surrogate": (plain.replace(b"Corturi", b"\\ud800"), "not-json"),
        "long note": (plain.replace(b"Corturi", b"x" * 30_000), "too-much"),
        "another shape": (b'{"edxl": {"content": 7}, "emsi": []}', "wrong-value"),
        "a list for a message": (b'{"emsi": []}', "wrong-value"),
    }


ATTACKS = [("xml", name) for name in xml_attacks(Path("x"))] + [("json", name) for name in json_attacks(Path("x"))]


@pytest.fixture(autouse=True)
def others_set_aside() -> Iterator[None]:
    """What other tests left behind is not walked by the collector while these are measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize(("form", "name"), ATTACKS)
async def test_it_is_refused_quickly(form: Form, name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("the bird sings")
    raw, word = (xml_attacks if form == "xml" else json_attacks)(canary)[name]
    async with plugin_context(None) as context:
        begun = process_time()
        reading = await Emsi(form).read(context, Document(name="x", content=raw))
        took = process_time() - begun
    assert took < 1
    assert "bird" not in str(reading)
    assert reading is not None and (reading.error, reading.messages) == (word, ())


@pytest.mark.parametrize(
    "raw",
    [
        *(
            b"",
            b"\x00" * 100,
            b"%PDF-1.7",
            b'{"a": 1}',
            b"<html/>",
            b"[]",
            b"{",
            b'{"edxl": {"content": [], "x": "emsi"}}',
        ),
        b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>",
        b"<edxlDistribution xmlns='urn:oasis:names:tc:emergency:EDXL:DE:2.0'/>",
        b"<x xmlns='urn:emergency:eda:1.9:emsi'/>",
    ],
)
def test_a_document_of_another_format_is_none(raw: bytes) -> None:
    assert read_document(raw) is None


def test_a_long_list_is_read_in_a_second_too() -> None:
    took = []
    for _ in range(3):
        begun = process_time()
        reading = read_document(PLAIN["xml"].replace(LINE, LINE * 1700))
        took.append(process_time() - begun)
        assert reading is not None and len(reading.messages[0].lines) == 1700
    assert min(took) < 1


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FORMS), st.data())
def test_a_damaged_document_never_raises(form: Form, data: st.DataObject) -> None:
    """Lines of a good document are lost, doubled, exchanged or filled with other words; the reader always answers."""
    pieces = PLAIN[form].split(b"\n")
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
            mark, end = (b">", b"<") if form == "xml" else (b": ", b",")
            said = data.draw(st.sampled_from([b"", b"-1", b"null", b"[]", b"9e99", b'"2026-13-40T99:00:00"', b"{}"]))
            before, middle, after = pieces[at].partition(mark)
            pieces[at] = before + middle + said + after[after.find(end) :]
    reading = read_document(b"\n".join(pieces))
    assert reading is None or bool(reading.error) != bool(reading.messages)
