"""A whole loan as a chain of messages, and recalls in it."""

from decimal import Decimal

import msgspec
import pytest
from edxl_neutral import one
from edxl_schemas import NS, etree, judge
from xstock_edxl import EdxlRm, xstock_register
from xstock_edxl.documents import read_document, write_documents

from xstock_node.plugins import Registry
from xstock_node.plugins.interchange import (
    Document,
    MessageKind,
    Place,
    Resource,
    ResourceMessage,
    Schedule,
    Writing,
)
from xstock_node.testing.plugin_context import plugin_context

LOAN: tuple[MessageKind, ...] = (
    *("request", "offer", "acceptance", "confirmation", "dispatch", "passage", "receipt"),
    *("extension-request", "extension-answer", "return-request", "return-answer", "return-dispatch", "return-receipt"),
)


def loan(**changes: str) -> tuple[ResourceMessage, ...]:
    """Every message follows the one before it."""
    before = ("", *(f"id-{kind}" for kind in LOAN[:-1]))
    return tuple(one(kind, preceding=preceding, **changes) for kind, preceding in zip(LOAN, before, strict=True))


def at(document: Document, path: str) -> list[str]:
    return [found.text for found in etree().fromstring(document.content).iterfind(path, NS)]


async def test_a_loan_goes_out_and_comes_back_in_its_order_through_the_adapter() -> None:
    registry = Registry()
    xstock_register(registry)
    format_ = registry.formats["edxl-rm"]
    async with plugin_context(None) as context:
        documents = await format_.write(context, Writing(messages=loan()))
        readings = [await format_.read(context, document) for document in documents]
    for document in documents:
        judge(document.content)
    assert tuple(message for reading in readings if reading for message in reading.messages) == loan()
    assert write_documents(tuple(readings[n].messages[0] for n in range(len(LOAN)))) == documents  # type: ignore[union-attr]
    assert [document.name for document in documents[:2]] == [
        "001-RequestResource-id-request.xml",
        "002-ResponseToRequestResource-id-offer.xml",
    ]
    assert {document.media for document in documents} == {"application/xml"}
    assert sorted(document.name for document in documents) == [document.name for document in documents]


def test_every_distribution_refers_to_the_one_before_it() -> None:
    request, *rest = write_documents(loan())
    assert at(request, "de:distributionReference") == []
    for kind, document in zip(LOAN, rest, strict=False):
        assert at(document, "de:distributionReference") == [f"id-{kind},ro@redcross.example,2027-01-15T08:00:00Z"]


@pytest.mark.parametrize("status", ["Exercise", "System", "Test"])
def test_a_status_survives_every_message(status: str) -> None:
    for document in write_documents(loan(status=status)):
        assert at(document, "de:distributionStatus") == [status]
        reading = read_document(document.content)
        assert reading is not None and reading.messages[0].status == status


def test_every_counted_quantity_of_a_receipt_comes_back() -> None:
    counted = (("good", "30"), ("damaged", "6"), ("short", "4"), ("over", "1.5"))
    arrived = (Schedule(moment="actual-arrival", at=1_800_000_000, place=Place(code="MDBAL")),)
    lines = tuple(
        Resource(
            id=f"R{n}",
            about="L1",
            item="HSHETENT",
            quantity=Decimal(quantity),
            unit="H87",
            condition=condition,  # type: ignore[arg-type]
            schedule=arrived,
        )
        for n, (condition, quantity) in enumerate(counted)
    )
    (document,) = write_documents((one("receipt", lines=lines),))
    judge(document.content)
    reading = read_document(document.content)
    assert reading is not None and reading.messages[0].lines == lines


def test_an_offer_answers_each_line_in_its_own_way() -> None:
    lines = (
        Resource(id="1", about="L1", answer="accept", name="Tent", quantity=Decimal(30), unit="H87"),
        Resource(id="2", about="L1", answer="provisional", reason="after 3 May", name="Tent", quantity=Decimal(10)),
        Resource(id="3", about="L2", answer="decline"),
    )
    (document,) = write_documents((one("offer", lines=lines),))
    judge(document.content)
    assert at(document, ".//rm:ResponseType") == ["Accept", "Provisional", "Decline"]
    reading = read_document(document.content)
    assert reading is not None and reading.messages[0].lines == lines


@pytest.mark.parametrize(("kind", "replaces"), [(kind, replaces) for kind in LOAN for replaces in (False, True)])
def test_a_recall_with_its_lines_goes_in_the_type_of_what_it_recalls(kind: MessageKind, replaces: bool) -> None:
    recalled = one(kind)
    recall = one("recall", recalls=recalled.id, replaces=replaces, preceding=recalled.id, lines=recalled.lines)
    document = write_documents((recalled, recall))[1]
    judge(document.content)
    assert at(document, ".//rm:RecallType") == ["Update" if replaces else "Cancel"]
    assert at(document, "de:distributionType") == ["Update" if replaces else "Cancel"]
    assert at(document, "de:contentObject/de:contentDescription") == at(
        write_documents((recalled,))[0], "de:contentObject/de:contentDescription"
    )
    reading = read_document(document.content)
    assert reading is not None and reading.messages == (recall,)


@pytest.mark.parametrize("known", [True, False])
def test_a_recall_without_lines_is_information_about_a_message(known: bool) -> None:
    recall = one("recall", lines=(), note="sent twice")
    document = write_documents((one("request"), recall) if known else (recall,))[-1]
    judge(document.content)
    assert document.name.endswith("RequestInformation-id-recall.xml")
    reading = read_document(document.content)
    assert reading is not None and reading.messages == (recall,)


def test_a_foreign_cancel_is_a_recall_and_a_foreign_update_stays_what_it_is() -> None:
    for replaces, kind in ((False, "recall"), (True, "request")):
        message = one("request", recalls="old", replaces=replaces)
        raw = write_documents((message,))[0].content.replace(b"urn:xstock:rm:1#kind", b"urn:example:else")
        reading = read_document(raw)
        assert reading is not None
        assert reading.messages == (msgspec.structs.replace(message, kind=kind),)


async def test_alerts_are_written_by_others() -> None:
    async with plugin_context(None) as context:
        assert await EdxlRm().write(context, Writing()) == ()
