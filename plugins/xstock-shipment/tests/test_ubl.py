"""What is written validates, adds up, and comes back as it was; the example of OASIS is read."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ubl_neutral import TEXTS, line, loan, message
from ubl_schemas import EXAMPLE, etree, judge, needed
from xstock_shipment.documents import read_document, write_documents

from xstock_node.domain.message_order import in_order
from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Document, Resource, ResourceMessage

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"


def again(documents: tuple[Document, ...]) -> tuple[Document, ...]:
    """The documents read by a node that knew nothing, and written once more."""
    messages: list[ResourceMessage] = []
    for one in documents:
        reading = read_document(one.content)
        assert reading is not None and not reading.error, reading
        messages += reading.messages
    return write_documents(in_order(messages))


def number(root: Any, path: str) -> Decimal:
    found = root.findtext(path)
    return Decimal(found) if found else Decimal(0)


def test_a_loan_is_told_from_the_first_advice_to_the_proof_that_it_came_home() -> None:
    documents = write_documents(loan())
    assert [judge(one.content) for one in documents] == [
        "DespatchAdvice",
        "TransportationStatus",
        "ReceiptAdvice",
        "DespatchAdvice",
        "ReceiptAdvice",
        "ProofOfReexportation",
    ]
    root = etree().fromstring(documents[-1].content)
    leaf = root.find(f"{CAC}GoodsItemPassportCounterfoil")
    referred = [leaf.findtext(f"{CAC}{name}DocumentReference/{CBC}ID") for name in ("Exportation", "Reexportation")]
    assert referred == ["out-1", "back-1"] and leaf.findtext(f"{CBC}Note") == "95 H87 HSHETENTF16C good"
    assert "out-1" in [one.findtext(f"{CBC}ID") for one in root.findall(f"{CAC}AdditionalDocumentReference")]


def test_a_gift_has_no_proof_of_re_exportation() -> None:
    bare = [tuple(msgspec.structs.replace(line, terms="") for line in one.lines) for one in loan()]
    gift = [msgspec.structs.replace(one, lines=lines) for one, lines in zip(loan(), bare, strict=True)]
    assert "ProofOfReexportation" not in [judge(one.content) for one in write_documents(gift)]


quantities = st.decimals(0, 10**6, places=3)


@settings(max_examples=60, deadline=None)
@given(st.tuples(quantities, quantities, quantities, quantities))
def test_despatched_is_received_and_short_and_rejected(parts: tuple[Decimal, ...]) -> None:
    good, damaged, short, over = parts
    sent = good + damaged + short
    documents = write_documents(loan(sent, good, damaged, short, over=over)[:5])
    (receipt,) = [etree().fromstring(one.content) for one in documents if judge(one.content) == "ReceiptAdvice"]
    (entry,) = receipt.findall(f"{CAC}ReceiptLine") or [None]
    if entry is None:
        assert not any(parts)
        return
    found = [number(entry, f"{CBC}{name}Quantity") for name in ("Received", "Short", "Rejected")]
    assert sum(found) == sent and number(entry, f"{CBC}OversupplyQuantity") == over


def test_a_receipt_of_more_than_was_despatched_is_not_written() -> None:
    with pytest.raises(Declined, match="at most 100, as despatched; came 101"):
        write_documents(loan(100, 98, 2, 1))


def test_two_lots_of_one_item_and_counts_by_pallet_are_added_up() -> None:
    out = message("dispatch", "out-1", line(60, lot="A"), line(40, lot="B"))
    counted = (line(55, "good"), line(43, "good"), line(2, "damaged"))
    documents = write_documents((out, message("receipt", "in-1", *counted, preceding="out-1")))
    (entry,) = etree().fromstring(documents[1].content).findall(f"{CAC}ReceiptLine")
    assert number(entry, f"{CBC}ReceivedQuantity") == 98 and number(entry, f"{CBC}RejectedQuantity") == 2
    assert [judge(one.content) for one in documents] == ["DespatchAdvice", "ReceiptAdvice"]


def test_a_corrected_receipt_stands_in_the_place_of_the_first() -> None:
    told = loan(100, 98, 2, 0)[:5]
    counted = (line(97, "good"), line(2, "damaged"), line(1, "short"))
    corrected = message("receipt", "in-2", *counted, preceding="out-1", recalls="in-1", replaces=True)
    documents = write_documents((*told, corrected))
    assert [judge(one.content) for one in documents][-2:] == ["ReceiptAdvice"] * 2
    reading = read_document(documents[-1].content)
    assert reading is not None and (reading.messages[0].recalls, reading.messages[0].replaces) == ("in-1", True)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("status", ["Actual", "Exercise"])
def test_what_an_empty_node_read_it_writes_as_it_was(text: str, status: Any) -> None:
    told = [msgspec.structs.replace(one, status=status) for one in loan(text=text)]
    first = write_documents(told)
    second = again(first)
    assert second == first == again(second)
    assert all(text.encode() in one.content for one in first[:3])
    readings = [found for one in second if (found := read_document(one.content)) is not None]
    assert {one.status for reading in readings for one in reading.messages} == {status}


def test_what_is_read_of_our_own_is_what_was_said() -> None:
    told = {one.id: one for one in loan()}
    for document in write_documents(tuple(told.values())):
        reading = read_document(document.content)
        for one in reading.messages if reading else ():
            said = told[one.id]
            whole = ("kind", "sent", "sender", "recipients", "incidents", "originating", "note")
            assert [getattr(one, f) for f in whole] == [getattr(said, f) for f in whole]
            if one.kind != "passage":
                assert [_parts(line) for line in one.lines] == [_parts(line) for line in said.lines]


def _parts(line: Resource) -> list[Any]:
    fields = ("id", "about", "item", "name", "quantity", "unit", "condition", "reason", "schedule", "resource")
    return [getattr(line, field) for field in fields]


def test_the_example_is_read_without_the_names_of_people() -> None:
    reading = read_document(needed(EXAMPLE).read_bytes())
    assert reading is not None and not reading.error
    (found,) = reading.messages
    assert (found.kind, found.id, found.sender) == ("dispatch", "565899", "Consortial")
    (only,) = found.lines
    assert (only.quantity, only.unit, only.name, only.item) == (Decimal(90), "KGM", "beeswax", "")
    assert (found.originating, only.lot) == ("AEG012345", "546378239")
    assert {(code.scheme, code.value) for code in only.codes} == {
        ("BuyersItemIdentification", "6578489"),
        ("SellersItemIdentification", "17589683"),
    }
    said = msgspec.json.encode(found).decode()
    assert "Bouquet" not in said and "Churchill" not in said
    assert [judge(one.content) for one in write_documents((found,))] == ["DespatchAdvice"]


def test_a_receipt_of_others_that_rejects_is_flagged_and_ours_is_not() -> None:
    (_, _, document, *_) = write_documents(loan())
    ours = read_document(document.content)
    assert ours is not None and ours.flags == ()
    theirs = read_document(
        document.content.replace(b"<cbc:CustomizationID>urn:xstock:ubl:1<", b"<cbc:CustomizationID>x<")
    )
    assert theirs is not None and theirs.messages[0].lines[0].quantity == 95
    assert theirs.flags == ("received-may-hold-rejected: line 1",)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b'>100<', b'>many<', "wrong-value"),
        (b'>100<', b'>-4<', "wrong-value"),
        (b'>100<', b'>NaN<', "wrong-value"),
        (b'>100<', b'>1e999999<', "wrong-value"),
        (b"<cbc:ID>out-1</cbc:ID>", b"", "missing"),
        (b"<cbc:IssueDate>2027-", b"<cbc:IssueDate>2027-99", "wrong-time"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_a_word(old: bytes, new: bytes, word: str) -> None:
    content = write_documents(loan())[0].content
    assert old in content
    reading = read_document(content.replace(old, new, 1))
    assert reading is not None and (reading.error, reading.messages) == (word, ())
