"""CAP as we write it: valid by the schema, by the rules beyond it, and read back as it was."""

import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_cap import countries, rules
from xstock_cap.cap import Cap, read
from xstock_cap.writing import document

from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Alert, Area, Block, Coded, Point, Reference, Writing
from xstock_node.testing.plugin_context import plugin_context

Check = Callable[[bytes], None]
SCRIPTS = "aZé0 ,;&<>'\"-" + "ЩЪѝґїәғқңө" + "ășțĂÎ" + "ëçËÇ" + "ıİğş" + "žđć" + "עم漢😀"
WORDS = st.text(st.sampled_from(SCRIPTS), min_size=1, max_size=30).map(lambda text: text.strip()).filter(bool)
ANY = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))
TEXT = st.one_of(WORDS, ANY.map(lambda text: text.strip(" \t\r\n")).filter(bool))
WORD = st.from_regex(r"[A-Za-z0-9@._ЖșİқëΩ-]{1,20}", fullmatch=True)
TIME = st.integers(1, 253_402_300_799)
NONE_OR = st.just("")
LATITUDE, LONGITUDE = st.floats(-90, 90), st.floats(-180, 180)
POINT = st.builds(Point, LATITUDE, LONGITUDE)
RING = st.lists(POINT, min_size=3, max_size=6).map(lambda points: (*points, points[0]))
SCHEME = TEXT.filter(lambda text: not text.startswith("xstock-") and text != rules.AWARENESS)
PAIR = st.builds(Coded, scheme=SCHEME, value=TEXT)
PARAMETER = st.one_of(PAIR, st.just(Coded(scheme="awareness_level", value="2; yellow; Moderate")))


def some(one: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(one, max_size=most).map(tuple)


ITEM = TEXT.filter(lambda text: '"' not in text)
AREA = st.builds(
    Area,
    description=TEXT,
    codes=some(PAIR),
    polygons=some(RING),
    circles=some(st.tuples(POINT, st.floats(0, 20_000))),
)
BLOCK = st.builds(
    Block,
    event=TEXT,
    language=st.sampled_from(["", "bg", "kk", "sr-Latn-RS", "ro-MD", "en-US"]),
    categories=st.lists(st.sampled_from(sorted(rules.CATEGORIES)), min_size=1, max_size=3).map(tuple),
    responses=some(st.sampled_from(sorted(rules.RESPONSES))),
    audience=st.one_of(NONE_OR, TEXT),
    codes=some(PAIR),
    parameters=some(PARAMETER),
    effective=st.one_of(st.just(0), TIME),
    onset=st.one_of(st.just(0), TIME),
    expires=st.one_of(st.just(0), TIME),
    sender_name=st.one_of(NONE_OR, TEXT),
    headline=st.one_of(NONE_OR, TEXT),
    description=st.one_of(NONE_OR, TEXT),
    instruction=st.one_of(NONE_OR, TEXT),
    web=st.sampled_from(["", "https://cp.example/ro?a=1&b=2#x", "https://cp.example/%D0%B0/ж", "mailto:a@cp.example"]),
    contact=st.one_of(NONE_OR, TEXT),
    areas=some(AREA),
)
REFERENCE = st.builds(Reference, sender=WORD, identifier=WORD, sent=TIME)


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Alerts that break no rule, their countries filled where their codes tell them, as reading fills them."""
    kind = draw(st.sampled_from(["Alert", "Update", "Cancel", "Ack", "Error"]))
    scope = draw(st.sampled_from(["Public", "Restricted", "Private"]))
    alert = Alert(
        identifier=draw(WORD),
        sender=draw(WORD),
        sent=draw(TIME),
        status=draw(st.sampled_from(["Actual", "Exercise", "System", "Test", "Draft"])),
        kind=kind,
        scope=scope,
        source=draw(st.one_of(NONE_OR, TEXT)),
        restriction=draw(TEXT if scope == "Restricted" else NONE_OR),
        addresses=draw(st.lists(ITEM, min_size=int(scope == "Private"), max_size=3).map(tuple)),
        codes=draw(some(TEXT.filter(lambda text: not text.startswith("xstock-")))),
        note=draw(st.one_of(NONE_OR, TEXT)),
        references=draw(st.lists(REFERENCE, min_size=int(kind != "Alert"), max_size=3).map(tuple)),
        incidents=draw(some(ITEM.filter(lambda text: text not in ("Alert", "Update", "Cancel", "Ack", "Error")))),
        thread=draw(st.one_of(NONE_OR, TEXT)),
        countries=draw(st.sampled_from([(), ("RO", "MD"), ("KZ",)])),
        blocks=tuple(_with_level(draw, draw(BLOCK)) for _ in range(draw(st.integers(0, 3)))),
    )
    return alert if alert.countries else msgspec.structs.replace(alert, countries=countries.told(alert))


def _with_level(draw: st.DrawFn, block: Block) -> Block:
    said = any(one.scheme == rules.AWARENESS for one in block.parameters)
    return msgspec.structs.replace(
        block,
        level=draw(st.sampled_from(["yellow", "red"] if said else ["", "green", "orange"])),
        urgency=draw(st.sampled_from(["Immediate", "Past", "Unknown"])),
        severity=draw(st.sampled_from(["Extreme", "Minor", "Unknown"])),
        certainty=draw(st.sampled_from(["Observed", "Unlikely", "Unknown"])),
    )


@given(alert=alerts())
@settings(max_examples=100, deadline=None)
def test_what_we_write_is_valid_and_reads_back_as_it_was(alert: Alert, against_schema: Check) -> None:
    raw = document(alert).content
    against_schema(raw)
    found = read(raw)
    assert found is not None and found.alerts == (alert,)
    assert (found.error, found.flags, found.skipped) == ("", (), ())
    times = re.findall(rb"<(?:sent|effective|onset|expires)>([^<]*)<", raw)
    assert times and all(re.fullmatch(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d", one) for one in times)


BLOCK_OF_ONE = Block(event="Flood", categories=("Met",), areas=(Area(description="Lower town"),))
PLAIN = Alert(identifier="a-1", sender="desk@cp.example", sent=1, status="Actual", kind="Alert", blocks=(BLOCK_OF_ONE,))


def block(**changed: Any) -> dict[str, Any]:
    return {"blocks": (msgspec.structs.replace(BLOCK_OF_ONE, **changed),)}


def area(**changed: Any) -> dict[str, Any]:
    return block(areas=(Area(**{"description": "Lower town"} | changed),))


OPEN = (Point(1, 1), Point(1, 2), Point(2, 2), Point(2, 1))
WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "update-of-nothing": ("R7", {"kind": "Update"}),
    "cancel-of-nothing": ("R7", {"kind": "Cancel"}),
    "reference-without-time": ("R7", {"references": (Reference(sender="a", identifier="b", sent=0),)}),
    "reference-with-comma": ("R9", {"references": (Reference(sender="a", identifier="b,c", sent=1),)}),
    "restricted-to-nobody": ("R8", {"scope": "Restricted"}),
    "private-to-nobody": ("R8", {"scope": "Private"}),
    "identifier-with-space": ("R9", {"identifier": "a 1"}),
    "identifier-with-comma": ("R9", {"identifier": "a,1"}),
    "identifier-with-markup": ("R9", {"identifier": "a<1"}),
    "sender-with-ampersand": ("R9", {"sender": "a&b"}),
    "sender-empty": ("R9", {"sender": ""}),
    "sent-unknown": ("R10", {"sent": 0}),
    "sent-after-9999": ("R10", {"sent": 253_402_300_800}),
    "expires-before-1970": ("R10", block(expires=-1)),
    "polygon-open": ("R9", area(polygons=(OPEN,))),
    "polygon-of-three": ("R9", area(polygons=((OPEN[0], OPEN[1], OPEN[0]),))),
    "polygon-off-the-earth": ("R9", area(polygons=((Point(91, 0), *OPEN, Point(91, 0)),))),
    "circle-with-nan": ("R9", area(circles=((Point(1, 1), float("nan")),))),
    "area-without-words": ("3.2.4", area(description="")),
    "category-unknown": ("R14", block(categories=("Water",))),
    "category-missing": ("3.2.2", block(categories=())),
    "response-unknown": ("R14", block(responses=("Run",))),
    "event-missing": ("3.2.2", block(event="")),
    "language-with-underscore": ("3.2.2", block(language="ro_RO")),
    "web-without-scheme": ("3.2.2", block(web="cp.example/x y")),
    "severity-unknown": ("form", block(severity="Bad")),
    "status-unknown": ("form", {"status": "Live"}),
    "text-with-control-character": ("XML 1.0", block(headline="a\x00b")),
    "text-with-half-a-character": ("XML 1.0", block(headline="a\ud800b")),
    "incident-with-quote": ("3.2.1", {"incidents": ('a "b"',)}),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_breaks_a_rule_is_not_written(name: str) -> None:
    rule, changed = WRONG[name]
    with pytest.raises(Declined, match=re.escape(rule)):
        document(msgspec.structs.replace(PLAIN, **changed))


def test_what_we_could_not_read_is_never_written(sample: Callable[[str], bytes], against_schema: Check) -> None:
    found = read(sample("category-unknown"))
    assert found is not None
    kept = msgspec.structs.replace(found.alerts[0].blocks[0], categories=("Met",))
    raw = document(msgspec.structs.replace(found.alerts[0], blocks=(kept,))).content
    against_schema(raw)
    assert b">Water<" not in raw and b"xstock-unread" not in raw


def test_a_language_that_was_not_said_is_not_written() -> None:
    assert b"<language>" not in document(PLAIN).content


@pytest.mark.parametrize("name", ["bulgarian", "ukrainian", "kazakh", "albanian", "romanian", "turkish"])
def test_all_scripts_survive_every_round_trip(name: str, sample: Callable[[str], bytes], against_schema: Check) -> None:
    first = read(sample(name))
    assert first is not None
    raw = document(first.alerts[0]).content
    against_schema(raw)
    again = read(raw)
    assert again is not None and again.alerts == first.alerts
    assert first.alerts[0].blocks[0].event in sample(name).decode()


async def test_the_format_writes_a_document_for_each_alert() -> None:
    async with plugin_context(None) as context:
        found = await Cap().write(context, Writing(alerts=(PLAIN, msgspec.structs.replace(PLAIN, identifier="a/2"))))
        assert [(one.name, one.media) for one in found] == [
            ("a-1-1.xml", "application/cap+xml"),
            ("a_2-1.xml", "application/cap+xml"),
        ]
        assert (await Cap().read(context, found[0])).alerts == (PLAIN,)  # type: ignore[union-attr]
