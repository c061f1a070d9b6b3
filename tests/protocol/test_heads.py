"""Heads: the format vector byte for byte, what a head may say, and what may follow it."""

import base64

import pytest

from xstock_node.protocol import heads, keys, merkle, notes
from xstock_node.protocol.errors import BadSignature, Fork, Held, ProtocolError, Rollback
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId

SIGNER = Signer("redcross.bg", bytes([1]) * 32)
LINES = [b'{"t":"offer","id":"a","qty":1}', b'{"t":"offer","id":"b","qty":2}', b'{"t":"offer","id":"c","qty":3}']
VECTOR = (
    "redcross.bg/xs1/pub/1\n"
    "3\n"
    "+rLj0+74vIPMm5t6hKkSENqop+TeJ9ZXnxUG9wnLfp0=\n"
    "time 1790000000\n"
    "min 0\n"
    "\n"
    "— redcross.bg yTGf+raLfhjS73H+BLvblifr2k7Db3+hOvU6dxmuPdeSt7izGQWtktxoPvbNPASdeDMq3X9pGuA6H8aXIdq7gO9yTgU=\n"
).encode()
ROOT = bytes(range(32))
OTHER = bytes(32)
EPOCH = 1_790_000_000


def head(size: int = 512, minimum: int = 0, time: int = EPOCH, epoch: int = EPOCH, **rest: object) -> Head:
    fields: dict[str, object] = {"root": ROOT, "base": None} | rest
    return Head(LogId("redcross.bg", "see.pub", epoch), size, time=time, minimum=minimum, **fields)  # type: ignore[arg-type]


def note_of(text: str) -> bytes:
    return notes.sign(text, SIGNER)


def test_the_format_vector_is_reproduced_byte_for_byte() -> None:
    root = merkle.tree_root([merkle.leaf_hash(line) for line in LINES])
    vector = Head(LogId("redcross.bg", "pub", 1), 3, root, EPOCH, 0, based=False)
    assert heads.sign(vector, SIGNER) == VECTOR


def test_the_format_vector_parses_and_its_signature_holds() -> None:
    found, note = heads.parse(VECTOR, whole=False)
    assert (found.size, found.time, found.minimum, found.based) == (3, EPOCH, 0, False)
    assert found.root == merkle.tree_root([merkle.leaf_hash(line) for line in LINES])
    assert note.signatures[0].key_id.hex() == "c9319ffa"
    note.verify("redcross.bg", SIGNER.public)


@pytest.mark.parametrize("position", range(0, VECTOR.index(b"\n\n"), 3))
def test_a_changed_byte_of_the_signed_text_breaks_the_signature(position: int) -> None:
    changed = VECTOR[:position] + bytes([VECTOR[position] ^ 1]) + VECTOR[position + 1 :]
    with pytest.raises(ProtocolError):
        heads.parse(changed, whole=False)[1].verify("redcross.bg", SIGNER.public)


@pytest.mark.parametrize("base", [None, Base(EPOCH - 1, 300, ROOT), Base(1, 0, merkle.EMPTY_ROOT)])
def test_a_head_is_read_back_as_it_was_signed(base: Base | None) -> None:
    signed = head(minimum=256, base=base)
    found, note = heads.parse(heads.sign(signed, SIGNER))
    assert found == signed
    note.verify("redcross.bg", SIGNER.public)


BAD_TEXTS = {
    "min above size": head(size=256, minimum=512).text(),
    "min no multiple of 256": head(minimum=255).text(),
    "base of the same epoch": head(base=Base(EPOCH, 1, ROOT)).text(),
    "base of a later epoch": head(base=Base(EPOCH + 1, 1, ROOT)).text(),
    "base above the size": head(base=Base(1, 513, ROOT)).text(),
    "root of 31 bytes": head(root=ROOT[:31]).text(),
    "root without padding": head().text().replace("=\n", "\n"),
    "size with a leading zero": head().text().replace("\n512\n", "\n0512\n"),
    "size with a sign": head().text().replace("\n512\n", "\n+512\n"),
    "size in other digits": head().text().replace("\n512\n", "\n٥١٢\n"),
    "size above 2^53": head().text().replace("\n512\n", f"\n{2**53}\n"),
    "time missing": head().text().replace("time ", "tome "),
    "time with two blanks": head().text().replace("time ", "time  "),
    "a seventh line": head().text() + "more\n",
    "a base of three words": head().text().replace("base - 0 -", "base 1 0"),
    "an empty base root": head().text().replace("base - 0 -", "base 1 0 -"),
    "a log name of three labels": head().text().replace("see.pub", "see.pub.x"),
    "a node name in capitals": head().text().replace("redcross", "Redcross"),
    "a node name without a dot": head().text().replace("redcross.bg", "redcross"),
    "another version": head().text().replace("/xs1/", "/xs2/"),
    "a path that climbs": head().text().replace("see.pub", "../pub"),
}


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS.keys())
def test_a_head_that_breaks_a_rule_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        heads.parse(note_of(text))


def test_a_note_over_the_limit_is_refused() -> None:
    unknown = "".join(f"— other.xx {base64.b64encode(bytes([n]) * 300).decode()}\n" for n in range(8))
    with pytest.raises(ProtocolError, match="at most"):
        heads.parse(note_of(head().text()) + unknown.encode())


def test_a_wrong_key_id_is_no_signature_of_the_key() -> None:
    line = base64.b64encode(b"\x00\x00\x00\x00" + SIGNER.sign(head().text().encode())).decode()
    found, note = heads.parse(f"{head().text()}\n— redcross.bg {line}\n".encode())
    assert found == head()
    with pytest.raises(BadSignature):
        note.verify("redcross.bg", SIGNER.public)


def test_anothers_signature_on_a_head_is_not_taken() -> None:
    stranger = Signer("redcross.bg", bytes([2]) * 32)
    with pytest.raises(BadSignature):
        heads.parse(heads.sign(head(), stranger))[1].verify("redcross.bg", SIGNER.public)


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (head(size=511), Rollback),
        (head(time=EPOCH - 1), Rollback),
        (head(minimum=0), Rollback),
        (head(epoch=EPOCH - 1), Rollback),
        (head(minimum=256, root=OTHER), Fork),
        (head(minimum=256, base=Base(5, 0, merkle.EMPTY_ROOT)), Fork),
        (head(size=600, minimum=256, base=Base(5, 0, merkle.EMPTY_ROOT)), Fork),
    ],
    ids=["size back", "time back", "min back", "epoch back", "two roots", "two bases", "two bases, grown"],
)
def test_what_may_not_follow_a_held_head(new: Head, error: type[ProtocolError]) -> None:
    with pytest.raises(error) as caught:
        heads.check_successor(head(minimum=256), new)
    assert type(caught.value) is error


def test_a_head_of_another_log_does_not_follow() -> None:
    with pytest.raises(ProtocolError):
        heads.check_successor(head(), head()._replace(log=LogId("redcross.hr", "see.pub", EPOCH)))


@pytest.mark.parametrize(
    "new",
    [
        head(minimum=256),
        head(size=513, minimum=256),
        head(minimum=512),
        head(minimum=256, time=EPOCH + 9),
        head(size=1, minimum=0, time=1, epoch=EPOCH + 1, root=OTHER),
    ],
    ids=["the same", "grown", "min risen", "heartbeat", "newer epoch"],
)
def test_what_may_follow_a_held_head(new: Head) -> None:
    heads.check_successor(head(minimum=256), new)


@pytest.mark.parametrize("ahead", [head(time=EPOCH + 601), head(epoch=EPOCH + 601)], ids=["time", "epoch"])
def test_a_head_more_than_ten_minutes_ahead_is_held(ahead: Head) -> None:
    with pytest.raises(Held):
        heads.check_time(ahead, EPOCH)
    heads.check_time(ahead, EPOCH + 1)


def test_the_key_id_is_that_of_c2sp() -> None:
    assert keys.key_id("redcross.bg", SIGNER.public) == SIGNER.key_id == bytes.fromhex("c9319ffa")
