"""Records: every hazard becomes a `Defect` or `Foreign`, nothing raises, and what is encoded reads back."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.protocol import records
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.records import Defect, Foreign, Offer, Still, Withdraw, interpret
from xstock_node.testing import make_offer

NOW = 1_790_000_000
OFFER = make_offer(1, NOW)
LINE = records.encode(OFFER)
DAY = 86_400


def changed(**fields: object) -> bytes:
    """The test offer with fields replaced, in another order and spacing, as a stranger would write it."""
    value = json.loads(LINE) | fields
    return json.dumps({k: v for k, v in reversed(value.items()) if v is not ...}, ensure_ascii=False).encode()


def swapped(old: bytes, new: bytes) -> bytes:
    assert old in LINE
    return LINE.replace(old, new)


def long_line(size: int) -> bytes:
    head = b'{"t":"far","x":"'
    return head + b"a" * (size - len(head) - 2) + b'"}'


HAZARDS = {
    "duplicate key": swapped(b'"src":', b'"src":"a","src":'),
    "duplicate key in a type not known": b'{"t":"far","a":1,"a":2}',
    "duplicate key by escape": swapped(b'"src":', b'"\\u0073rc":"a","src":'),
    "2^53": changed(asof=2**53),
    "minus 2^53": changed(qty=[-(2**53), 0]),
    "a huge integer": b'{"t":"far","x":1' + b"0" * 5000 + b"}",
    "1.0": changed(ready=1.0),
    "1e3": swapped(b'"ready":24', b'"ready":1e3'),
    "minus zero": swapped(b'"ready":24', b'"ready":-0'),
    "a float in a type not known": b'{"t":"far","x":0.5}',
    "NaN": swapped(b'"ready":24', b'"ready":NaN'),
    "Infinity": b'{"t":"far","x":-Infinity}',
    "lone surrogate escape": swapped(b'"Wien"', b'"\\ud800"'),
    "lone surrogate in a key": b'{"t":"far","\\udfff":1}',
    "surrogates in the wrong order": swapped(b'"Wien"', b'"\\ude00\\ud83d"'),
    "encoded surrogate": swapped(b'"Wien"', b'"\xed\xa0\x80"'),
    "bad UTF-8": swapped(b'"Wien"', b'"\xff"'),
    "overlong UTF-8": swapped(b'"Wien"', b'"\xc0\xaf"'),
    "NUL escape": swapped(b'"Wien"', b'"\\u0000"'),
    "newline escape": swapped(b'"Wien"', b'"Wi\\nen"'),
    "newline after a country": swapped(b'"AT"', b'"AT\\n"'),
    "newline after an id": changed(id=OFFER.id + "\n"),
    "newline after a word": swapped(b'"H87"', b'"H87\\n"'),
    "newline after the salt": changed(n=OFFER.n + "\n"),
    "newline after a day": changed(best="2027-01-01\n"),
    "BOM before": b"\xef\xbb\xbf" + LINE,
    "BOM in a text": swapped(b'"Wien"', '"Wi\ufeffen"'.encode()),
    "CR at the end": LINE + b"\r",
    "CR inside": swapped(b'"Wien"', b'"Wi\ren"'),
    "CR between fields": swapped(b",", b",\r"),
    "newline inside": swapped(b",", b",\n"),
    "tab": swapped(b",", b",\t"),
    "control byte": swapped(b'"Wien"', b'"Wi\x01en"'),
    "NUL": swapped(b'"Wien"', b'"Wi\x00en"'),
    "DEL": swapped(b'"Wien"', b'"Wi\x7fen"'),
    "C1 control": swapped(b'"Wien"', '"Wi\x85en"'.encode()),
    "U+2028": swapped(b'"Wien"', '"Wi\u2028en"'.encode()),
    "U+2028 by escape": swapped(b'"Wien"', b'"Wi\\u2028en"'),
    "bidi override": swapped(b'"Family', '"\u202eFamily'.encode()),
    "bidi isolate": swapped(b'"Family', '"\u2066Family'.encode()),
    "bidi mark": swapped(b'"Family', '"\u061cFamily'.encode()),
    "depth 17": b'{"t":"far","x":' + b"[" * 16 + b"]" * 16 + b"}",
    "very deep": b'{"t":"far","x":' + b"[" * 4000 + b"]" * 4000 + b"}",
    "very deep, never closed": b'{"t":"far","x":' + b"[" * 8000 + b"}",
    "8193 bytes": long_line(8193),
    "nothing": b"",
    "one byte": b"{",
    "an empty object": b"{}",
    "a list": b"[1]",
    "a text": b'"offer"',
    "trailing garbage": LINE + b"x",
    "two objects": LINE + LINE,
    "a comma between objects": LINE + b"," + LINE,
    "a blank before": b" " + LINE,
    "a blank after": LINE + b" ",
    "a comment": swapped(b",", b",/* */"),
    "no type": b'{"id":"a"}',
    "a type that is no text": changed(t=1),
    "a type that is a list": changed(t=["offer"]),
    "qty 0": changed(qty=[0, 0]),
    "qty below 0": changed(qty=[-1, 0]),
    "qty of one number": changed(qty=[1]),
    "qty of three": changed(qty=[1, 0, 0]),
    "a power of ten of 10": changed(qty=[1, 10]),
    "mult 0": changed(mult=[0, 0]),
    "true for a number": changed(ready=True),
    "a lease over 90 days": changed(exp=NOW + 90 * DAY + 1),
    "a lease that ended before it began": changed(exp=NOW),
    "an id in capitals": changed(id=OFFER.id.upper()),
    "an id too short": changed(id=OFFER.id[:-1]),
    "a salt of 11 bytes": changed(n=OFFER.n[:-1]),
    "281 characters": changed(name="a" * 281),
    "a latitude out of range": changed(at=[90_000_001, 0]),
    "a field missing": changed(unit=...),
    "null for a text": changed(name=None),
    "crit of lists": changed(crit=[["x"]]),
    "crit of objects": changed(crit=[{}]),
    "crit of numbers": changed(crit=[1]),
    "crit no list": changed(crit="x"),
    "a withdraw with a bidi control": b'{"t":"withdraw","id":"%b","ts":1,"exp":2,"n":"%b","why":"\xe2\x80\xae"}'
    % (OFFER.id.encode(), OFFER.n.encode()),
    "a still over 90 days": records._encoder.encode(
        Still(id=OFFER.id, ts=NOW, exp=NOW + 90 * DAY + 1, n=OFFER.n, src="stock")
    ),
    "a still that ended before it began": records._encoder.encode(
        Still(id=OFFER.id, ts=NOW, exp=NOW, n=OFFER.n, src="stock")
    ),
}


@pytest.mark.parametrize("line", HAZARDS.values(), ids=HAZARDS.keys())
def test_a_line_that_breaks_a_rule_is_a_defect(line: bytes) -> None:
    found = interpret(line)
    assert isinstance(found, Defect)
    assert found.why


FOREIGN = {
    "an unknown type": b'{"t":"need","x":[1,{"y":null}]}',
    "an unknown type of 8192 bytes": long_line(8192),
    "depth 16": b'{"t":"far","x":' + b"[" * 15 + b"]" * 15 + b"}",
    "unknown crit": changed(crit=["stub"]),
    "unknown crit in our own order": LINE[:-1] + b',"crit":["stub"]}',
    "a type in capitals": changed(t="OFFER"),
}


@pytest.mark.parametrize("line", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_is_not_known_here_is_foreign(line: bytes) -> None:
    assert isinstance(interpret(line), Foreign)


def test_another_order_and_unknown_fields_are_the_same_offer() -> None:
    assert interpret(changed()) == OFFER
    assert interpret(changed(colour="red")) == OFFER
    assert interpret(changed(crit=["qty", "unit"])) == msgspec.structs.replace(OFFER, crit=("qty", "unit"))


def test_a_lease_of_ninety_days_is_an_offer() -> None:
    assert isinstance(interpret(changed(exp=NOW + 90 * DAY)), Offer)


def test_our_own_record_that_breaks_a_rule_is_not_encoded() -> None:
    with pytest.raises(ProtocolError):
        records.encode(make_offer(1, NOW, qty=(0, 0)))
    with pytest.raises(ProtocolError):
        records.encode(make_offer(1, NOW, name="a" * 9000))


@given(st.binary(max_size=300))
def test_any_bytes_are_interpreted(line: bytes) -> None:
    assert interpret(line) is not None
    assert interpret(b"{" + line + b"}") is not None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Offer.__struct_fields__, "t", "why", "x"]), json_values))
def test_any_value_in_any_field_is_interpreted(fields: dict[str, object]) -> None:
    line = json.dumps(json.loads(LINE) | fields).encode()
    assert interpret(line) is not None


@given(st.integers(0, len(LINE) - 1), st.integers(0, 255))
def test_any_changed_byte_is_interpreted(position: int, byte: int) -> None:
    assert interpret(LINE[:position] + bytes([byte]) + LINE[position + 1 :]) is not None


safe_text = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=280)


@given(safe_text, safe_text, st.integers(1, 2**53 - 1), st.integers(-9, 9), st.integers(1, 90 * DAY))
def test_an_encoded_offer_reads_back(name: str, place: str, amount: int, power: int, lease: int) -> None:
    offer = make_offer(2, NOW, name=name, place=place, qty=(amount, power), exp=NOW + lease)
    assert interpret(records.encode(offer)) == offer


@given(st.integers(0, 253_402_300_799), safe_text)
def test_an_encoded_withdraw_and_still_read_back(ts: int, why: str) -> None:
    withdraw = Withdraw(id=OFFER.id, ts=ts, exp=OFFER.exp, n=OFFER.n, why=why)
    assert interpret(records.encode(withdraw)) == withdraw
    still = Still(id=OFFER.id, ts=NOW, exp=NOW + 1 + ts % (90 * DAY), n=OFFER.n, src="stock")
    assert interpret(records.encode(still)) == still
