"""Evidence of an operation: it holds as written, and is refused for each thing that somebody may change in it."""

from collections.abc import Callable, Iterable

import msgspec
import pytest

from xstock_node.protocol import bundle, evidence, identity, merkle, messages, notes, witness
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.evidence import Leaf
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.messages import NOTHING, Link
from xstock_node.protocol.names import parse_log_id
from xstock_node.testing.nodes import make_identity, make_signer

BG, HR, AT = "redcross.bg", "redcross.hr", "redcross.at"
CASE, NOW = "a" * 16, 1_790_000_000
Change = Callable[[list[Entry]], Iterable[Entry]]


def message(sender: str, n: int, previous: str, seen: Link, step: str, signer: Signer | None = None) -> bytes:
    to = HR if sender == BG else BG
    body = f'{{"step":"{step}"}}'.encode()
    text = messages.write("see", sender, to, CASE, Link(1, n, ""), previous, seen, NOW + n, body)
    return messages.sign(text, signer or make_signer(sender))


def story() -> list[Entry]:
    """A request, its decline, both receipts, and a witnessed audit log of one leaf each."""
    asked = message(BG, 1, "", NOTHING, "request")
    first = messages.parse(asked)
    declined = message(HR, 1, "", first.link, "decline")
    said = [asked, declined]
    receipts = [
        messages.sign(messages.write_receipt(messages.parse(raw), NOW + 5), make_signer(messages.parse(raw).recipient))
        for raw in said
    ]
    leaves = [merkle.leaf_hash(raw) for raw in said]
    head = Head(parse_log_id(f"{BG}/xs1/see.audit/1"), 2, merkle.tree_root(leaves), NOW + 9, 0, None, True)
    text = head.text()
    line = witness.cosign(text, make_signer(AT), NOW + 10)
    note = notes.sign(text, make_signer(BG)) + line.encode()
    names = [Entry("identity", make_identity(name)[0].raw) for name in (BG, HR, AT)]
    proofs = [evidence.leaf_entry(Leaf(leaves[at], at, (leaves[1 - at],))) for at in (0, 1)]
    return [
        *names,
        *(Entry("message", raw) for raw in said),
        *(Entry("receipt", raw) for raw in receipts),
        Entry("head", note),
        *proofs,
    ]


def packed(entries: Iterable[Entry]) -> bytes:
    return b"".join(bundle.write(entries))


# xs1 20.4
def test_it_says_who_signed_what_which_receipts_there_are_and_who_witnessed_it() -> None:
    found = evidence.verify(packed(story()))
    assert (found.case, found.requester, found.supplier) == (CASE, BG, HR)
    assert [(p.message.sender, p.message.step.step, p.leaf) for p in found.messages] == [
        (BG, "request", 0),
        (HR, "decline", 1),
    ]
    assert all(p.receipt is not None and p.key.startswith(p.message.sender) for p in found.messages)
    assert found.witnessed is not None and found.witnessed.by == ((AT, NOW + 10),)


def another_root(entries: list[Entry]) -> list[Entry]:
    """Somebody's own identity of the supplier's name, and a message by its key: the genuine one stands beside it."""
    thief = Signer(HR, b"\7" * 32)
    root = Signer(HR, b"\x08" * 32)
    statement = make_identity(HR)[0].statement
    keys_ = (to_base64(thief.public),)
    forged = identity.sign(HR, 9, msgspec.structs.replace(statement, keys=keys_), root, (thief,))
    seen = messages.parse(next(e.data for e in entries if e.kind == "message")).link
    said = message(HR, 1, "", seen, "offer", thief)
    kept = [e for e in entries if e.kind in ("identity", "message")][:4]
    return [Entry("identity", forged), *kept, Entry("message", said)]


def without(kind: str, place: int) -> Change:
    def change(entries: list[Entry]) -> list[Entry]:
        gone = [e for e in entries if e.kind == kind][place]
        return [e for e in entries if e is not gone]

    return change


def altered(kind: str) -> Change:
    """The middle of the first entry of a kind, one bit changed."""

    def change(entries: list[Entry]) -> list[Entry]:
        at = next(i for i, e in enumerate(entries) if e.kind == kind)
        data = bytearray(entries[at].data)
        data[len(data) // 2] ^= 1
        return [*entries[:at], Entry(kind, bytes(data)), *entries[at + 1 :]]

    return change


def of_another_case(entries: list[Entry]) -> list[Entry]:
    text = messages.write("see", BG, HR, "b" * 16, Link(1, 1, ""), "", NOTHING, NOW, b'{"step":"request"}')
    return [*entries, Entry("message", messages.sign(text, make_signer(BG)))]


def receipt_of_nothing(entries: list[Entry]) -> list[Entry]:
    other = messages.parse(message(BG, 1, "", NOTHING, "notify"))
    return [*entries, Entry("receipt", messages.sign(messages.write_receipt(other, NOW), make_signer(HR)))]


CHANGES: dict[str, Change] = {
    "another root key beside the genuine one": another_root,
    "no messages": lambda entries: [e for e in entries if e.kind != "message"],
    "a message that another one had seen is gone": without("message", 0),
    "no identity of a party": without("identity", 1),
    "a message altered": altered("message"),
    "a receipt altered": altered("receipt"),
    "an identity altered": altered("identity"),
    "the head altered": altered("head"),
    "a leaf altered": altered("leaf"),
    "a message of another case": of_another_case,
    "a receipt of no message": receipt_of_nothing,
    "a message twice": lambda entries: [*entries, next(e for e in entries if e.kind == "message")],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_is_refused(change: Change) -> None:
    with pytest.raises(ProtocolError):
        evidence.verify(packed(change(story())))


def test_what_is_only_missing_is_said_not_refused() -> None:
    bare = [e for e in story() if e.kind in ("identity", "message")]
    found = evidence.verify(packed(bare))
    assert found.witnessed is None and all(p.receipt is None and p.leaf is None for p in found.messages)


# xs1 20.4
def test_a_changed_bit_anywhere_is_found() -> None:
    whole = packed(story())
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        with pytest.raises(ProtocolError):
            evidence.verify(changed)
            raise AssertionError((at, whole[at - 20 : at + 20]))
