"""Identities: all signatures hold, no key is weak, versions only go on."""

import json

import pytest

from xstock_node.protocol import identity, notes
from xstock_node.protocol.errors import BadSignature, Fork, ProtocolError, Rollback
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.testing.nodes import make_identity, make_signer

NAME = "redcross.bg"
ROOT = make_signer(NAME, "root")
FIRST, SECOND = make_signer(NAME), make_signer(NAME, "second")
WEAK = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")


def statement(*signers: Signer, **rest: object) -> Statement:
    return Statement(expires=2_000_000_000, keys=tuple(to_base64(s.public) for s in signers), **rest)  # type: ignore[arg-type]


def version(number: int, *signers: Signer, root: Signer = ROOT) -> Identity:
    return identity.parse(identity.sign(NAME, number, statement(*signers), root, signers))


def note(body: str, *signers: Signer, first: str = identity.FIRST_LINE, name: str = NAME) -> bytes:
    text = f"{first}\n{name}\nversion 1\nroot {to_base64(ROOT.public)}\n{body}\n"
    return notes.sign(text, ROOT, *signers)


def body(**fields: object) -> str:
    return json.dumps({"expires": 2_000_000_000, "keys": [to_base64(FIRST.public)]} | fields)


def test_an_identity_is_read_back_as_it_was_signed() -> None:
    stated = statement(FIRST, SECOND, urls=("https://node.example/x/",), organisation={"bg": "БЧК", "en": "BRC"})
    raw = identity.sign(NAME, 7, stated, ROOT, (FIRST, SECOND))
    found = identity.parse(raw)
    assert found == Identity(NAME, 7, ROOT.public, stated, raw)
    assert found.signing_keys() == (FIRST.public, SECOND.public)
    assert found.key_by_id(SECOND.key_id) == SECOND.public
    assert found.key_by_id(ROOT.key_id) is None
    assert found.url() == "https://node.example/x"
    assert found.title() == "BRC"


def test_a_signing_key_without_proof_of_possession_is_refused() -> None:
    with pytest.raises(BadSignature):
        identity.parse(identity.sign(NAME, 1, statement(FIRST, SECOND), ROOT, (FIRST,)))


def test_an_identity_without_the_roots_signature_is_refused() -> None:
    text = f"{identity.FIRST_LINE}\n{NAME}\nversion 1\nroot {to_base64(ROOT.public)}\n{body()}\n"
    with pytest.raises(BadSignature):
        identity.parse(notes.sign(text, FIRST))


def test_a_weak_signing_key_is_refused_even_where_its_signature_would_hold() -> None:
    from xstock_node.protocol.keys import key_id

    raw = note(body(keys=[to_base64(WEAK)])).decode()
    forged = f"— {NAME} {to_base64(key_id(NAME, WEAK) + bytes([1]) + bytes(63))}\n"
    with pytest.raises(BadSignature, match="small order"):
        identity.parse((raw + forged).encode())


def test_a_weak_root_key_is_refused() -> None:
    text = f"{identity.FIRST_LINE}\n{NAME}\nversion 1\nroot {to_base64(WEAK)}\n{body()}\n"
    with pytest.raises(BadSignature, match="small order"):
        identity.parse(notes.sign(text, FIRST))


def test_the_root_key_among_the_signing_keys_is_refused() -> None:
    with pytest.raises(BadSignature, match="root"):
        identity.parse(identity.sign(NAME, 1, statement(FIRST, ROOT), ROOT, (FIRST,)))


BAD_BODIES = {
    "no keys": body(keys=[]),
    "nine keys": body(keys=[to_base64(FIRST.public)] * 9),
    "a key too short": body(keys=["AAAA"]),
    "a key that is no base64": body(keys=["-" * 44]),
    "a key without a canonical form": body(keys=[to_base64(FIRST.public)[:-2] + "B="]),
    "a key twice in the object": body()[:-1] + f',"keys":["{to_base64(FIRST.public)}"]}}',
    "no expiry": json.dumps({"keys": [to_base64(FIRST.public)]}),
    "a url of another scheme": body(urls=["file:///etc/passwd"]),
    "a url with a blank": body(urls=["https://a b"]),
    "a url with a newline": body(urls=["https://a\n"]),
    "a country of three": body(country="BGR"),
    "a country and a newline": body(country="BG\n"),
    "a float": body(expires=1.5),
    "no JSON": "x",
}


@pytest.mark.parametrize("text", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_a_statement_that_breaks_a_rule_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        identity.parse(note(text, FIRST))


@pytest.mark.parametrize(
    "raw",
    [
        note(body(), FIRST, first="xs1/charter"),
        note(body(), FIRST, name="redcross.hr"),
        note(body(), FIRST, name="Redcross.bg"),
        note(body(), FIRST).replace(b"version 1", b"version 01"),
        note(body(), FIRST).replace(b"version 1", b"edition 1"),
        note(body(), FIRST).replace(b"version 1", b"version 2"),
        note(body() + "\nmore", FIRST),
    ],
    ids=["kind", "another name", "capitals", "leading zero", "another word", "changed version", "six lines"],
)
def test_a_note_that_is_no_identity_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        identity.parse(raw)


def test_a_newer_version_with_new_keys_follows() -> None:
    identity.check_successor(version(1, FIRST), version(2, SECOND))
    identity.check_successor(version(1, FIRST), version(1, FIRST))


def test_an_older_version_does_not_come_back() -> None:
    with pytest.raises(Rollback):
        identity.check_successor(version(2, SECOND), version(1, FIRST))


def test_two_texts_of_one_version_are_a_fork() -> None:
    with pytest.raises(Fork):
        identity.check_successor(version(2, FIRST), version(2, SECOND))


def test_another_root_or_name_never_follows() -> None:
    with pytest.raises(BadSignature):
        identity.check_successor(version(1, FIRST), version(2, FIRST, root=make_signer(NAME, "thief")))
    with pytest.raises(BadSignature):
        identity.check_successor(version(1, FIRST), make_identity("redcross.hr")[0])
