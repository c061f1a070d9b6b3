"""Portable offers: the proof holds for the bytes it was made for and for no others."""

import pytest

from xstock_node.protocol import heads, limits, merkle, notes, proof, records
from xstock_node.protocol.errors import BadSignature, Fork, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.names import LogId
from xstock_node.testing import make_offer

NAME = "redcross.bg"
SIGNER = Signer(NAME, bytes([9]) * 32)
OTHER = Signer(NAME, bytes([8]) * 32)
NOW = 1_790_000_000
LOG = LogId(NAME, "see.pub", NOW)
LINES = [records.encode(make_offer(n, NOW)) for n in range(5)]
LEAVES = [merkle.leaf_hash(line) for line in LINES]
KNOWN = {NAME: [SIGNER.public]}


def path_of(index: int) -> list[bytes]:
    return merkle.inclusion_path(index, len(LEAVES), lambda a, b: merkle.tree_root(LEAVES[a:b]))


def head_note(*signers: Signer) -> bytes:
    head = Head(LOG, len(LEAVES), merkle.tree_root(LEAVES), NOW, 0)
    return notes.sign(head.text(), *(signers or (SIGNER,)))


def built(index: int = 3) -> bytes:
    return proof.build(LINES[index], index, path_of(index), head_note())


@pytest.mark.parametrize("index", range(5))
def test_a_portable_offer_holds_for_every_record(index: int) -> None:
    found = proof.verify(built(index), KNOWN)
    assert (found.line, found.position, found.head.log) == (LINES[index], index, LOG)
    assert found.signed_by == f"{NAME}#{SIGNER.key_id.hex()}"
    assert found.claimed == (found.signed_by,)


@pytest.mark.parametrize("bit", [0x01, 0x20])
def test_no_byte_of_a_portable_offer_can_be_changed(bit: int) -> None:
    data = built()
    # What is outside the proof: the four bytes of the key id. Another one is a key that is not known here.
    begin = data.index(f"— {NAME} ".encode()) + len(f"— {NAME} ".encode())
    for position in range(len(data)):
        changed = data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :]
        try:
            found = proof.verify(changed, KNOWN)
        except ProtocolError:
            continue
        assert begin <= position < begin + 6, (position, changed[max(0, position - 20) : position + 20])
        assert found.signed_by is None


@pytest.mark.parametrize("step", [1, 7])
def test_no_end_of_a_portable_offer_can_be_cut_off(step: int) -> None:
    data = built()
    for end in range(0, len(data), step):
        with pytest.raises(ProtocolError):
            proof.verify(data[:end], KNOWN)


def test_an_unknown_origin_or_key_signs_nothing_here_and_is_named() -> None:
    for known in ({}, {"redcross.hr": [SIGNER.public]}, {NAME: [OTHER.public]}):
        found = proof.verify(built(), known)
        assert found.signed_by is None
        assert found.claimed == (f"{NAME}#{SIGNER.key_id.hex()}",)


def test_a_known_key_whose_signature_fails_refuses_the_file() -> None:
    wrong = to_base64(SIGNER.key_id + OTHER.sign(b"x"))
    head = head_note().decode().split("\n\n")[0] + f"\n\n— {NAME} {wrong}\n"
    with pytest.raises(BadSignature):
        proof.verify(proof.build(LINES[3], 3, path_of(3), head.encode()), KNOWN)


def test_a_head_signed_by_somebody_else_alone_is_refused() -> None:
    stranger = Signer("redcross.hr", bytes([7]) * 32)
    with pytest.raises(BadSignature):
        proof.verify(proof.build(LINES[3], 3, path_of(3), head_note(stranger)), KNOWN)


def test_further_signatures_are_listed_and_change_nothing() -> None:
    witness = Signer("witness.example", bytes([6]) * 32)
    found = proof.verify(proof.build(LINES[3], 3, path_of(3), head_note(SIGNER, witness)), KNOWN)
    assert found.signed_by == f"{NAME}#{SIGNER.key_id.hex()}"
    assert len(found.claimed) == 2


@pytest.mark.parametrize(
    ("line", "index", "path"),
    [
        (LINES[2], 3, path_of(3)),
        (LINES[3], 2, path_of(3)),
        (LINES[3], 3, path_of(2)),
        (LINES[3], 3, path_of(3)[:-1]),
        (LINES[3], 3, [*path_of(3), bytes(32)]),
        (LINES[3], 5, path_of(3)),
        (LINES[3], 3, [bytes(32)] * 65),
    ],
    ids=["line", "index", "path", "short path", "long path", "index beyond", "65 hashes"],
)
def test_a_proof_of_something_else_is_refused(line: bytes, index: int, path: list[bytes]) -> None:
    with pytest.raises(ProtocolError):
        proof.verify(proof.build(line, index, path, head_note()), KNOWN)


def test_a_rewritten_record_under_an_honest_head_is_a_fork() -> None:
    with pytest.raises(Fork):
        proof.verify(built().replace(b"Family", b"Famuly"), KNOWN)


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(ProtocolError, match="at most"):
        proof.verify(b"{" + b"a" * limits.PORTABLE_OFFER, KNOWN)


def test_an_extra_line_of_the_format_is_taken_and_two_are_not() -> None:
    magic = proof.MAGIC.encode()
    once = built().replace(magic, magic + b"\nextra AAAA")
    assert proof.verify(once, KNOWN).signed_by
    with pytest.raises(ProtocolError):
        proof.verify(once.replace(b"\nextra AAAA", b"\nextra AAAA\nextra AAAA"), KNOWN)


def test_a_head_of_the_proof_is_read_by_the_rules_of_heads() -> None:
    note = heads.sign(Head(LOG, len(LEAVES), merkle.tree_root(LEAVES), NOW, 256), SIGNER)
    with pytest.raises(ProtocolError):
        proof.verify(proof.build(LINES[3], 3, path_of(3), note), KNOWN)
