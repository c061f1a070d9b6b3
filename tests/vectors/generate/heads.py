"""Signed notes and heads, and signatures themselves."""

from typing import Any

from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.people import BG, HR, NOW, ROOT, SECOND, SIGNER, base_text, head, known, leaves, signed
from tests.vectors.generate.trees import lines
from xstock_node.protocol import heads, keys, merkle, notes
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.keys import Signer

GIVEN: dict[str, Any] = {"keys": known(BG, HR), "now": NOW}
LINES = lines(600)
HELD = head(LINES[:300], time=NOW - 60)


def values(found: Head) -> dict[str, Any]:
    """What a head says."""
    expect = {"log": str(found.log), "size": found.size, "root": b64(found.root)}
    return expect | {"time": found.time, "min": found.minimum, "base": base_text(found.base)}


def held(found: Head) -> dict[str, Any]:
    """Given: a head held before."""
    return GIVEN | {"held": signed(found).decode()}


def signatures() -> Subject:
    """Ed25519 as it is taken here."""
    found = Subject("signatures", "Ed25519 without cofactor: `key`, `signature` in base64, the input is the message.")
    signer, text = SIGNER[BG], b"xs1\n"
    good = {"key": b64(signer.public), "signature": b64(signer.sign(text))}
    raw = signer.sign(text)
    order = 2**252 + 27742317777372353535851937790883648493
    larger = raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    found.ok("a signature", "3.1", "signature", "holds", good, text)
    identity_point, zero = b"\x01" + bytes(31), bytes(64)
    for name, changes in (
        ("S not below the order", {"signature": b64(larger)}),
        ("another message's", {"signature": b64(signer.sign(b"xs2\n"))}),
        ("63 bytes", {"signature": b64(raw[:63])}),
        (
            "a key of small order, for which one signature fits all",
            {"key": b64(identity_point), "signature": b64(identity_point + bytes(32))},
        ),
        ("a key that is not canonical", {"key": b64(b"\xee" + b"\xff" * 30 + b"\x7f"), "signature": b64(zero)}),
        ("an R that is not canonical", {"signature": b64(b"\xff" * 31 + b"\x7f" + raw[32:])}),
        ("a key that is no point", {"key": b64(b"\x02" + bytes(31))}),
        ("a key of 31 bytes", {"key": b64(signer.public[:31])}),
    ):
        found.bad(name, "3.1", "signature", "bad-signature", good | changes, text)
    expect = {"hex": keys.key_id(BG, signer.public).hex()}
    found.ok("key id", "3.2", "key-id", expect, {"name": BG, "key": b64(signer.public)})
    expect = {"hex": keys.key_id(HR, signer.public).hex()}
    found.ok(
        "key id of the same key under another name", "3.2", "key-id", expect, {"name": HR, "key": b64(signer.public)}
    )
    digits = {"digits": keys.digits(BG, ROOT[BG].public)}
    found.ok("24 digits of a root key", "3.7", "digits", digits, {"name": BG, "key": b64(ROOT[BG].public)})
    return found


def signed_notes() -> Subject:
    """The form of notes."""
    found = Subject(
        "signed-notes", "C2SP signed notes; the text is that of any note, `name` and `key` who should have signed."
    )
    signer, other = SIGNER[BG], Signer("witness.example", b"\x77" * 32)
    given = {"name": BG, "key": b64(signer.public)}
    text = "one\n\ntwo\n"
    good = notes.sign(text, signer)
    line = good.decode().split("\n\n")[-1]
    found.ok("a note with an empty line in its text", "3.2", "note", {"text": text, "signatures": 1}, given, good)
    both = notes.sign(text, other, signer)
    found.ok("an unknown signature first", "3.4", "note", {"text": text, "signatures": 2}, given, both)
    wrong = notes.joined(text, [notes.SignatureLine(BG, signer.key_id, signer.sign(b"other"))])
    unknown = f"— {BG} {b64(b'abcd' + bytes(64))}\n".encode()
    found.ok("an unknown key of a known name", "3.4", "note", {"text": text, "signatures": 2}, given, good + unknown)
    sixteen = notes.sign(text, signer, *[Signer(f"w{i}.example", bytes([i + 1]) * 32) for i in range(15)])
    found.ok("16 signatures", "3.3", "note", {"text": text, "signatures": 16}, given, sixteen)
    for name, clause, code, raw in (
        ("17 signatures", "3.3", "malformed", sixteen + unknown),
        ("no signature line", "3.3", "malformed", b"one\n\n"),
        ("CRLF", "3.3", "malformed", good.replace(b"\n", b"\r\n")),
        ("a tab in the text", "3.3", "malformed", notes.sign("o\tne\n", signer)),
        ("DEL in the text", "3.3", "malformed", notes.sign("o\x7fne\n", signer)),
        ("no empty line", "3.2", "malformed", f"one\n{line}".encode()),
        ("no newline at the end", "3.2", "malformed", good[:-1]),
        ("a hyphen for the dash", "3.2", "malformed", good.replace("—".encode(), b"-")),
        ("a signature that is no base64", "3.2", "malformed", good[:-4] + b"???\n"),
        ("bad UTF-8", "1.1", "malformed", b"\xff" + good),
        ("a signature of another text", "3.4", "bad-signature", wrong),
        (
            "a good and a bad signature of one key",
            "3.4",
            "bad-signature",
            good + wrong.partition(b"\n\n")[2].partition(b"\n\n")[2],
        ),
        ("only strangers signed", "3.4", "bad-signature", notes.sign(text, other)),
        (
            "the key id of another name",
            "3.2",
            "bad-signature",
            notes.joined(text, [notes.SignatureLine(BG, keys.key_id(HR, signer.public), signer.sign(text.encode()))]),
        ),
    ):
        found.bad(name, clause, "note", code, given, raw)
    return found


def _valid(found: Subject) -> None:
    for name, clause, one in (
        ("of an empty log", "6.1", head([])),
        ("of three records", "6.1", head(LINES[:3])),
        ("with min", "6.3", head(LINES[:600], minimum=512)),
        ("with a base", "6.1", head(LINES[:300], base=Base(NOW - 5000, 300, HELD.root))),
        ("of an exercise", "2.8", head(LINES[:1], log=head([]).log._replace(log="see.x-flood27"))),
        ("exactly 600 s ahead", "6.5", head([], time=NOW + 600)),
    ):
        found.ok(f"head {name}", clause, "head", values(one), GIVEN, signed(one))
    extra = notes.sign(HELD.text(), SIGNER[BG], Signer("witness.example", b"\x77" * 32))
    found.ok("extra signature of a stranger", "3.4", "head", values(HELD), GIVEN, extra)
    again = head(LINES[:300], time=NOW)
    found.ok("heartbeat: the same size and root, later", "6.7", "head", values(again), held(HELD), signed(again))
    grown = head(LINES[:301], time=NOW)
    found.ok("grown by one", "6.4", "head", values(grown), held(HELD), signed(grown))
    cut = head(
        LINES[:280],
        time=NOW,
        log=HELD.log._replace(epoch=NOW - 10),
        base=Base(HELD.log.epoch, 280, merkle.tree_root(leaves(LINES[:280]))),
    )
    found.ok("a newer epoch cut back to its base", "7.3", "head", values(cut), held(HELD), signed(cut))


def _malformed(found: Subject) -> None:
    good, text = signed(HELD), HELD.text()

    def altered(old: str, new: str) -> bytes:
        return notes.sign(text.replace(old, new), SIGNER[BG])

    late = NOW - 500
    for name, clause, raw in (
        ("CRLF", "3.3", good.replace(b"\n", b"\r\n")),
        ("missing blank line", "3.2", good.replace(b"\n\n", b"\n")),
        ("base line missing", "6.1", altered("base - 0 -\n", "")),
        ("a log that names no network", "2.3", altered("/see.pub/", "/see/")),
        ("min above the size", "6.3", altered("min 0", "min 512")),
        ("min no multiple of 256", "6.3", altered("min 0", "min 255")),
        ("size with a leading zero", "1.3", altered("\n300\n", "\n0300\n")),
        ("root of 31 bytes", "6.1", altered(b64(HELD.root), b64(HELD.root[:31]))),
        ("root without padding", "1.2", altered(b64(HELD.root), b64(HELD.root)[:-1])),
        ("time missing", "6.1", altered(f"time {HELD.time}\n", "")),
        ("lines in another order", "6.1", altered(f"time {HELD.time}\nmin 0", f"min 0\ntime {HELD.time}")),
        ("a line too many", "6.1", altered("base - 0 -\n", "base - 0 -\nmore 1\n")),
        ("base of the same epoch", "7.2", altered("base - 0 -", f"base {HELD.log.epoch} 3 {b64(HELD.root)}")),
        ("base larger than the head", "7.2", altered("base - 0 -", f"base {late - 9000} 301 {b64(HELD.root)}")),
        ("first base with a root", "6.1", altered("base - 0 -", f"base - 0 {b64(HELD.root)}")),
    ):
        found.bad(f"head: {name}", clause, "head", "malformed", GIVEN, raw)
    filler = b"\xe2\x80\x94 w.example " + b"A" * (2049 - len(good) - 15) + b"\n"
    found.bad("head: 2,049 bytes", "21.1", "head", "too-large", GIVEN, good + filler)


def _refused(found: Subject) -> None:
    older, other = head(LINES[:300], time=NOW - 61), [*LINES[:299], b'{"i":"other"}']
    based = head(LINES[:301], time=NOW, base=Base(5, 0, merkle.EMPTY_ROOT))
    early = head(LINES[:301], time=NOW, log=HELD.log._replace(epoch=HELD.log.epoch - 1))
    raised = head(LINES[:600], time=NOW - 60, minimum=256)
    ahead = head([], log=HELD.log._replace(epoch=NOW + 601))
    for name, clause, code, given, raw in (
        (
            "another text under the signature",
            "3.4",
            "bad-signature",
            GIVEN,
            signed(HELD).replace(b"\n300\n", b"\n301\n"),
        ),
        ("a key that the identity does not list", "6.2", "bad-signature", GIVEN, heads.sign(HELD, SECOND[BG])),
        (
            "wrong key id",
            "3.2",
            "bad-signature",
            GIVEN,
            notes.joined(HELD.text(), [notes.SignatureLine(BG, b"\0\0\0\0", SIGNER[BG].sign(HELD.text().encode()))]),
        ),
        ("another node's signature", "6.2", "bad-signature", GIVEN, heads.sign(HELD, SIGNER[HR])),
        ("the root key's signature", "6.2", "bad-signature", GIVEN, heads.sign(HELD, ROOT[BG])),
        ("time 601 s ahead", "6.5", "held", GIVEN, signed(head([], time=NOW + 601))),
        ("epoch 601 s ahead", "6.5", "held", GIVEN, signed(ahead)),
        ("two roots for one size", "6.4", "fork", held(HELD), signed(head(other, time=NOW))),
        ("two bases of one epoch", "6.4", "fork", held(HELD), signed(based)),
        ("time going back", "6.4", "rollback", held(HELD), signed(older)),
        ("size going back", "6.4", "rollback", held(HELD), signed(head(LINES[:299], time=NOW))),
        ("min going back", "6.4", "rollback", held(raised), signed(head(LINES[:600], time=NOW))),
        ("a lower epoch", "7.3", "rollback", held(HELD), signed(early)),
    ):
        found.bad(f"head: {name}", clause, "head", code, given, raw)


def all_heads() -> Subject:
    """Heads, and heads after heads."""
    found = Subject("heads", "A head against the keys known, the reader's clock, and the head held before, if any.")
    _valid(found)
    _malformed(found)
    _refused(found)
    return found
