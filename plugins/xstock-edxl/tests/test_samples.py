"""The samples of OASIS: what they say is kept, and what is written from them says it again."""

from decimal import Decimal

import msgspec
import pytest
from edxl_schemas import SAMPLES, judge, needed
from xstock_edxl.documents import read_document, write_documents

from xstock_node.plugins.interchange import Place, Point, Reading

ALL = ("RequestResource.1", "RequestResource.2", "RequestResource.3", "CommitResource.1")


def read(name: str) -> Reading:
    reading = read_document(needed(SAMPLES / f"{name}.xml").read_bytes())
    assert reading is not None and not reading.error
    assert reading.flags == ("no-envelope", "time-without-zone") and reading.skipped == ()
    return reading


@pytest.mark.parametrize(
    ("name", "contact", "wanted"),
    [
        ("RequestResource.1", Place(description="Arlington"), Place(description="Arlington Waste Facility")),
        (
            "RequestResource.2",
            Place(description="Arlington", point=Point(38.866014, -77.193162)),
            Place(description="Arlington Waste Facility", point=Point(38.801168, -77.127685)),
        ),
        (
            "RequestResource.3",
            Place(description="Arlington", country="US", address=("VA", "Falls Church", "Hodge Place 3101", "22042")),
            Place(
                description="Arlington Waste Facility",
                country="US",
                address=("VA", "Arlington", "Eisenhower Avenue 5301", "22204"),
            ),
        ),
    ],
)
def test_a_request_keeps_quantity_incident_contact_and_places(name: str, contact: Place, wanted: Place) -> None:
    (message,) = read(name).messages
    assert (message.id, message.kind, message.originating, message.sent) == (name, "request", name, 1_244_552_400)
    assert message.incidents == ("uicds-incident-id",)
    ((found),) = message.contacts
    assert (found.description, found.role, found.place) == ("Arlington Fire Station", "requester", contact)
    (line,) = message.lines
    assert (line.id, line.name, line.quantity) == ("ResourceInfoElementID.1", "Track Dozer", Decimal(4))
    assert {code.scheme: code.value for code in line.codes} == {
        "http://nimsonline.org/2.0": "NIMS Typing Version X",
        "EDXL-RM/TypeInfo/Category": 'Public Works and Engineering (ESF #3)"',
        "EDXL-RM/TypeInfo/Kind": "Equipment",
        "EDXL-RM/TypeInfo/MinimumCapabilities": "Type I",
    }
    ((schedule),) = line.schedule
    assert (schedule.moment, schedule.at, schedule.place) == ("requested-arrival", 0, wanted)


def test_a_commitment_answers_the_line_of_the_request_twice() -> None:
    (message,) = read("CommitResource.1").messages
    assert (message.kind, message.preceding) == ("confirmation", "RequestResource.1")
    assert [(line.resource, line.about, line.answer) for line in message.lines] == [
        ("TD48", "ResourceInfoElementID.1", "accept"),
        ("TD7", "ResourceInfoElementID.1", "accept"),
    ]
    assert all(line.quantity is None for line in message.lines)
    assert message.contacts[0].role == "owner"


@pytest.mark.parametrize("name", ALL)
def test_what_is_written_from_a_sample_says_the_same(name: str) -> None:
    (message,) = read(name).messages
    sent = msgspec.structs.replace(message, sender="fairfax@example.org")
    (document,) = write_documents((sent,))
    judge(document.content)
    again = read_document(document.content)
    assert again is not None and again.messages == (sent,)
