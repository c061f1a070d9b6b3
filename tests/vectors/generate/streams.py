"""Frames, and what a replica takes of a head and its frames."""

from typing import Any

from tests.vectors.generate import naive
from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.heads import GIVEN, LINES
from tests.vectors.generate.people import BG, DAY, HR, NOW, head, signed
from tests.vectors.generate.records import common
from tests.vectors.generate.records import line as record
from xstock_node.protocol import heads
from xstock_node.protocol.heads import Base

LOG = head([]).log
LATER = LOG._replace(epoch=NOW - 10)


def bare(line: bytes) -> bytes:
    """The `#` line of a record."""
    return b"#" + b64(naive.leaf(line)).encode()


def frame(lines: list[bytes], start: int = 0, log: Any = LOG, kind: str = "") -> bytes:
    """One frame."""
    return f"@ {log} {start} {len(lines)}{kind}\n".encode() + b"".join(line + b"\n" for line in lines)


def streams() -> Subject:
    """Frames."""
    found = Subject("frames", "A stream and the leaf hashes (or segment roots) that it gives.")
    three = LINES[:3]

    def given(start: int, lines: list[bytes], roots: bool = False) -> dict[str, Any]:
        return {"log": str(LOG), "start": start, "roots": roots, "leaves": [b64(naive.leaf(line)) for line in lines]}

    hashes = [bare(line) for line in three]
    for name, clause, sent, expect in (
        ("nothing", "8.3", b"", []),
        ("an empty frame: nothing more is held", "8.3", frame([], 9), [given(9, [])]),
        ("three records", "8.1", frame(three), [given(0, three)]),
        ("a record, a hash, a record", "8.1", frame([three[0], hashes[1], three[2]]), [given(0, three)]),
        ("two frames", "8.1", frame(three[:1]) + frame(three[1:], 1), [given(0, three[:1]), given(1, three[1:])]),
        ("segment roots", "8.2", frame(hashes, 256, kind=" roots"), [given(256, three, True)]),
        ("an empty line is a record that breaks a rule", "4.4", frame([b"", b"poison"]), [given(0, [b"", b"poison"])]),
        ("a short hash is a record that breaks a rule", "4.4", frame([hashes[0][:-1]]), [given(0, [hashes[0][:-1]])]),
        ("a record of 9,000 bytes counts as its hash", "4.5", frame([b"x" * 9000]), [given(0, [b"x" * 9000])]),
        ("CR belongs to the record", "4.4", frame([b"{}\r"]), [given(0, [b"{}\r"])]),
    ):
        found.ok(name, clause, "frames", expect, sent=sent)
    good = frame(three)
    for name, clause, sent in (
        ("no newline at the end", "8.1", good[:-1]),
        ("a line fewer than its count", "8.1", good[: -len(three[2]) - 1]),
        ("a line more than its count", "8.1", good + b"{}\n"),
        ("a record before any frame", "8.1", b"{}\n" + good),
        ("two spaces in the first line", "8.1", good.replace(b"@ ", b"@  ", 1)),
        ("a count with a sign", "1.3", good.replace(b" 0 3", b" 0 +3")),
        ("a start below zero", "1.3", good.replace(b" 0 3", b" -1 3")),
        ("a kind that nobody knows", "8.2", frame(hashes, kind=" leaves")),
        ("a record among roots", "8.2", frame([hashes[0], three[0]], kind=" roots")),
        ("a root of 31 bytes", "8.2", frame([b"#" + b64(bytes(31)).encode()], kind=" roots")),
    ):
        found.bad(name, clause, "frames", "malformed", sent=sent)
    return found


def replicas() -> Subject:
    """Replicas."""
    about = "A head note and frames, from `from`, to a reader that took each of `held`, from `held_from`, before."
    found = Subject("replicas", about + " `without_content`: indexes of which only the hash is kept.")
    _taken(found)
    _erased(found)
    _not_taken(found)
    _epochs(found)
    return found


def _given(sender: str = HR, *held: bytes) -> dict[str, Any]:
    known = {"held": [one.decode() for one in held], "held_from": BG} if held else {}
    return GIVEN | {"from": sender} | known


def _sent(found: heads.Head, lines: list[bytes], start: int = 0) -> bytes:
    return signed(found) + frame(lines, start, found.log)


def _kept(lines: list[bytes], *without: int) -> dict[str, Any]:
    root = naive.root([naive.leaf(line) for line in lines])
    return {"size": len(lines), "root": b64(root), "without_content": list(without)}


WHOLE = _sent(head(LINES[:300], time=NOW - 60), LINES[:300])


def _taken(found: Subject) -> None:
    below = [bare(line) for line in LINES[:256]]
    minimum = head(LINES[:300], minimum=256)
    poison = [b"", b"poison", b'{"t":"offer","t":"offer"}', *LINES[:2]]
    long = [LINES[0], b"{" + b" " * 9000 + b"}"]
    for name, clause, given, sent, expect in (
        ("a whole small log", "8.6", _given(), _sent(head(LINES[:7]), LINES[:7]), _kept(LINES[:7])),
        ("grown from the frontier held", "8.5", _given(HR, WHOLE), _sent(head(LINES), LINES[300:], 300), _kept(LINES)),
        (
            "start at min by who holds nothing: hashes below",
            "8.5",
            _given(),
            _sent(minimum, below + LINES[256:300]),
            _kept(LINES[:300], *range(256)),
        ),
        (
            "a hash at the origin's word",
            "8.4",
            _given(BG),
            _sent(head(LINES[:3]), [LINES[0], bare(LINES[1]), LINES[2]]),
            _kept(LINES[:3], 1),
        ),
        ("lines that break every rule stop nothing", "4.4", _given(), _sent(head(poison), poison), _kept(poison)),
        ("a line over 8,192 bytes is kept as its hash", "4.5", _given(BG), _sent(head(long), long), _kept(long, 1)),
        ("the same head again", "6.4", _given(HR, WHOLE), WHOLE, _kept(LINES[:300])),
        ("a heartbeat needs no records", "6.7", _given(HR, WHOLE), signed(head(LINES[:300])), _kept(LINES[:300])),
    ):
        found.ok(name, clause, "replica", expect, given, sent)


def _erased(found: Subject) -> None:
    erase = record(**common("erase", exp=NOW + 300 * DAY, idx=[1]))
    lines = [*LINES[:4], erase]
    right = [LINES[0], bare(LINES[1]), *LINES[2:4], erase]
    wrong = [*LINES[:2], bare(LINES[2]), LINES[3], erase]
    net = head(lines, log=LOG._replace(log="see.net"))
    found.ok(
        "an erased record is missing, the root holds",
        "15.6",
        "replica",
        _kept(lines, 1),
        _given(),
        _sent(head(lines), right),
    )
    found.ok(
        "a record that is erased by a later one",
        "15.6",
        "replica",
        _kept(lines, 1),
        _given(),
        _sent(head(lines), lines),
    )
    late = [erase.replace(b"[1]", b"[4]"), *LINES[1:5]]
    found.ok("erase does not reach forward", "15.6", "replica", _kept(late), _given(), _sent(head(late), late))
    found.ok("a net log erases nothing", "15.6", "replica", _kept(lines), _given(), _sent(net, lines))
    found.bad("false erasure: another record is left out", "8.4", "replica", "gap", _given(), _sent(head(lines), wrong))
    found.bad(
        "false erasure: nothing was erased",
        "8.4",
        "replica",
        "gap",
        _given(),
        _sent(head(LINES[:3]), [LINES[0], bare(LINES[1]), LINES[2]]),
    )
    found.bad("false erasure in a net log", "14.11", "replica", "gap", _given(), _sent(net, right))


def _not_taken(found: Subject) -> None:
    fork = [*LINES[:2], b'{"i":"other"}', *LINES[3:]]
    jumped = head(fork, minimum=512)
    hidden = [bare(line) for line in fork[300:512]] + fork[512:]
    altered = [*LINES[:2], b'{"i":"altered"}', *LINES[3:7]]
    for name, clause, code, given, sent in (
        (
            "a jump over min: frames begin beyond the frontier",
            "8.5",
            "gap",
            _given(HR, WHOLE),
            _sent(head(LINES, minimum=512), LINES[512:], 512),
        ),
        ("a jump over min that hides a fork", "8.5", "gap", _given(HR, WHOLE), _sent(jumped, fork[512:], 512)),
        (
            "hashes below min do not hide a fork either",
            "8.5",
            "mismatch",
            _given(HR, WHOLE),
            _sent(jumped, hidden, 300),
        ),
        ("one record altered", "8.6", "mismatch", _given(), _sent(head(LINES[:7]), altered)),
        ("two records swapped", "8.6", "mismatch", _given(), _sent(head(LINES[:3]), [LINES[1], LINES[0], LINES[2]])),
        ("a hash of another record", "8.6", "mismatch", _given(BG), _sent(head(LINES[:2]), [LINES[0], bare(LINES[7])])),
        ("a head without all its records", "6.8", "gap", _given(), _sent(head(LINES[:7]), LINES[:6])),
        (
            "an audience log that begins with something else",
            "15.1",
            "malformed",
            _given(),
            _sent(head(LINES[:2], log=LOG._replace(log="see.sava")), LINES[:2]),
        ),
        (
            "two roots for the size held",
            "6.4",
            "fork",
            _given(HR, WHOLE),
            _sent(head(fork[:300], time=NOW), fork[:300]),
        ),
        (
            "more than 20,000 records at once",
            "21.2",
            "quota",
            _given(HR, WHOLE),
            signed(head([], time=NOW)._replace(size=20400)),
        ),
    ):
        found.bad(name, clause, "replica", code, given, sent)


def _epochs(found: Subject) -> None:
    def base(lines: list[bytes]) -> Base:
        return Base(LOG.epoch, len(lines), naive.root([naive.leaf(line) for line in lines]))

    new = [*LINES[:280], b'{"new":0}', b'{"new":1}']
    cut = head(new, log=LATER, base=base(LINES[:280]))
    rewritten = [b'{"i":"other"}', *LINES[1:300]]
    lost = head(LINES[:5], log=LATER, base=None)
    beyond = [*LINES[:300], b'{"new":0}']
    wrong = head(beyond, log=LATER, base=Base(LOG.epoch, 300, naive.leaf(b"other")))
    short = _sent(head(LINES[:280], time=NOW - 60), LINES[:280])
    found.ok(
        "a newer epoch cuts back to its base and goes on",
        "7.3",
        "replica",
        _kept(new),
        _given(HR, WHOLE),
        _sent(cut, new[280:], 280),
    )
    found.ok(
        "a newer epoch that begins anew", "7.3", "replica", _kept(LINES[:5]), _given(HR, WHOLE), _sent(lost, LINES[:5])
    )
    found.bad(
        "a base that is not what is held",
        "7.4",
        "replica",
        "fork",
        _given(HR, WHOLE),
        signed(head(rewritten, log=LATER, base=base(rewritten))),
    )
    found.bad(
        "a base whose root is found wrong when it is passed",
        "7.4",
        "replica",
        "mismatch",
        _given(HR, short),
        _sent(wrong, beyond[280:], 280),
    )
    found.bad(
        "a lower epoch",
        "7.3",
        "replica",
        "rollback",
        _given(HR, WHOLE),
        signed(head(LINES, log=LOG._replace(epoch=LOG.epoch - 1))),
    )
