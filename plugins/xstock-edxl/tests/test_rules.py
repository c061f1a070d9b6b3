"""Each rule, broken in a message that came, and in one that is to be written."""

from decimal import Decimal
from typing import Any

import pytest
from edxl_neutral import one
from xstock_edxl.documents import read_document, write_documents

from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import (
    Coded,
    Contact,
    MessageKind,
    Place,
    Point,
    Reading,
    ResourceMessage,
    Schedule,
)


def read_with(kind: MessageKind, old: str, new: str, **changes: Any) -> Reading:
    """What is read of a message in which something was exchanged."""
    (document,) = write_documents((one(kind, **changes),))
    text = document.content.decode()
    assert old in text
    reading = read_document(text.replace(old, new).encode())
    assert reading is not None
    return reading


def element(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>"


@pytest.mark.parametrize(
    ("word", "kind", "old", "new"),
    [
        ("missing", "request", element("rmsg:MessageID", "id-request"), ""),
        ("missing", "request", element("rmsg:SentDateTime", "2027-01-15T08:00:00Z"), ""),
        ("missing", "request", element("rmsg:OriginatingMessageID", "id-request"), ""),
        ("missing", "offer", element("rmsg:PrecedingMessageID", "id-request"), ""),
        ("missing", "information-request", element("rmsg:MessageDescription", "Corturi pentru Bălți"), ""),
        ("missing", "request", "rmsg:ContactInformation>", "rmsg:Else>"),
        ("missing", "request", "rmsg:ResourceInformation>", "rmsg:Else>"),
        ("missing", "request", "rmsg:Resource>", "rmsg:Else>"),
        ("missing", "request", element("rmsg:ResourceInfoElementID", "L1"), ""),
        ("missing", "acceptance", "rmsg:Funding>", "rmsg:Else>"),
        ("missing", "acceptance", "rmsg:Quantity>", "rmsg:Else>"),
        ("missing", "confirmation", "rmsg:ResponseInformation>", "rmsg:Else>"),
        ("missing", "return-answer", "rmsg:ResourceStatus>", "rmsg:Else>"),
        ("missing", "quote", "rmsg:PriceQuote>", "rmsg:Else>"),
        ("missing", "recall", element("rm:RecallMessageID", "id-request"), ""),
        ("missing", "request", element("de:senderID", "ro@redcross.example"), ""),
        ("missing", "request", element("de:distributionID", "id-request"), ""),
        (
            "wrong-value",
            "request",
            element("rmsg:MessageContentType", "RequestResource"),
            element("rmsg:MessageContentType", "CommitResource"),
        ),
        ("wrong-value", "offer", element("rm:ResponseType", "Accept"), element("rm:ResponseType", "Maybe")),
        ("wrong-value", "recall", element("rm:RecallType", "Cancel"), element("rm:RecallType", "Perhaps")),
        ("wrong-value", "request", ">Actual<", ">Draft<"),
        ("wrong-value", "request", element("de:distributionType", "Request"), element("de:distributionType", "Wish")),
        ("wrong-time", "request", "rmsg:SentDateTime>2027-01-15T", "rmsg:SentDateTime>2027-02-30T"),
        ("wrong-time", "request", "rmsg:SentDateTime>2027-01-15T08", "rmsg:SentDateTime>2027-01-15 08"),
        ("R2", "offer", element("rm:ResponseType", "Accept"), element("rm:ResponseType", "Provisional")),
        ("R3", "acceptance", element("rm:FundingInfo", "loan"), ""),
        ("R4", "request", element("rm:ContactDescription", "Duty desk"), "<!-- nobody -->"),
        ("R5", "passage", element("rm:LocationDescription", "Albița"), ""),
        ("R6", "request", element("rm:IncidentID", "FL-2026-000051-ROU"), ""),
    ],
)
def test_what_breaks_a_must_is_refused_whole(word: str, kind: MessageKind, old: str, new: str) -> None:
    reading = read_with(kind, old, new, contacts=(Contact(description="Duty desk"),))
    if word == "missing" and new == "rmsg:Else>" and not reading.error:
        pytest.fail("it was read all the same")
    assert reading.error == word and reading.messages == ()
    assert all(part in reading.error_text for part in ("expected", "came", ";"))


def test_a_resource_without_id_name_and_type_is_refused() -> None:
    reading = read_with(
        "request", element("rmsg:Name", "Tent"), "<rmsg:Name> </rmsg:Name>", line={"item": "", "lot": "A"}
    )
    assert reading.error == "R1"


BAD = {
    "draft": one("request", status="Draft"),
    "no sender": one("request", sender=""),
    "no id": one("request", id=" "),
    "no time that can be said": one("request", sent=10**15),
    "no contact": one("request", contacts=()),
    "R4": one("request", contacts=(Contact(place=Place(description="x")),)),
    "R5": one("request", contacts=(Contact(description="x", place=Place()),)),
    "R1": one("request", line={"name": "", "item": ""}),
    "R2": one("offer", line={"answer": "provisional"}),
    "no line": one("request", lines=()),
    "offer without answer": one("offer", line={"answer": ""}),
    "offer that follows nothing": one("offer", preceding=""),
    "acceptance without quantity": one("acceptance", line={"quantity": None}),
    "dispatch without departure": one("dispatch", line={"schedule": ()}),
    "passage without place": one("passage", line={"schedule": (Schedule(moment="current"),)}),
    "recall of nothing": one("recall", recalls=""),
    "update of nothing": one("request", replaces=True),
    "recall without note and lines": one("recall", note="", lines=()),
    "a character that XML has not": one("request", note="bell \x07"),
    "a lone surrogate": one("request", note="\ud800"),
    "a number said as words": one("request", line={"quantity": None, "said": "40"}),
    "no place on earth": one("request", contacts=(Contact(description="x", place=Place(point=Point(99.0, 0.0))),)),
    "no number": one("request", line={"quantity": Decimal(-1)}),
    "a blank incident": one("request", incidents=("",)),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_said_is_declined(name: str) -> None:
    with pytest.raises(Declined) as refused:
        write_documents((one("unsolicited-offer"), BAD[name]))
    assert all(part in str(refused.value) for part in (BAD[name].id, "expected", "came", ";"))


def test_scheme_names_that_are_no_uri_come_back() -> None:
    schemes = (
        "",
        "with space",
        "urn:xstock:rm:1#lot",
        "ISO 3166",
        "http://[",
        "%zz",
        "код",
        "a:b",
        "1:2",
        "//x",
        "a#b#c",
    )
    message: ResourceMessage = one("request", line={"codes": tuple(Coded(name, "v") for name in schemes)})
    (document,) = write_documents((message,))
    reading = read_document(document.content)
    assert reading is not None and reading.messages == (message,)
