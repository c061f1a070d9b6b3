"""What is written holds the schemas, and reads back as the same message, in both forms."""

from itertools import pairwise

import msgspec
import pytest
from dispatch_neutral import ALL_KINDS, LOAN, messages, one
from dispatch_schemas import JUDGES, NS, judge_json, judge_xml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xstock_dispatch import xstock_register
from xstock_dispatch.documents import FORMS, Form, read_document, write_documents
from xstock_dispatch.kinds import KINDS

from xstock_node.plugins import Declined, Registry
from xstock_node.plugins.interchange import Coded, MessageKind, ResourceMessage, Writing
from xstock_node.testing.plugin_context import plugin_context


def back(message: ResourceMessage, form: Form = "xml", **exchanged: str) -> ResourceMessage:
    """What is read of its document, after words of it were exchanged."""
    (document,) = write_documents((message,), form)
    raw = document.content
    for old, new in exchanged.items():
        raw = raw.replace(old.replace("_", "-").encode(), new.encode())
    reading = read_document(raw)
    assert reading is not None and not reading.error, reading
    return reading.messages[0]


@pytest.mark.parametrize("kind", ALL_KINDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_message_comes_back_whole(kind: MessageKind, data: st.DataObject) -> None:
    message = data.draw(messages(kind))
    for form in FORMS:
        (document,) = write_documents((message,), form)
        JUDGES[form](document.content)
        reading = read_document(document.content)
        assert reading is not None and reading.messages == (message,)
        assert reading.flags == () and reading.skipped == () and not reading.error


@pytest.mark.parametrize("form", FORMS)
async def test_a_loan_goes_out_and_comes_back_in_its_order_through_the_adapter(form: Form) -> None:
    registry = Registry()
    xstock_register(registry)
    format_ = registry.formats["emsi" if form == "xml" else "emsi-json"]
    loan = tuple(one(kind, preceding=f"id-{before}") for before, kind in pairwise(LOAN))
    async with plugin_context(None) as context:
        documents = await format_.write(context, Writing(messages=loan))
        readings = [await format_.read(context, document) for document in documents]
        assert await format_.write(context, Writing()) == ()
    assert tuple(message for reading in readings if reading for message in reading.messages) == loan
    assert [document.name for document in documents] == sorted(document.name for document in documents)
    for document in documents:
        JUDGES[form](document.content)


@pytest.mark.parametrize("kind", sorted({"request", "offer", "acceptance", "confirmation", "dispatch"} | {"passage"}))
def test_a_kind_of_the_table_is_found_without_our_marks_too(kind: MessageKind) -> None:
    """As it has to be with messages of others: by type, mission and resources."""
    found = back(one(kind), **{"urn:xstock:emsi:1#kind": "urn:example:else"})
    assert found.kind == kind


def test_the_table_of_statuses() -> None:
    expected = {
        "request": ("ALERT", "NST", "VIRTUAL"),
        "offer": ("ACK", "NST", "AVAILB"),
        "acceptance": ("UPDATE", "NST", "RESRVD"),
        "confirmation": ("UPDATE", "IPR", "RESRVD"),
        "dispatch": ("UPDATE", "IPR", "IN_USE/MOBILE"),
        "receipt": ("UPDATE", "IPR", "IN_USE/ON_SCENE"),
        "return-receipt": ("UPDATE", "COM", "AVAILB"),
        "recall": ("CANCEL", "CANCLD", "AVAILB"),
    }
    for kind, words in expected.items():
        (document,) = write_documents((one(kind),), "xml")  # type: ignore[arg-type]
        message = judge_xml(document.content)
        paths = ("e:CONTEXT/e:MSGTYPE", "e:MISSION/e:STATUS", "e:RESOURCE/e:STATUS")
        assert tuple(message.findtext(path, namespaces=NS) for path in paths) == words


def test_a_declined_line_is_not_to_be_had() -> None:
    message = one("offer", line={"answer": "decline", "reason": "rămân la Iași"})
    (document,) = write_documents((message,), "json")
    assert judge_json(document.content)["RESOURCE"][0]["STATUS"] == "UNAV"
    assert back(message, "json", **{"urn:xstock:emsi:1#kind": "urn:example:else"}).lines[0].answer == "decline"


def test_links_replace_and_add() -> None:
    message = one("request", recalls="old", replaces=True, preceding="earlier")
    (document,) = write_documents((message,), "json")
    assert judge_json(document.content)["CONTEXT"]["LINK"] == [
        {"ID": "old", "LINK_ROLE": "SPRSDS"},
        {"ID": "earlier", "LINK_ROLE": "ADDSTO"},
    ]
    assert judge_json(document.content)["CONTEXT"]["MSGTYPE"] == "UPDATE"
    found = back(message, **{"urn:xstock:emsi:1#kind": "urn:example:else"})
    assert (found.recalls, found.replaces, found.preceding, found.kind) == ("old", True, "earlier", "request")


def test_a_cancel_is_a_recall_whatever_marks_were_copied_into_it() -> None:
    message = one("request", recalls="old", replaces=True)
    found = back(message, **{">UPDATE<": ">CANCEL<"})
    assert (found.kind, found.recalls, found.replaces) == ("recall", "old", False)


@pytest.mark.parametrize("status", ["Exercise", "System", "Test"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_real_stays_so(form: Form, status: str) -> None:
    """Whether the message says it, or the distribution alone."""
    message = one("request", status=status)
    assert back(message, form).status == status
    modes = {"Exercise": "EXERCS", "System": "SYSTEM", "Test": "TEST"}
    assert back(message, form, **{modes[status]: "ACTUAL"}).status == status


def test_unknown_codes_are_never_written() -> None:
    known, unknown = Coded("EMSI/RCLASS", "MAT/EQ/OTH/TENT"), Coded("EMSI/RCLASS", "MAT/EQ/OTH/TENT/XXL")
    message = one("request", line={"item": "", "codes": (known, unknown, Coded("EMSI/UM", "LSV"))})
    (document,) = write_documents((message,), "xml")
    judge_xml(document.content)
    assert b"XXL" not in document.content and b"LSV" not in document.content
    assert back(message).lines[0].codes == (known,)


def test_of_what_emsi_has_no_message_for_nothing_is_written() -> None:
    message = msgspec.structs.replace(one("request"), kind="quote-request")
    assert "quote-request" not in KINDS and write_documents((message,), "xml") == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "Draft"},
        {"sender": ""},
        {"id": " "},
        {"recipients": ("",)},
        {"language": "română"},
        {"note": "\x00"},
        {"note": "\ud800"},
        {"replaces": True},
        {"recalls": "id-0"},
        {"kind": "recall"},
        {"kind": "passage"},
    ],
)
def test_what_cannot_be_said_is_declined(changes: dict[str, str]) -> None:
    with pytest.raises(Declined, match=r"expected .*; came"):
        write_documents((msgspec.structs.replace(one("request"), **changes),), "xml")
