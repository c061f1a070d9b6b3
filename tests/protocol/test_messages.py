"""What is remembered of short messages is what stands in their bytes, and nothing else."""

import json

import pytest

from xstock_node.protocol import messages
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.messages import NOTHING, SHORT, Link
from xstock_node.testing.nodes import make_signer

BG, HR, CASE = "redcross.bg", "redcross.hr", "xaaaaaaaaaaaaaaa"


def made(note: str, more: int = 0) -> bytes:
    """A signed message with a remark and `more` bytes beside it."""
    body = json.dumps({"step": "told", "note": note, "extra": "x" * more}).encode()
    text = messages.write("see", BG, HR, CASE, Link(1, 1, ""), "", NOTHING, 1_790_000_000, body)
    return messages.sign(text, make_signer(BG))


@pytest.mark.parametrize("more", [0, 2 * SHORT])
def test_a_message_read_again_is_the_same_whether_it_is_remembered_or_not(more: int) -> None:
    raw = made("one", more)
    assert (len(raw) <= SHORT) == (more == 0)
    assert messages.parse(raw) == messages.parse(bytes(raw)) == messages._parse(raw)


def test_one_other_byte_is_another_message() -> None:
    one, other = messages.parse(made("one")), messages.parse(made("two"))
    assert (one.body["note"], other.body["note"]) == ("one", "two") and one.link.hash != other.link.hash


def test_what_is_no_message_is_refused_at_each_reading() -> None:
    for _ in range(2):
        with pytest.raises(ProtocolError):
            messages.parse(made("one").replace(b"n 1 -", b"n 2 -"))
