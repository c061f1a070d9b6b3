"""Documents that mean ill: each is refused, or says nothing to us, in under a second of a core, and opens nothing."""

import gzip
import tracemalloc
from pathlib import Path
from time import process_time

import pytest
from ubl_neutral import loan
from xstock_shipment.documents import read_document, write_documents

HEAD = '<?xml version="1.0"?>'
NS = 'xmlns="urn:oasis:names:specification:ubl:schema:xsd:DespatchAdvice-2"'
LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
PLAIN = write_documents(loan())[0].content
LINE = PLAIN[PLAIN.index(b"<cac:DespatchLine>") : PLAIN.index(b"</ublda:DespatchAdvice>")]
CANARY = "canary-5f1d"


def attacks(canary: Path) -> dict[str, bytes]:
    """Each attack by its name; `canary` must never be read."""
    entity = f'{HEAD}<!DOCTYPE r [<!ENTITY x SYSTEM "file://{canary}">]><DespatchAdvice {NS}>&x;</DespatchAdvice>'
    return {
        "entities": f'{HEAD}<!DOCTYPE r [<!ENTITY l0 "lol">{LOL}]><DespatchAdvice {NS}>&l9;</DespatchAdvice>'.encode(),
        "external entity": entity.encode(),
        "external entity in UTF-16": entity.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16"),
        "external DTD": f'{HEAD}<!DOCTYPE r SYSTEM "file://{canary}"><DespatchAdvice {NS}/>'.encode(),
        "deep": f"{HEAD}<DespatchAdvice {NS}>{'<a>' * 100_000}{'</a>' * 100_000}</DespatchAdvice>".encode(),
        "wide": f"{HEAD}<DespatchAdvice {NS}>{'<a/>' * 500_000}</DespatchAdvice>".encode(),
        "huge": PLAIN + b" " * 30_000_000,
        "gzip": gzip.compress(PLAIN),
        "unclosed": PLAIN[:-40],
        "many lines": PLAIN.replace(LINE, LINE * 3000),
    }


@pytest.mark.parametrize("name", list(attacks(Path())))
def test_an_attack_is_refused_soon_and_reads_no_file(name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text(CANARY, "utf-8")
    content = attacks(canary)[name]
    begun = process_time()
    found = read_document(content)
    took = process_time() - begun
    tracemalloc.start()
    again = read_document(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found is None or (found.error and not found.messages), name
    assert again == found and CANARY not in str(found)
    assert took < 1 and peak < 100_000_000, (took, peak)


INVOICE = b"<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>"


@pytest.mark.parametrize("content", [b"", b"\x00" * 99, b"{}", b"<html/>", INVOICE])
def test_what_is_of_another_kind_is_left_to_others(content: bytes) -> None:
    assert read_document(content) is None
