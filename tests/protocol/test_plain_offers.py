"""The quick reader of offers: what it takes says the same as `interpret` has it, and what nodes write it takes."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks import corpus
from tests.fuzz.mutation import Mutator
from xstock_node.domain.search import offer_key, plain_key
from xstock_node.protocol import limits, records
from xstock_node.protocol.plain_offers import _FIELDS, IndexedOffer, PlainOffer, read_indexed, read_plain
from xstock_node.protocol.records import Offer, Reserve, interpret
from xstock_node.storage.values import Indexed
from xstock_node.testing.nodes import make_offer

NOW = 1_790_000_000
OFFER = make_offer(1, NOW)
LINE = records.encode(OFFER)
TWIN = "abcdefghij234567"
FULL = make_offer(
    2, NOW, kind="service", mult=(12, -1), best="2031-02-01", cond="used", of=TWIN, qty=(999_999_999_999_999, -9)
)


def indexed(line: bytes) -> Indexed:
    """What `interpret` gives to the index, after the check that the line is an offer."""
    found = interpret(line)
    assert type(found) is Offer, found
    return Indexed.of(7, found, offer_key(found))


def same(line: bytes) -> PlainOffer | None:
    """Both ways, where the quick one takes the line."""
    found = read_plain(line)
    if found is not None:
        assert Indexed.of_plain(7, found, plain_key(found)) == indexed(line)
        known = interpret(line)
        assert isinstance(known, Offer) and (found.ts, found.exp) == (known.ts, known.exp)
    return found


def test_what_nodes_write_is_taken_and_says_the_same() -> None:
    lines = corpus.lines(3_000, NOW, 4)
    assert all(same(line) is not None for line in lines if b"\\" not in line)
    assert [same(line) for line in lines if b"\\" in line] == [None] * sum(b"\\" in line for line in lines)
    for offer in (FULL, make_offer(3, NOW, at=None, place="", terms=()), make_offer(4, NOW, name="")):
        assert same(records.encode(offer)) is not None


def test_the_fields_are_those_of_the_type_in_its_order() -> None:
    names = [one.split('"')[1] for one in _FIELDS]
    assert names == [name for name in Offer.__struct_fields__ if name not in ("crit", "band")]
    optional = {one.split('"')[1] for one in _FIELDS if one.endswith("?")}
    required = [name for name in names if name not in optional]
    assert optional < set(names) and all(f'"{name}":'.encode() in LINE for name in required)


def put(old: str, new: str) -> bytes:
    line = records.encode(FULL).decode()
    assert old in line, line
    return line.replace(old, new).encode()


@pytest.mark.parametrize(
    "line",
    [
        put('"exp":', '"exp":9'),
        put('"ready":24', '"ready":8761'),
        put('"ready":24', '"ready":-0'),
        put('"ready":24', '"ready":024'),
        put("[48200000,16400000]", "[90000001,16400000]"),
        put("[48200000,16400000]", "[48200000,-180000001]"),
        put("[48200000,16400000]", "[-0,16400000]"),
        put("[999999999999999,-9]", "[0,0]"),
        put("[999999999999999,-9]", "[9007199254740992,0]"),
        put("[999999999999999,-9]", "[1,-10]"),
        put("[12,-1]", "[0,0]"),
        put('["loan"]', '["loan",]'),
        put('["loan"]', "[]"),
        put('"loan"', '"' + '","'.join(["loan"] * 2_000) + '"'),
        put('"Wien"', '"Wi\u202een"'),
        put('"Wien"', '"Wi\x7fen"'),
        put('"Wien"', '"' + "w" * (limits.FREE_TEXT + 1) + '"'),
        put('"AT"', '"at"'),
        put('"loan"', '"lo\nan"'),
        put("}", ',"crit":["far"]}'),
        put("}", "}\n"),
        put("}", ',"far":1}'),
        put('"Wien"', '"Wien","place":"Graz"'),
        records.encode(FULL).replace(b"Wien", b"Wi\xffn"),
        records.encode(Reserve(**{f: getattr(OFFER, f) for f in OFFER.__struct_fields__}, pool="rescEU", by="ERCC")),
        records.encode(make_offer(5, NOW, band=(400, 0))),
        b"",
        b"#",
    ],
)
def test_what_breaks_a_rule_or_is_no_plain_offer_is_left_to_the_other_way(line: bytes) -> None:
    assert read_plain(line) is None


@given(name=st.text(max_size=300), place=st.text(max_size=60))
def test_any_text_says_the_same_or_is_left(name: str, place: str) -> None:
    line = records._encoder.encode(make_offer(6, NOW, name=name, place=place))
    if same(line) is None:
        assert "\\" in line.decode("utf-8", "surrogatepass") or type(interpret(line)) is not Offer


def test_mutated_lines_never_say_something_else() -> None:
    maker, random = Mutator([LINE, records.encode(FULL)], limits.RECORD), Random(11)
    taken = sum(same(maker.make(random)) is not None for _ in range(20_000))
    assert taken > 500


def test_a_line_of_the_index_is_read_as_it_was_interpreted() -> None:
    about = {name: getattr(OFFER, name) for name in OFFER.__struct_fields__}
    reserve = Reserve(**about, pool='rescEU "shelter"', by="ERCC")
    lines = corpus.lines(500, NOW, 9) + [
        records.encode(one) for one in (FULL, reserve, make_offer(7, NOW, band=(400, 0)))
    ]
    lines.append(json.dumps(dict(reversed(json.loads(LINE).items())), ensure_ascii=False, indent=None).encode())
    for line in lines:
        known, found = interpret(line), read_indexed(line)
        assert isinstance(known, Offer) and found is not None
        for name in IndexedOffer.__struct_fields__:
            blank = "" if name in ("pool", "by") else None
            assert getattr(found, name) == getattr(known, name, blank), name
    assert read_indexed(b"#" + b"A" * 43 + b"=") is None is read_indexed(b"")
