"""Cursors, the digest of everything, token buckets, names: the small parts of a round."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.protocol import gossip, names
from xstock_node.protocol.errors import ProtocolError, shorten
from xstock_node.protocol.names import LogId, LogName
from xstock_node.protocol.quota import TokenBucket

HELD = [(LogId(f"n{i}.example", "see.pub", 1_790_000_000 + i), i * 7, bytes([i]) * 32) for i in range(12)]


def test_a_cursor_gives_its_position_back() -> None:
    assert gossip.position_in("ab12", gossip.cursor("ab12", 77)) == 77


@pytest.mark.parametrize(
    "text", ["", "77", "ab12", "ab12.", "cd34.77", "ab12.-1", "ab12.1 ", "ab12.²", "ab12.٣", "x.ab12.7"]
)
def test_a_cursor_of_another_journal_or_form_is_unknown(text: str) -> None:
    assert gossip.position_in("ab12", text) == -1


@given(st.text(max_size=80))
def test_no_cursor_text_raises(text: str) -> None:
    assert gossip.position_in("ab12", text) == -1
    assert gossip.position_in("ab12", f"ab12.{text}") >= -1


def test_the_digest_does_not_depend_on_the_order() -> None:
    mixed = list(HELD)
    Random(3).shuffle(mixed)
    assert gossip.digest(mixed) == gossip.digest(HELD)


def test_the_digest_is_of_sorted_lines() -> None:
    from hashlib import sha256

    lines = sorted(f"{log} {size} {gossip.to_base64(root)}\n".encode() for log, size, root in HELD)
    assert gossip.digest(HELD) == sha256(b"".join(lines)).hexdigest()


@pytest.mark.parametrize("part", range(3))
def test_the_digest_changes_with_epoch_size_and_root(part: int) -> None:
    log, size, root = HELD[4]
    other = [(log._replace(epoch=5), size, root), (log, size + 1, root), (log, size, bytes(32))][part]
    assert gossip.digest([*HELD[:4], other, *HELD[5:]]) != gossip.digest(HELD)
    assert gossip.digest(HELD[1:]) != gossip.digest(HELD)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    bucket = TokenBucket(rate=2, burst=10)
    assert [bucket.take(1, 0.0) for _ in range(10)] == [0.0] * 10
    assert bucket.take(1, 0.0) == 0.5
    assert bucket.take(1, 0.25) == 0.25
    assert bucket.take(1, 0.5) == 0.0
    assert bucket.take(1, 0.5) > 0


def test_a_refused_take_costs_nothing() -> None:
    bucket = TokenBucket(rate=1, burst=3)
    bucket.take(2, 0.0)
    assert bucket.take(2, 0.0) == 1.0
    assert bucket.take(1, 0.0) == 0.0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    bucket = TokenBucket(rate=1, burst=3)
    bucket.take(0, 0.0)
    assert bucket.take(3, 1e9) == 0.0
    assert bucket.take(1, 1e9) == 1.0


def test_what_was_used_already_may_go_below_zero() -> None:
    bucket = TokenBucket(rate=1, burst=3)
    bucket.spend(10, 0.0)
    assert bucket.level == -7
    assert bucket.take(1, 7.5) == 0.5
    assert bucket.take(1, 8.0) == 0.0


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3)), max_size=50))
def test_a_bucket_never_gives_more_than_burst_and_rate(steps: list[tuple[float, float]]) -> None:
    bucket, now, given_out = TokenBucket(rate=2, burst=10), 0.0, 0.0
    for pause, amount in steps:
        now += pause
        given_out += amount if bucket.take(amount, now) == 0.0 else 0.0
    assert given_out <= 10 + 2 * now + 1e-6


@pytest.mark.parametrize(
    "text",
    [
        "redcross",
        "Redcross.bg",
        "redcross.bg.",
        ".bg",
        "a..b",
        "a b.c",
        "a.b\n",
        "ä.bg",
        "a." + "b" * 64,
        "a." * 50 + "bg",
    ],
)
def test_what_is_no_node_name_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        names.node_name(text)


@pytest.mark.parametrize("text", ["", "a" * 33, "see.pub", "See", "a_b", "a\n"])
def test_what_is_no_label_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        names.label(text)


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", "1_0", "1.0", " 1", "1\n", "١", "9007199254740992", "9" * 40])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        names.number(text)


def test_a_log_id_reads_back_and_says_what_it_is() -> None:
    log = LogId("redcross.bg", "see.x-flood27", 1_790_000_000)
    assert names.parse_log_id(str(log)) == log
    assert (log.name.network, log.name.is_exercise) == ("see", True)
    assert not LogName("redcross.bg", "see.pub").is_exercise
    assert not LogName("redcross.bg", "xee.pub").is_exercise


def test_a_record_id_is_sixteen_letters_of_ten_bytes() -> None:
    assert names.is_record_id(names.record_id(bytes(10)))
    assert not names.is_record_id("a" * 16 + "\n")
    with pytest.raises(ValueError, match="10 bytes"):
        names.record_id(bytes(9))


def test_what_came_is_shown_short_and_printable() -> None:
    shown = shorten("a\x1b[2J\n\u202e" + "b" * 500)
    assert shown.isprintable()
    assert len(shown) == 160


class Watched(str):
    """A text that says how much of it was walked over."""

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("the whole of it was walked over")


@pytest.mark.parametrize("came", [Watched("a" * 8_000_000), b"a" * 8_000_000])
def test_only_the_beginning_of_what_came_is_looked_at(came: object) -> None:
    assert len(shorten(came)) == 160
