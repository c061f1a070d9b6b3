"""Strangers' JSON: a value or a `ProtocolError`, whatever the bytes."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.protocol import limits
from xstock_node.protocol.decode import decode, strict_json
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import GossipRequest, GossipResponse, PullRequest, Want

BAD = {
    "nothing": b"",
    "blank": b" ",
    "bad UTF-8": b'"\xff"',
    "UTF-16": '"a"'.encode("utf-16"),
    "BOM": b"\xef\xbb\xbf1",
    "duplicate key": b'{"a":1,"a":1}',
    "duplicate key deep inside": b'[{"x":[{"a":1,"b":2,"a":3}]}]',
    "duplicate key by escape": b'{"a":1,"\\u0061":1}',
    "depth 17": b"[" * 17 + b"]" * 17,
    "depth 100000": b"[" * 100_000,
    "depth of objects": b'{"a":' * 17 + b"1" + b"}" * 17,
    "2^53": b"9007199254740992",
    "minus 2^53": b"-9007199254740992",
    "minus zero": b"-0",
    "an integer of 100000 digits": b"9" * 100_000,
    "1.0": b"1.0",
    "1e3": b"1e3",
    "NaN": b"NaN",
    "Infinity": b"[Infinity]",
    "minus Infinity": b"-Infinity",
    "lone surrogate": b'"\\udc00"',
    "lone surrogate in a key": b'{"\\ud800":1}',
    "trailing comma": b"[1,]",
    "leading zero": b"01",
    "plus": b"+1",
    "single quotes": b"'a'",
    "two values": b"1 2",
    "raw control byte": b'"\x01"',
    "unclosed": b'{"a":',
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_not_strict_json_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        strict_json(data)


def test_brackets_inside_texts_are_not_depth() -> None:
    text = "[{" * 50 + '\\"[' * 3
    assert strict_json(json.dumps([text]).encode()) == [text]
    assert strict_json(b"[" * 16 + b"]" * 16) is not None


def test_bounds_of_integers_are_taken() -> None:
    assert strict_json(b"[9007199254740991,-9007199254740991,0]") == [limits.INTEGER, -limits.INTEGER, 0]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_protocol_error(data: bytes) -> None:
    try:
        strict_json(data)
    except ProtocolError:
        pass


values = st.recursive(
    st.none() | st.booleans() | st.integers(-limits.INTEGER, limits.INTEGER) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_strict_json_reads_what_json_writes(value: object) -> None:
    assert strict_json(json.dumps(value).encode()) == value


def test_a_body_over_the_limit_is_not_even_read() -> None:
    with pytest.raises(ProtocolError, match="at most 10 bytes"):
        decode(b"[" * 11, GossipRequest, 10)


WRONG_REQUESTS: dict[str, dict[str, object]] = {
    "no network": {},
    "a cursor of 65": {"network": "see", "cursor": "a" * 65},
    "a cursor with a blank": {"network": "see", "cursor": "a b"},
    "a cursor with a newline": {"network": "see", "cursor": "a.1\n"},
    "a digest too short": {"network": "see", "all": "0" * 63},
    "a digest with a newline": {"network": "see", "all": "0" * 64 + "\n"},
    "257 notes": {"network": "see", "notes": ["x"] * 257},
    "a note that is no text": {"network": "see", "notes": [1]},
    "frames over 32 KiB": {"network": "see", "frames": "a" * (32 * 1024 + 1)},
    "a network that is a number": {"network": 1},
}


@pytest.mark.parametrize("body", WRONG_REQUESTS.values(), ids=WRONG_REQUESTS.keys())
def test_a_gossip_request_out_of_bounds_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        decode(json.dumps(body).encode(), GossipRequest, limits.GOSSIP_BODY)


@pytest.mark.parametrize(
    "body",
    [
        {"ranges": [{"log": "a", "start": -1, "count": 1}]},
        {"ranges": [{"log": "a", "start": 0, "count": -1}]},
        {"ranges": [{"log": "a", "start": 0, "count": 10**12}]},
        {"ranges": [{"log": "a" * 201, "start": 0, "count": 1}]},
        {"ranges": [{"log": "a", "start": 0, "count": 1}] * 257},
        {"ranges": {}},
    ],
)
def test_a_pull_out_of_bounds_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ProtocolError):
        decode(json.dumps(body).encode(), PullRequest, limits.PULL_BODY)


def test_requests_and_answers_read_back() -> None:
    request = GossipRequest(network="see", cursor="ab.12", all="0" * 64, notes=("x\n",), frames="@ ")
    assert decode(msgspec.json.encode(request), GossipRequest, limits.GOSSIP_BODY) == request
    answer = GossipResponse(cursor="cd.3", notes=("y\n",), want=(Want("a.b/xs1/see.pub/1", 3),), more=True)
    assert decode(msgspec.json.encode(answer), GossipResponse, limits.GOSSIP_BODY) == answer
