"""Our own feed: what RFC 4287 wants of it, and that it reads back as the warnings it was made of."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import msgspec
import pytest
from xstock_cap.atom import Head, Linked, entry_id, feed
from xstock_cap.cap import alert_of, read
from xstock_cap.links import ATOM, entries
from xstock_cap.notes import Notes

from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Alert
from xstock_node.plugins.markup import parse_xml

HEAD = Head(url="https://node.example/alerts.atom", title="Warnings", author="Red Cross", updated=1_800_000_000)
LINK = "https://node.example/alerts/1.xml"


@pytest.fixture
def alert(sample: Callable[[str], bytes]) -> Alert:
    """A warning in Bulgarian."""
    found = read(sample("bulgarian"))
    assert found is not None
    return found.alerts[0]


def test_a_feed_has_what_the_standard_wants(alert: Alert) -> None:
    root = parse_xml(feed(HEAD, [Linked(alert, LINK)]))
    for name in ("id", "title", "updated", "author/{http://www.w3.org/2005/Atom}name"):
        assert root.findtext(f"{ATOM}{name}")
    assert [(one.get("rel"), one.get("href")) for one in root.findall(f"{ATOM}link")] == [("self", HEAD.url)]
    (entry,) = root.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id") == entry_id(alert) and entry_id(alert).startswith("urn:uuid:")
    assert entry.findtext(f"{ATOM}title") == alert.blocks[0].headline
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "bg"
    (link,) = entry.findall(f"{ATOM}link")
    assert dict(link.attrib) == {"rel": "alternate", "type": "application/cap+xml", "href": LINK}
    assert [one.get("term") for one in entry.findall(f"{ATOM}category")] == ["Met"]


def test_times_have_a_numeric_offset_and_the_feed_is_as_new_as_its_newest(alert: Alert) -> None:
    later = msgspec.structs.replace(alert, identifier="later", sent=alert.sent + 60)
    root = parse_xml(feed(HEAD, [Linked(alert, LINK), Linked(later, LINK)]))
    times = [one.text or "" for one in root.iter(f"{ATOM}updated")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", one) for one in times)
    assert times[0] == times[1] == max(times) and len(times) == 3


def test_a_feed_of_nothing_is_a_feed() -> None:
    root = parse_xml(feed(HEAD, []))
    assert root.findtext(f"{ATOM}updated") == "2027-01-15T08:00:00+00:00" and not root.findall(f"{ATOM}entry")


def test_it_reads_back_by_link_and_by_content(alert: Alert, against_schema: Callable[[bytes], None]) -> None:
    (one,) = entries(parse_xml(feed(HEAD, [Linked(alert, LINK)])), HEAD.url)
    assert (one.link, one.inside) == (LINK, None)
    (held,) = entries(parse_xml(feed(HEAD, [Linked(alert, LINK)], holds=True)), HEAD.url)
    assert held.inside is not None
    against_schema(ElementTree.tostring(held.inside))
    assert alert_of(held.inside, Notes()) == alert


def test_only_what_is_public_is_in_it(alert: Alert) -> None:
    hidden = msgspec.structs.replace(alert, scope="Private", addresses=("desk",))
    assert b"<entry" not in feed(HEAD, [Linked(hidden, LINK)])


def test_an_exercise_says_so_in_its_title(alert: Alert) -> None:
    exercise = msgspec.structs.replace(alert, status="Exercise")
    assert b"<title>[Exercise] " in feed(HEAD, [Linked(exercise, LINK)])


def test_a_warning_that_breaks_a_rule_is_refused(alert: Alert) -> None:
    with pytest.raises(Declined, match="R9"):
        feed(HEAD, [Linked(msgspec.structs.replace(alert, identifier="a b"), LINK)])
