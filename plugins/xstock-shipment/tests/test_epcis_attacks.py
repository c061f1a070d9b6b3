"""Events that mean ill: each is refused, or says nothing to us, in under a second of a core and 100 MB."""

import gc
import gzip
import json
import tracemalloc
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ubl_neutral import loan
from xstock_shipment.epcis.documents import read_document, write_documents

PLAIN = write_documents(loan())[1].content
DECLARED = {
    "declarationTime": "2027-01-01T00:00:00Z",
    "correctiveEventIDs": ["x"] * 7000,
    "xstock:message": {"message": {"recalls": 7}},
}
HEAD = b'{"type": "EPCISDocument", "epcisBody": '


def changed(**fields: Any) -> bytes:
    found = json.loads(PLAIN)
    found["epcisBody"]["eventList"][0].update(fields)
    return json.dumps(found).encode()


def attacks() -> dict[str, tuple[bytes, str]]:
    """Each attack by its name, and the word that refuses it; empty where it is of no format."""
    line = {"epcClass": "urn:a:b", "quantity": 1}
    return {
        "deep": (HEAD + b"[" * 100_000 + b"]" * 100_000 + b"}", "too-deep"),
        "deep objects": (HEAD + b'{"a":' * 100_000 + b"1" + b"}" * 100_001, "too-deep"),
        "wide": (HEAD + b"[" + b"{}," * 500_000 + b"{}]}", "too-many"),
        "huge": (PLAIN + b" " * 30_000_000, "too-large"),
        "many lines": (changed(quantityList=[line] * 5001, **{"xstock:message": {}}), "too-much"),
        "many single things": (changed(epcList=["urn:a:b"] * 5001, quantityList=None), "too-much"),
        "in UTF-16": (PLAIN.decode().encode("utf-16"), "not-json"),
        "gzip": (gzip.compress(PLAIN), ""),
        "gzip that keeps its words": (gzip.compress(b"x") + HEAD, "packed"),
        "unclosed": (PLAIN[:-40], "not-json"),
        "no UTF-8": (PLAIN.replace(b"redcross.bg", b"red\xff"), "not-json"),
        "surrogate": (PLAIN.replace(b"redcross.bg", b"\\ud800"), "not-json"),
        "no number": (PLAIN.replace(b": 100", b": NaN"), "not-json"),
        "long number": (PLAIN.replace(b": 100", b": " + b"9" * 100_000), "not-json"),
        "great number": (PLAIN.replace(b": 100", b": 9e300"), "wrong-value"),
        "long text": (changed(bizStep="x" * 5000), "wrong-value"),
        "many corrections": (changed(errorDeclaration=DECLARED), "wrong-value"),
        "another shape": (b'{"type": "EPCISDocument", "epcisBody": [7]}', "wrong-value"),
        "a list": (b'["EPCISDocument"]', ""),
    }  # fmt: skip


@pytest.fixture(autouse=True)
def others_set_aside() -> Iterator[None]:
    """What other tests left behind is not walked by the collector while these are measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", list(attacks()))
def test_it_is_refused_quickly_and_in_little_memory(name: str) -> None:
    content, word = attacks()[name]
    begun = process_time()
    found = read_document(content)
    took = process_time() - begun
    tracemalloc.start()
    again = read_document(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert again == found and (found is None if not word else found and (found.error, found.messages) == (word, ()))
    assert took < 1 and peak < 100_000_000, (took, peak)


names = st.sampled_from(["id", "n", "kind", "type", "lines", "message", "line"]) | st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
FIELDS = sorted({*json.loads(PLAIN)["epcisBody"]["eventList"][0], "errorDeclaration", "epcList", "xstock:part"})


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), values, min_size=1, max_size=3))
def test_whatever_stands_in_a_field_it_is_read_or_refused(fields: dict[str, Any]) -> None:
    reading = read_document(changed(**fields))
    assert reading is not None and (bool(reading.error) or not reading.alerts)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["message", "line", "lines"]), values, min_size=1))
def test_whatever_stands_in_the_extension_it_is_read_or_refused(said: dict[str, Any]) -> None:
    reading = read_document(changed(**{"xstock:message": said}))
    assert reading is not None and (reading.error or reading.messages[0].kind == "dispatch")


@pytest.mark.parametrize("content", [b"", b"\x00" * 99, b"{}", b"<EPCISDocument/>", b'{"type": "Feature"}'])
def test_what_is_of_another_kind_is_left_to_others(content: bytes) -> None:
    assert read_document(content) is None
