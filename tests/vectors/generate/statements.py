"""Forks, portable offers, witnesses and bundles: what is proved by heads."""

import hashlib
from typing import Any

from tests.vectors.generate import naive
from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.heads import GIVEN, LINES
from tests.vectors.generate.people import BG, HR, NOW, RS, SECOND, SIGNER, head, identity_of, known, signed
from xstock_node.protocol import bundle, forks, heads, keys, merkle, proof, witness
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.heads import Base
from xstock_node.protocol.witness import WitnessRequest

OTHER = [*LINES[:2], b'{"i":"other"}', *LINES[3:]]
LEAVES = [naive.leaf(line) for line in LINES]
OTHERS = [naive.leaf(line) for line in OTHER]


def _statement(shorter: bytes, longer: bytes, old: int, leaves: list[bytes]) -> bytes:
    return forks.write(shorter, longer, naive.root(leaves[:old]), tuple(naive.proof(old, leaves)))


def fork_statements() -> Subject:
    """Fork statements."""
    found = Subject("forks", "Fork statements against the keys of the origin.")
    three, same = signed(head(LINES[:3])), signed(head(OTHER[:3]))
    log = str(head([]).log)
    based = signed(head(LINES[:5], base=Base(7, 0, merkle.EMPTY_ROOT)))
    for name, sizes, raw in (
        ("one size, two roots", [3, 3], forks.write(three, same)),
        ("two bases", [3, 5], forks.write(three, based)),
        ("3 is no beginning of 7", [3, 7], _statement(three, signed(head(OTHER[:7])), 3, OTHERS[:7])),
        (
            "4, a power of two, is no beginning of 7",
            [4, 7],
            _statement(signed(head(LINES[:4])), signed(head(OTHER[:7])), 4, OTHERS[:7]),
        ),
        (
            "256 is no beginning of 600",
            [256, 600],
            _statement(signed(head(LINES[:256])), signed(head(OTHER)), 256, OTHERS),
        ),
    ):
        found.ok(name, "19.2", "fork", {"log": log, "sizes": sizes}, GIVEN, raw)
    beside = signed(head(OTHER[:5], log=head([]).log._replace(epoch=NOW - 601)))
    found.ok(
        "an older epoch goes on 601 s after a newer one began: two with one key",
        "7.6",
        "fork",
        {"log": log, "sizes": [3, 5]},
        GIVEN,
        forks.write(three, beside),
    )
    seven, path = signed(head(LINES[:7])), naive.proof(3, OTHERS[:7])
    forged = heads.sign(head(OTHER[:3]), SECOND[BG])
    unfit = _statement(three, signed(head(OTHER[:7])), 3, OTHERS[:7])
    newer = signed(head(OTHER[:3], log=head([]).log._replace(epoch=NOW - 600)))
    for name, clause, code, raw in (
        ("no fork: 3 is the beginning of 7", "19.2", "malformed", _statement(three, seven, 3, LEAVES[:7])),
        (
            "no fork: 4, a power of two, is the beginning of 7",
            "19.2",
            "malformed",
            _statement(signed(head(LINES[:4])), seven, 4, LEAVES[:7]),
        ),
        (
            "no fork: the same state at two times",
            "19.2",
            "malformed",
            forks.write(three, signed(head(LINES[:3], time=NOW + 1))),
        ),
        ("no fork: nothing is the beginning of everything", "19.2", "malformed", forks.write(signed(head([])), three)),
        ("two sizes without a proof", "19.1", "fork", forks.write(three, signed(head(OTHER[:7])))),
        ("the longer first", "19.1", "malformed", forks.write(seven, three)),
        ("two epochs, the older until 600 s after the newer began", "7.6", "malformed", forks.write(three, newer)),
        (
            "a prefix that the path does not prove",
            "19.2",
            "fork",
            forks.write(three, seven, naive.root(OTHERS[:3]), tuple(path)),
        ),
        (
            "a path of another head",
            "19.2",
            "fork",
            forks.write(three, seven, naive.root(LEAVES[:3]), tuple(naive.proof(4, LEAVES[:7]))),
        ),
        ("one head signed by a key that nobody lists", "19.2", "bad-signature", forks.write(three, forged)),
        ("sizes of notes that do not add up", "19.1", "malformed", unfit + b"\n"),
        ("path lines without prefix", "19.1", "malformed", unfit.replace(b"prefix ", b"path ", 1)),
        ("another first line", "19.1", "malformed", unfit.replace(b"xs1/fork", b"xs2/fork", 1)),
    ):
        found.bad(name, clause, "fork", code, GIVEN, raw)
    return found


def portable_offers() -> Subject:
    """Portable offers."""
    found = Subject("portable-offers", "A record line, an empty line, a tlog-proof and the head: without any network.")
    whole, raw = LINES[:7], signed(head(LINES[:7]))
    log = str(head([]).log)

    def file(index: int, line: bytes | None = None, note: bytes = raw) -> bytes:
        return proof.build(line if line is not None else whole[index], index, naive.path(index, LEAVES[:7]), note)

    by = f"{BG}#{SIGNER[BG].key_id.hex()}"
    expect: dict[str, Any] = {"log": log, "index": 6, "size": 7, "signed_by": by}
    found.ok("the last of seven", "5.4", "portable-offer", expect, GIVEN, file(6))
    extra = file(0).replace(b"\nindex", b"\nextra AAAA\nindex")
    found.ok("with the extra line of tlog-proof", "5.4", "portable-offer", expect | {"index": 0}, GIVEN, extra)
    found.ok(
        "an origin that is not known: the proof holds, the signer does not",
        "5.4",
        "portable-offer",
        expect | {"signed_by": None},
        {"keys": known(HR)},
        file(6),
    )
    altered = signed(head(LINES[:7])).replace(f"time {NOW}".encode(), f"time {NOW + 1}".encode())
    for name, code, sent in (
        ("a record altered", "fork", file(6, b'{"i":7}')),
        ("a record from another place", "fork", file(6, whole[5])),
        ("an index of another record", "fork", file(6).replace(b"index 6", b"index 5")),
        ("an index beyond the size", "malformed", file(6).replace(b"index 6", b"index 7")),
        ("a head altered", "bad-signature", file(6, note=altered)),
        ("a head that somebody else signed", "bad-signature", file(6, note=heads.sign(head(LINES[:7]), SIGNER[HR]))),
        ("no empty line after the record", "malformed", file(6).replace(b"\n\n", b"\n", 1)),
        ("no head", "malformed", file(6)[: -len(raw) - 1]),
        ("another format of proof", "malformed", file(6).replace(b"tlog-proof@v1", b"tlog-proof@v2")),
        ("65 hashes", "malformed", proof.build(whole[6], 6, [LEAVES[0]] * 65, raw)),
    ):
        found.bad(name, "5.4", "portable-offer", code, GIVEN, sent)
    return found


def witnesses() -> Subject:
    """Witness requests and cosignatures."""
    found = Subject("witness", "C2SP tlog-witness requests against the head cosigned last, and cosignature/v1 lines.")
    log = head([]).log._replace(log="see.audit")

    def one(size: int, lines: list[bytes] = LINES, **more: Any) -> heads.Head:
        return head(lines[:size], **({"log": log, "time": NOW - 900 + size} | more))

    def ask(old: int, new: heads.Head, leaves: list[bytes] = LEAVES) -> bytes:
        path = tuple(naive.proof(old, leaves[: new.size])) if old else ()
        return witness.write_request(WitnessRequest(old, path, signed(new)))

    def held(size: int) -> dict[str, Any]:
        return GIVEN | {"held": signed(one(size)).decode()}

    again = one(2, log=log._replace(epoch=NOW - 10))
    expect: dict[str, Any] = {"log": str(log), "size": 7}
    found.ok("the first head", "18.4", "witness", expect, GIVEN, ask(0, one(7)))
    found.ok("grown from 3 to 7", "18.4", "witness", expect, held(3), ask(3, one(7)))
    found.ok("grown from 4, a power of two, to 7", "18.4", "witness", expect, held(4), ask(4, one(7)))
    found.ok("the same again, later", "18.4", "witness", expect, held(7), ask(7, one(7, time=NOW)))
    expect = {"log": str(again.log), "size": 2}
    found.ok(
        "a new epoch whose base is below what was witnessed begins anew",
        "18.4",
        "witness",
        expect,
        held(7),
        ask(0, again),
    )
    gap = "gap"
    for name, clause, code, given, sent in (
        ("a proof from another size than the one cosigned", "18.4", gap, held(4), ask(3, one(7))),
        ("a new beginning of the same epoch", "18.4", gap, held(4), ask(0, one(7))),
        ("another history", "18.4", "fork", held(3), ask(3, one(7, OTHER), OTHERS)),
        ("another root at the same size", "18.4", "fork", held(7), ask(7, one(7, OTHER), OTHERS)),
        ("time going back", "18.4", "rollback", held(7), ask(7, one(7, time=NOW - 894))),
        (
            "a proof one hash short",
            "18.4",
            "fork",
            held(3),
            ask(3, one(7)).replace(b64(naive.proof(3, LEAVES[:7])[-1]).encode() + b"\n", b"", 1),
        ),
        (
            "a path from nothing",
            "18.4",
            "malformed",
            GIVEN,
            witness.write_request(WitnessRequest(0, (LEAVES[0],), signed(one(7)))),
        ),
        ("a head that nobody known signed", "18.4", "bad-signature", {"keys": known(HR)}, ask(0, one(7))),
        ("no empty line", "18.3", "malformed", GIVEN, ask(0, one(7)).replace(b"\n\n", b"\n")),
        ("old with a sign", "18.3", "malformed", GIVEN, ask(0, one(7)).replace(b"old 0", b"old -0")),
    ):
        found.bad(name, clause, "witness", code, given, sent)
        if code == gap:
            found.cases[-1]["expect"]["held"] = 4
    _cosignatures(found, one(7).text())
    return found


def _cosignatures(found: Subject, text: str) -> None:
    line, signer = witness.cosign(text, SIGNER[RS], NOW), SIGNER[RS]
    given = {"text": text, "name": RS, "key": b64(signer.public)}
    found.ok("a cosignature", "18.3", "cosignature", {"witness": RS, "time": NOW}, given, line.encode())
    plain = signed(head(LINES[:7])).rpartition(b"\n\n")[2]
    for name, changes, raw in (
        ("a cosignature of another text", {"text": text + "x\n"}, line),
        ("a cosignature of another witness", {"name": HR}, line),
        ("an ordinary signature is no cosignature", {"name": BG, "key": b64(SIGNER[BG].public)}, plain.decode()),
        ("a cosignature with another time", {}, _later(line)),
    ):
        found.bad(name, "18.3", "cosignature", "bad-signature", given | changes, raw.encode())


def _later(line: str) -> str:
    words = line.rstrip("\n").split(" ")
    blob = keys.from_base64(words[2])
    return f"{words[0]} {words[1]} {b64(blob[:4] + (NOW + 1).to_bytes(8, 'big') + blob[12:])}\n"


def bundles() -> Subject:
    """Bundles."""
    found = Subject(
        "bundles", "Entries of bundles; `whole` false means entries without the first line, as in a message."
    )
    raw, note = signed(head(LINES[:3])), identity_of(BG)
    entries = [Entry("identity", note), Entry("head", raw), Entry("side", b'{"a":\n\n"= head 3"}')]
    good = b"".join(bundle.write(entries))

    def listed(some: list[Entry]) -> list[dict[str, Any]]:
        return [{"kind": e.kind, "bytes": len(e.data), "sha256": hashlib.sha256(e.data).hexdigest()} for e in some]

    found.ok("three entries, newlines inside one", "20.1", "bundle", listed(entries), sent=good)
    found.ok("nothing in it", "20.1", "bundle", [], sent=b"xs1/bundle\n")
    unknown = b"xs1/bundle\n= later 3\nabc\n" + good[len(b"xs1/bundle\n") :]
    found.ok("an unknown kind is passed over", "20.1", "bundle", listed(entries), sent=unknown)
    pieces = b"".join(bundle.pieces(entries[1:2]))
    found.ok("entries alone", "16.17", "bundle", listed(entries[1:2]), {"whole": False}, pieces)
    for name, clause, code, sent in (
        ("another first line", "20.1", "malformed", good.replace(b"xs1/", b"xs2/", 1)),
        ("no first line", "20.1", "malformed", pieces),
        ("cut short", "20.1", "malformed", good[:-2]),
        ("a size that is one too small", "20.1", "malformed", good.replace(b"= head ", b"= head 0", 1)),
        ("no newline after an entry", "20.1", "malformed", b"xs1/bundle\n= side 2\nab"),
        ("a line that opens no entry", "20.1", "malformed", b"xs1/bundle\nhead 2\nab\n"),
        ("a head over 2 KiB", "21.1", "too-large", b"xs1/bundle\n= head 2049\n" + b"a" * 2049 + b"\n"),
        ("a message over 64 KiB", "20.2", "too-large", b"xs1/bundle\n= message 65537\n"),
        ("an entry over 8 MiB", "21.1", "too-large", b"xs1/bundle\n= frames 8388609\n"),
    ):
        found.bad(name, clause, "bundle", code, sent=sent)
    return found
