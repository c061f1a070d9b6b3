"""A signature counts for one thing of one node: every signed thing shown to the reader of every other is refused.

A further kind is one row more in `KINDS`: what bytes are signed, what is sent, and who checks it.
"""

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any, NamedTuple

import pytest
from msgspec import structs

from tests.networks.kit import make_charter
from xstock_node.protocol import (
    charter,
    heads,
    identity,
    keys,
    merkle,
    messages,
    notes,
    proof,
    records,
    requests,
    witness,
)
from xstock_node.protocol.charter import Governor
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.services.directory import Directory
from xstock_node.testing import make_offer
from xstock_node.testing.nodes import make_identity, make_signer

NOW = 1_790_000_000
A, B = "redcross.bg", "redcross.hr"
DIRECTORY = Directory(make_identity("redcross.rs")[0], [make_identity(A)[0], make_identity(B)[0]])
METHOD, TARGET = "POST", "https://node.example/xs/1/gossip"
BODY = b'{"network":"see"}'
LINES = [records.encode(make_offer(n, NOW)) for n in range(3)]
LEAVES = [merkle.leaf_hash(line) for line in LINES]


class Claim(NamedTuple):
    """Whose a thing says to be, and the key that it names."""

    name: str
    key: bytes

    def key_id(self) -> bytes:
        """The key id as it follows from name and key."""
        return keys.key_id(self.name, self.key)


class Kind(NamedTuple):
    """`text` gives the bytes that are signed for a claim; `sent` puts any text and signature into this kind's form.

    `sent` is told the key id to write. `check` raises unless the thing is one of the claimed node's. `signer` is the
    key that has the last word on such a thing.
    """

    text: Callable[[Claim], bytes]
    sent: Callable[[bytes, Claim, bytes, bytes], Any]
    check: Callable[[Any], None]
    signer: Callable[[str], Signer]


def note(text: bytes, claim: Claim, key_id: bytes, signature: bytes) -> bytes:
    """A signed note of any text."""
    return text + b"\n" + f"— {claim.name} {keys.to_base64(key_id + signature)}\n".encode()


def head_text(claim: Claim) -> bytes:
    return Head(LogId(claim.name, "see.pub", NOW), len(LINES), merkle.tree_root(LEAVES), NOW, 0).text().encode()


def check_head(raw: bytes) -> None:
    head, found = heads.parse(raw)
    if not DIRECTORY.verify_head(head, found):
        raise BadSignature("a known origin", head.log.node)


def identity_text(claim: Claim) -> bytes:
    known = DIRECTORY.get(claim.name)
    assert known is not None
    lines = known.raw.decode().split("\n")
    return "\n".join([*lines[:3], f"root {keys.to_base64(claim.key)}", lines[4], ""]).encode()


def identity_sent(text: bytes, claim: Claim, key_id: bytes, signature: bytes) -> bytes:
    """With the true signing key's proof of possession, which is more than a forger has."""
    signing = make_signer(claim.name)
    possession = f"— {claim.name} {keys.to_base64(signing.key_id + signing.sign(text))}\n".encode()
    return note(text, claim, key_id, signature) + possession


def check_identity(raw: bytes) -> None:
    found = identity.parse(raw)
    known = DIRECTORY.get(found.name)
    assert known is not None
    identity.check_successor(known, found._replace(raw=known.raw))


def request_headers(claim: Claim, key_id: bytes, signature: bytes) -> dict[str, str]:
    parameters = (
        f'("@method" "@target-uri" "content-digest");created={NOW};keyid="{claim.name}#{key_id.hex()}";tag="xs1"'
    )
    return {
        "Signature-Input": f"xs1={parameters}",
        "Signature": f"xs1=:{keys.to_base64(signature)}:",
        "Content-Digest": requests.content_digest(BODY),
    }


def request_text(claim: Claim) -> bytes:
    parameters = request_headers(claim, claim.key_id(), bytes(64))["Signature-Input"].removeprefix("xs1=")
    lines = [f'"@method": {METHOD}', f'"@target-uri": {TARGET}']
    lines += [f'"content-digest": {requests.content_digest(BODY)}', f'"@signature-params": {parameters}']
    return "\n".join(lines).encode()


def request_sent(text: bytes, claim: Claim, key_id: bytes, signature: bytes) -> dict[str, str] | bytes:
    """The text is made by the verifier itself, from what it was asked: only the signature can be chosen."""
    return request_headers(claim, key_id, signature)


def check_request(sent: dict[str, str] | bytes) -> None:
    """A thing of another kind comes as the header's text."""
    if isinstance(sent, bytes):
        text = sent.decode()
        for headers in ({"Signature-Input": text, "Signature": text}, {"Signature-Input": f"xs1={text}"}):
            with pytest.raises(ProtocolError):
                requests.verify(headers.get, METHOD, TARGET, True, NOW, DIRECTORY.find_key)
        raise ProtocolError("a signed request", "something else")
    requests.verify(sent.get, METHOD, TARGET, True, NOW, DIRECTORY.find_key)


def offer_sent(text: bytes, claim: Claim, key_id: bytes, signature: bytes) -> bytes:
    path = merkle.inclusion_path(1, len(LEAVES), lambda a, b: merkle.tree_root(LEAVES[a:b]))
    return proof.build(LINES[1], 1, path, note(text, claim, key_id, signature))


def check_offer(raw: bytes) -> None:
    found = proof.verify(raw, DIRECTORY.keys())
    if found.signed_by is None:
        raise BadSignature("a known signer", ", ".join(found.claimed))


def make_root(name: str) -> Signer:
    return make_signer(name, "root")


C = "redcross.rs"
HELD = make_charter("see", [A, B, C])


def charter_text(claim: Claim) -> bytes:
    """Version 2, with the claimed root key for the claimed name."""
    governors = tuple(
        Governor(name, keys.to_base64(claim.key if name == claim.name else make_root(name).public))
        for name in (A, B, C)
    )
    terms = structs.replace(HELD.terms, governors=governors)
    return charter.text("see", 2, HELD.hash(), terms).encode()


def charter_sent(text: bytes, claim: Claim, key_id: bytes, signature: bytes) -> bytes:
    """With the true signature of one governor, which is one less than it takes."""
    third = make_root(C)
    line = f"— {C} {keys.to_base64(third.key_id + third.sign(text))}\n".encode()
    return note(text, claim, key_id, signature) + line


def check_charter(raw: bytes) -> None:
    charter.check_successor(HELD, charter.parse(raw))


def message_text(claim: Claim) -> bytes:
    link, other = messages.Link(NOW, 1, ""), C
    return messages.write(
        "see", claim.name, other, "a" * 16, link, "", messages.NOTHING, NOW, b'{"step":"notify"}'
    ).encode()


def check_message(raw: bytes) -> None:
    found = messages.parse(raw)
    DIRECTORY.verify(found.sender, found.note)


def receipt_text(claim: Claim) -> bytes:
    written = message_text(Claim(C, claim.key)).decode().replace(f"to {C}", f"to {claim.name}")
    return messages.write_receipt(messages.parse(messages.sign(written, make_signer(C))), NOW).encode()


def check_receipt(raw: bytes) -> None:
    found = messages.parse_receipt(raw)
    DIRECTORY.verify(found.sender, found.note)


KINDS = {
    "head": Kind(head_text, note, check_head, make_signer),
    "identity": Kind(identity_text, identity_sent, check_identity, make_root),
    "request": Kind(request_text, request_sent, check_request, make_signer),
    "portable offer": Kind(head_text, offer_sent, check_offer, make_signer),
    "charter": Kind(charter_text, charter_sent, check_charter, make_root),
    "message": Kind(message_text, note, check_message, make_signer),
    "receipt": Kind(receipt_text, note, check_receipt, make_signer),
}
# A portable offer carries the head itself: one signature, on purpose.
SHARED = {frozenset(("head", "portable offer"))}
# A charter is nobody's own: each governor signs the same text.
OWNED = {name: kind for name, kind in KINDS.items() if name != "charter"}
PAIRS = list(permutations(KINDS, 2))


def own(kind: Kind, name: str) -> Claim:
    return Claim(name, kind.signer(name).public)


def signed(kind: Kind, name: str) -> tuple[bytes, bytes]:
    """The bytes that node `name` signs for a thing of this kind, and its signature."""
    text = kind.text(own(kind, name))
    return text, kind.signer(name).sign(text)


def thing(kind: Kind, name: str) -> Any:
    """A valid one."""
    claim = own(kind, name)
    text, signature = signed(kind, name)
    return kind.sent(text, claim, claim.key_id(), signature)


@pytest.mark.parametrize("name", [A, B])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_each_thing_is_taken_for_what_it_is(kind: Kind, name: str) -> None:
    kind.check(thing(kind, name))


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_thing_shown_to_the_reader_of_another_kind_is_refused(one: str, other: str) -> None:
    sent = thing(KINDS[one], A)
    raw = sent if isinstance(sent, bytes) else "\n".join(sent.values()).encode()
    with pytest.raises(ProtocolError):
        KINDS[other].check(raw)


def envelopes(one: Kind, other: Kind) -> Iterator[Any]:
    """What a forger makes of a signature of `one` to have a thing of kind `other`.

    The signed text in the other's form, as it is and with the newline that notes end with, and the other's own text
    under the signature; each names the key by which the signature holds.
    """
    text, signature = signed(one, A)
    claim = own(one, A)
    for chosen in (text, text + b"\n", text.rstrip(b"\n"), other.text(own(other, A)), other.text(claim)):
        yield other.sent(chosen, claim, claim.key_id(), signature)
        yield other.sent(chosen, own(other, A), own(other, A).key_id(), signature)


@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if frozenset(pair) not in SHARED])
def test_a_signature_on_one_kind_signs_no_other(one: str, other: str) -> None:
    for sent in envelopes(KINDS[one], KINDS[other]):
        with pytest.raises(ProtocolError):
            KINDS[other].check(sent)


@pytest.mark.parametrize("kind", OWNED.values(), ids=OWNED)
def test_a_s_signature_on_b_s_thing_is_refused(kind: Kind) -> None:
    signer, claim = kind.signer(A), own(kind, B)
    text = kind.text(claim)
    for name in (A, B):
        for key_id in (signer.key_id, claim.key_id()):
            with pytest.raises(ProtocolError):
                kind.check(kind.sent(text, Claim(name, claim.key), key_id, signer.sign(text)))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_s_key_under_b_s_name_is_refused(kind: Kind) -> None:
    """The thing names B, and A's key with the id that it has for A, or would have for B."""
    signer = kind.signer(A)
    claim = Claim(B, signer.public)
    text = kind.text(claim)
    for key_id in (signer.key_id, claim.key_id()):
        with pytest.raises(ProtocolError):
            kind.check(kind.sent(text, claim, key_id, signer.sign(text)))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_b_s_own_signature_under_a_s_key_id_is_refused(kind: Kind) -> None:
    claim = own(kind, B)
    text, signature = signed(kind, B)
    with pytest.raises(ProtocolError):
        kind.check(kind.sent(text, claim, kind.signer(A).key_id, signature))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_root_key_and_the_signing_key_do_not_stand_in_for_each_other(kind: Kind) -> None:
    wrong = make_root(A) if kind.signer is make_signer else make_signer(A)
    claim = own(kind, A)
    text = kind.text(claim)
    for key_id in (wrong.key_id, claim.key_id()):
        with pytest.raises(ProtocolError):
            kind.check(kind.sent(text, claim, key_id, wrong.sign(text)))


def test_no_two_kinds_sign_the_same_bytes() -> None:
    texts = {name: signed(kind, A)[0] for name, kind in KINDS.items()}
    for one, other in PAIRS:
        assert (texts[one] == texts[other]) == (frozenset((one, other)) in SHARED)


def test_a_cosignature_is_no_signature_and_a_signature_is_no_cosignature() -> None:
    signer = make_signer(A)
    text = head_text(own(KINDS["head"], A)).decode()
    line = witness.cosign(text, signer, NOW)
    with pytest.raises(BadSignature):
        notes.parse(f"{text}\n{line}".encode(), 4096).verify(A, signer.public)
    plain = notes.parse(notes.sign(text, signer), 4096).signatures[0]
    with pytest.raises(BadSignature):
        witness.verify(text, plain, A, signer.public)
    true = witness.parse_lines(line.encode())[0]
    assert witness.verify(text, true, A, signer.public).time == NOW
    for other in (text.replace("min 0", "min 256"), head_text(own(KINDS["head"], B)).decode()):
        with pytest.raises(BadSignature):
            witness.verify(other, true, A, signer.public)
    with pytest.raises(BadSignature):
        witness.verify(text, true, B, make_signer(B).public)
