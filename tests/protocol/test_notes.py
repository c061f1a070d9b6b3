"""Signed notes: one form, control characters refused, unknown signatures ignored, a known one must hold."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.protocol import notes
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.protocol.keys import Signer

SIGNER = Signer("redcross.bg", bytes([3]) * 32)
OTHER = Signer("redcross.hr", bytes([4]) * 32)
GOOD = notes.sign("first\nsecond\n", SIGNER)
LINE = GOOD.decode().split("\n\n")[1]
KIB = 1024


def with_signatures(lines: str, text: str = "first\nsecond\n") -> bytes:
    return f"{text}\n{lines}".encode()


def unknown(number: int) -> str:
    return f"— stranger.xx {base64.b64encode(bytes([number]) * 68).decode()}\n"


def test_a_note_is_read_back_and_its_signature_holds() -> None:
    note = notes.parse(GOOD, KIB)
    assert (note.text, note.raw, note.signers()) == (
        "first\nsecond\n",
        GOOD,
        [f"redcross.bg#{SIGNER.key_id.hex()}"],
    )
    note.verify("redcross.bg", SIGNER.public)


def test_an_empty_line_inside_the_text_belongs_to_the_text() -> None:
    note = notes.parse(notes.sign("a\n\nb\n", SIGNER), KIB)
    assert note.text == "a\n\nb\n"
    note.verify("redcross.bg", SIGNER.public)


BAD = {
    "CRLF": GOOD.replace(b"\n", b"\r\n"),
    "one CR": GOOD.replace(b"first", b"first\r"),
    "no empty line": GOOD.replace(b"\n\n", b"\n"),
    "no signature": b"first\nsecond\n\n",
    "no final newline": GOOD[:-1],
    "no text": ("\n" + LINE).encode(),
    "an empty text": ("\n\n" + LINE).encode(),
    "a tab": GOOD.replace(b"first", b"fi\trst"),
    "a NUL": GOOD.replace(b"first", b"fi\x00rst"),
    "DEL": GOOD.replace(b"first", b"fi\x7frst"),
    "an escape": GOOD.replace(b"first", b"fi\x1b[2Jrst"),
    "bad UTF-8": GOOD.replace(b"first", b"fi\xffrst"),
    "a surrogate": GOOD.replace(b"first", b"fi\xed\xa0\x80rst"),
    "a hyphen for the dash": GOOD.replace("—".encode(), b"-"),
    "a name with a plus": GOOD.replace(b" redcross.bg ", b" redcross+bg "),
    "a name with a blank": GOOD.replace(b" redcross.bg ", b" redcross bg "),
    "no name": GOOD.replace(b" redcross.bg ", b"  "),
    "a blank at the end": GOOD[:-1] + b" \n",
    "a line after the signatures": GOOD + b"more\n",
    "an empty line at the end": GOOD + b"\n",
    "base64 without padding": GOOD.replace(b"=\n", b"\n"),
    "base64 with loose bits": with_signatures("— x.y AAAAAAB=\n"),
    "a key id without signature": with_signatures("— x.y AAAAAA==\n"),
    "17 signatures": with_signatures(LINE + "".join(unknown(n) for n in range(16))),
}


@pytest.mark.parametrize("raw", BAD.values(), ids=BAD.keys())
def test_a_malformed_note_is_refused(raw: bytes) -> None:
    with pytest.raises(ProtocolError):
        notes.parse(raw, 64 * KIB)


def test_a_note_over_the_callers_limit_is_refused() -> None:
    notes.parse(GOOD, len(GOOD))
    with pytest.raises(ProtocolError):
        notes.parse(GOOD, len(GOOD) - 1)


def test_sixteen_signatures_are_read_and_unknown_ones_ignored() -> None:
    note = notes.parse(with_signatures("".join(unknown(n) for n in range(15)) + LINE), 64 * KIB)
    assert len(note.signatures) == 16
    note.verify("redcross.bg", SIGNER.public)


def test_a_known_key_with_a_wrong_signature_refuses_the_note() -> None:
    wrong = base64.b64encode(SIGNER.key_id + SIGNER.sign(b"another text\n")).decode()
    note = notes.parse(with_signatures(LINE + f"— redcross.bg {wrong}\n"), KIB)
    with pytest.raises(BadSignature):
        note.verify("redcross.bg", SIGNER.public)


def test_a_key_that_did_not_sign_is_refused_with_the_names_of_who_did() -> None:
    with pytest.raises(BadSignature, match=r"redcross\.bg#"):
        notes.parse(GOOD, KIB).verify("redcross.hr", OTHER.public)


def test_a_signature_under_another_name_is_not_the_keys() -> None:
    note = notes.parse(GOOD.replace(b" redcross.bg ", b" redcross.hr "), KIB)
    for name in ("redcross.bg", "redcross.hr"):
        with pytest.raises(BadSignature):
            note.verify(name, SIGNER.public)


def test_several_signers_each_verify() -> None:
    note = notes.parse(notes.sign("text\n", SIGNER, OTHER), KIB)
    note.verify("redcross.bg", SIGNER.public)
    note.verify("redcross.hr", OTHER.public)


def test_a_text_without_newline_is_not_signed() -> None:
    with pytest.raises(ValueError, match="newline"):
        notes.sign("text", SIGNER)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_a_note_or_a_protocol_error(raw: bytes) -> None:
    try:
        assert notes.parse(raw, KIB).raw == raw
    except ProtocolError:
        pass


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", codec="utf-8"), min_size=1, max_size=80))
def test_any_printable_text_is_signed_and_read_back(text: str) -> None:
    note = notes.parse(notes.sign(text + "\n", SIGNER), KIB)
    assert note.text == text + "\n"
    note.verify("redcross.bg", SIGNER.public)
