"""What others send that we do not: kept as a code, or told; never dropped in silence."""

import pytest
from edxl_neutral import one
from xstock_edxl.documents import read_document, write_documents

from xstock_node.plugins.interchange import Coded, Contact, MessageKind, Reading, Schedule, Skipped

GML = 'xmlns:gml="http://www.opengis.net/gml"'


def read_with(kind: MessageKind, *changes: tuple[str, str]) -> Reading:
    text = write_documents((one(kind),))[0].content.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    reading = read_document(text.encode())
    assert reading is not None and not reading.error
    return reading


def test_an_unknown_role_is_flagged_and_the_contact_kept() -> None:
    reading = read_with("request", ("Requester", "Mayor"))
    assert reading.flags == ("unknown-code: Mayor",)
    assert reading.messages[0].contacts == (Contact(description="Duty desk"),)


def test_a_unit_of_another_list_is_no_unit_of_ours() -> None:
    reading = read_with("request", ("urn:un:unece:uncefact:codelist:standard:6:Recommendation20", "urn:example:units"))
    (line,) = reading.messages[0].lines
    assert (line.quantity, line.unit, line.codes) == (40, "", (Coded("urn:example:units", "H87"),))
    assert reading.flags == ("unknown-unit: H87",)


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("4", 4),
        (" 4.50 ", 4.5),
        ("4e2", 400),
        ("two", None),
        ("1,200", None),
        ("-4", None),
        ("4 or 5", None),
        ("INF", None),
    ],
)
def test_a_quantity_is_a_number_only_where_it_is_plainly_one(said: str, quantity: float | None) -> None:
    reading = read_with("request", ("<rm:Amount>40</rm:Amount>", f"<rm:Amount>{said}</rm:Amount>"))
    (line,) = reading.messages[0].lines
    assert line.quantity == quantity and line.unit == "H87"
    assert line.said == ("" if quantity is not None else said)


def test_elements_without_a_place_become_codes() -> None:
    more = "<rmsg:Description>old but dry</rmsg:Description><rmsg:Credentials>none</rmsg:Credentials>"
    limits = "<rmsg:Restrictions>no rain</rmsg:Restrictions></rmsg:AssignmentInformation>"
    reading = read_with(
        "request", ("</rmsg:Resource>", more + "</rmsg:Resource>"), ("</rmsg:AssignmentInformation>", limits)
    )
    assert reading.messages[0].lines[0].codes == (
        Coded("EDXL-RM/Description", "old but dry"),
        Coded("EDXL-RM/Credentials", "none"),
        Coded("EDXL-RM/Restrictions", "no rain"),
    )


def test_a_moment_that_we_have_not_is_kept_as_a_code() -> None:
    reading = read_with("dispatch", ("ActualDeparture", "BeginAvailable"))
    (line,) = reading.messages[0].lines
    assert line.schedule == () and line.codes == (Coded("EDXL-RM/BeginAvailable", "2027-01-15T08:00:00Z Albița"),)
    assert reading.flags == ("schedule-as-code: BeginAvailable",)


def test_an_area_is_kept_in_words() -> None:
    area = f"<rm:TargetArea><gml:Envelope {GML}><gml:lowerCorner>1 2</gml:lowerCorner></gml:Envelope></rm:TargetArea>"
    reading = read_with("passage", ("<rm:LocationDescription>Albița</rm:LocationDescription>", area))
    ((schedule),) = reading.messages[0].lines[0].schedule
    assert schedule.place is not None and schedule.place.description == "Envelope 1 2"
    assert reading.flags == ("area-as-words: Envelope 1 2",)


@pytest.mark.parametrize(
    ("said", "at"), [("10:00:00+02:00", 0), ("05:30:00-02:30", 0), ("08:00:00.9Z", 0), ("24:00:00Z", 57600)]
)
def test_zones_and_fractions(said: str, at: int) -> None:
    reading = read_with("dispatch", ("<rmsg:DateTime>2027-01-15T08:00:00Z", f"<rmsg:DateTime>2027-01-15T{said}"))
    assert reading.messages[0].lines[0].schedule[0] == Schedule(
        moment="actual-departure", at=1_800_000_000 + at, place=one("dispatch").lines[0].schedule[0].place
    )


def test_a_price_and_a_fund_are_kept_or_told() -> None:
    reading = read_with("quote", ("<rm:QuantityText>not stated", "<rm:QuantityText>90 EUR"))
    assert reading.messages[0].lines[0].codes == (Coded("EDXL-RM/PriceQuote", "90 EUR"),)
    (message,) = reading.messages
    again = write_documents((message,))[0].content
    assert b"<rmsg:PriceQuote>\n" in again and read_document(again).messages == (message,)  # type: ignore[union-attr]
    foreign = read_with("acceptance", ("urn:xstock:rm:1#kind", "urn:example:else"))
    assert foreign.skipped == (Skipped(reason="funding", text="loan"),)


def test_persons_are_not_kept() -> None:
    party = "<rm:AdditionalContactInformation><a>Ion Popescu</a></rm:AdditionalContactInformation>"
    reading = read_with("request", ("</rmsg:ContactInformation>", party + "</rmsg:ContactInformation>"))
    assert reading.skipped == (Skipped(reason="person", text="AdditionalContactInformation"),)
    assert "Popescu" not in str(reading)


def test_a_report_without_a_stage_is_information() -> None:
    reading = read_with("dispatch", ("urn:xstock:rm:1#kind", "urn:x"), ("ActualDeparture", "EstimatedArrival"))
    assert reading.messages[0].kind == "information" and reading.flags == ("report-without-stage",)


def test_a_mark_of_another_type_is_not_believed() -> None:
    reading = read_with("offer", ("<de:value>offer<", "<de:value>acceptance<"))
    assert reading.messages == (one("offer"),) and reading.flags == ("kind-of-another-type: acceptance",)


def test_several_messages_and_other_contents_in_one_distribution() -> None:
    first, second = (write_documents((one(kind),))[0].content.decode() for kind in ("request", "dispatch"))
    content = second[second.index("<de:contentObject>") : second.index("</de:EDXLDistribution>")]
    other = "<de:contentObject><de:xmlContent><de:embeddedXMLContent><alert/></de:embeddedXMLContent></de:xmlContent>"
    picture = "<de:contentObject><de:nonXMLContent><de:mimeType>image/png</de:mimeType></de:nonXMLContent>"
    more = content + other + "</de:contentObject>" + picture + "</de:contentObject></de:EDXLDistribution>"
    reading = read_document(first.replace("</de:EDXLDistribution>", more).encode())
    assert reading is not None and reading.messages == (one("request"), one("dispatch"))
    assert reading.skipped == (
        Skipped(reason="other-content", text="alert"),
        Skipped(reason="other-content", text="image/png"),
    )
