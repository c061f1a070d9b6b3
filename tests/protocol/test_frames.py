"""Frames: whole ones are read back, cut, stray and oversized ones refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.protocol import frames, limits, merkle
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import LogId

LOG = LogId("redcross.bg", "see.pub", 1_790_000_000)
LEAF = merkle.leaf_hash(b"{}")
HASH = frames.hash_line(LEAF)
LINES = [b'{"a":1}', HASH, b'{"b":2}']
HEAD = frames.header(LOG, 5, 3)
BODY = frames.encode(LOG, 5, LINES, 3)

lines = st.lists(
    st.one_of(
        st.binary(max_size=32).map(lambda b: frames.hash_line(merkle.leaf_hash(b))),
        st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=40).map(lambda t: b"{" + t.encode() + b"}"),
    ),
    max_size=8,
)


@given(st.lists(lines, max_size=4))
def test_frames_read_back_as_they_were_written(groups: list[list[bytes]]) -> None:
    data = b"".join(frames.encode(LOG, i, group, len(group)) for i, group in enumerate(groups))
    found = list(frames.parse(data))
    assert [(f.log, f.start, f.roots, f.lines) for f in found] == [
        (LOG, i, False, group) for i, group in enumerate(groups)
    ]


def test_a_leaf_is_hashed_from_a_record_and_read_from_a_hash_line() -> None:
    frame = next(frames.parse(BODY))
    assert frame.leaves() == [merkle.leaf_hash(b'{"a":1}'), LEAF, merkle.leaf_hash(b'{"b":2}')]


def test_a_frame_of_roots_holds_hashes() -> None:
    found = next(frames.parse(frames.encode(LOG, 256, [HASH], 1, roots=True)))
    assert (found.roots, found.start, found.leaves()) == (True, 256, [LEAF])
    with pytest.raises(ProtocolError):
        list(frames.parse(frames.encode(LOG, 256, [b"{}"], 1, roots=True)))


def test_a_record_of_8192_bytes_is_the_longest() -> None:
    line = b"{" + b"a" * 8190 + b"}"
    assert next(frames.parse(frames.encode(LOG, 0, [line], 1))).lines == [line]
    longer = b"{a" + line[1:]
    kept = next(frames.parse(frames.encode(LOG, 0, [longer], 1)))
    assert kept.lines == [frames.hash_line(merkle.leaf_hash(longer))]
    assert kept.leaves() == [merkle.leaf_hash(longer)]


@pytest.mark.parametrize("end", range(1, len(BODY)))
def test_a_body_cut_anywhere_is_refused(end: int) -> None:
    with pytest.raises(ProtocolError):
        list(frames.parse(BODY[:end]))


BAD = {
    "a stray line before": b"x\n" + BODY,
    "a stray record before": b"{}\n" + BODY,
    "a record too many": BODY + b"{}\n",
    "CR": BODY.replace(b"\n", b"\r\n"),
    "a count below 0": HEAD.replace(b" 3\n", b" -3\n"),
    "a huge count": HEAD.replace(b" 3\n", b" 9007199254740991\n"),
    "a count above 2^53": HEAD.replace(b" 3\n", b" 99999999999999999\n"),
    "a leading zero": HEAD.replace(b" 5 ", b" 05 ") + b"{}\n" * 3,
    "another kind": HEAD.replace(b" 3\n", b" 3 leaves\n") + b"{}\n" * 3,
    "two blanks": HEAD.replace(b" 5", b"  5") + b"{}\n" * 3,
    "no log id": b"@ redcross.bg 0 0\n",
    "a log id of other bytes": b"@ redcross.\xd0\xb1/xs1/see.pub/1 0 0\n",
    "more frames than allowed": frames.header(LOG, 0, 0) * (256 * 64 + 1),
    "more lines than allowed": frames.header(LOG, 0, 262_144) + b"\n" * 262_144,
    "a first line without end": b"@ " + b"a" * 300 + b"/xs1/see.pub/1 0 0\n",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_a_malformed_stream_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        list(frames.parse(data))


def test_as_many_lines_as_a_stream_may_have_are_taken_and_the_longest_header_fits() -> None:
    longest = LogId("a" * 63 + "." + "b" * 36, f"{'n' * 32}.{'l' * 32}", 2**53 - 1)
    header = frames.header(longest, 2**53 - 1, limits.STREAM_LINES - 1, roots=False)
    found = next(frames.parse(header + b"\n" * (limits.STREAM_LINES - 1)))
    assert (found.log, len(found.lines)) == (longest, limits.STREAM_LINES - 1)
    assert len(frames.header(longest, 2**53 - 1, 2**53 - 1, roots=True)) < limits.FRAME_HEADER


ODD = [
    b"",
    b"x",
    frames.header(LOG, 1, 0)[:-1],
    b"{\t}",
    b"{\x00}",
    b"#" + b"A" * 42 + b"==",
    HASH[:-2] + b"B=",
    b"\xff",
]


@pytest.mark.parametrize("line", ODD)
def test_a_line_that_breaks_a_rule_of_records_is_kept_and_hashed_as_it_came(line: bytes) -> None:
    found = next(frames.parse(frames.encode(LOG, 0, [b"{}", line, b"{}"], 3)))
    assert found.lines[1] == line and found.leaves()[1] == merkle.leaf_hash(line)


@pytest.mark.parametrize("line", ODD)
def test_such_a_line_is_handed_on_alone_too(line: bytes) -> None:
    assert next(frames.parse(frames.encode(LOG, 0, [line], 1))).lines == [line]


@given(st.binary(max_size=300))
def test_any_bytes_are_frames_or_a_protocol_error(data: bytes) -> None:
    for body in (data, HEAD + data, data + b"\n"):
        try:
            list(frames.parse(body))
        except ProtocolError:
            pass


def test_an_empty_body_has_no_frames() -> None:
    assert list(frames.parse(b"")) == []
