"""Messages, chains, steps and receipts of a case between redcross.bg (requester) and redcross.hr (supplier)."""

import hashlib
import json
from typing import Any

from tests.vectors.generate.form import Subject
from tests.vectors.generate.people import BG, HR, NOW, RS, SECOND, SIGNER, known, salt
from xstock_node.protocol import messages, notes
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.messages import NOTHING, Link

CASE, START = "aaaaaaaaaaaaaaaq", NOW - 1000
KEYS: dict[str, Any] = {"keys": known(BG, HR)}


class Chain:
    """One party's messages; each `seen` is the other side's last unless said otherwise."""

    def __init__(self, writer: str, other: str, case: str = CASE) -> None:
        self.writer, self.other, self.case = writer, other, case
        self.notes: list[bytes] = []
        self.link = NOTHING

    def write(self, step: str, seen: Link = NOTHING, **more: Any) -> bytes:
        """The next message, kept."""
        raw = self.make(step, seen, **more)
        self.link = messages.parse(raw).link
        self.notes.append(raw)
        return raw

    def make(
        self, step: str, seen: Link = NOTHING, after: Link | None = None, start: int = START, **more: Any
    ) -> bytes:
        """A message after a link, not kept."""
        last = self.link if after is None else after
        body = json.dumps({"step": step} | more, ensure_ascii=False, separators=(",", ":")).encode()
        link = Link(start, last.n + 1, "")
        text = messages.write("see", self.writer, self.other, self.case, link, last.hash, seen, NOW, body)
        return notes.sign(text, SIGNER[self.writer])

    def texts(self, count: int | None = None) -> list[str]:
        """The notes as text."""
        return [raw.decode() for raw in self.notes[:count]]


def link_of(raw: bytes) -> dict[str, Any]:
    """A message's place as a derived value."""
    found = messages.parse(raw).link
    return {"start": found.start, "n": found.n, "hash": found.hash}


def written() -> Subject:
    """Messages alone."""
    found = Subject(
        "messages-and-chains", "A message note alone; a message after its writer's `chain`; its side lines."
    )
    chain = Chain(BG, HR)
    first = chain.write("request", lines=[{"item": "HSHETENTF16C", "qty": [10, 0], "unit": "H87"}])
    second = chain.write("accept", Link(START, 1, "ab" * 32), tlp="amber", purpose="flood", pd=False)
    base = {"network": "see", "from": BG, "to": HR, "case": CASE}
    nothing = {"start": 0, "n": 0, "hash": ""}
    seen = {"start": START, "n": 1, "hash": "ab" * 32}
    found.ok(
        "the first of a case",
        "16.3",
        "message",
        base | {"link": link_of(first), "seen": nothing, "step": "request"},
        KEYS,
        first,
    )
    found.ok(
        "the second, which saw an answer",
        "16.2",
        "message",
        base | {"link": link_of(second), "seen": seen, "step": "accept"},
        KEYS,
        second,
    )
    text = notes.parse(first, 65536).text

    def altered(old: str, new: str, signer: Signer = SIGNER[BG]) -> bytes:
        assert old in text
        return notes.sign(text.replace(old, new), signer)

    for name, clause, code, raw in (
        ("a text altered", "16.2", "bad-signature", first.replace(b'"qty":[10,0]', b'"qty":[11,0]')),
        ("a key that is not listed", "12.5", "bad-signature", notes.sign(text, SECOND[BG])),
        ("counter 0", "16.4", "malformed", altered("\nn 1 -", "\nn 0 -")),
        ("a first message with a predecessor", "16.4", "malformed", altered("\nn 1 -", f"\nn 1 {'0' * 64}")),
        ("a second message without one", "16.4", "malformed", altered("\nn 1 -", "\nn 2 -")),
        ("to itself", "16.1", "malformed", altered(f"to {HR}", f"to {BG}")),
        ("a case id of 15", "2.5", "malformed", altered(CASE, CASE[1:])),
        ("a hash in upper case", "1.7", "malformed", altered("seen 0 0 -", f"seen {START} 1 {'AB' * 32}")),
        ("seen with a counter and no hash", "16.2", "malformed", altered("seen 0 0 -", f"seen {START} 1 -")),
        ("a step that is no word", "16.9", "malformed", altered('"step":"request"', '"step":"re quest"')),
        ("no step", "16.9", "malformed", altered('"step"', '"stop"')),
        ("an array instead of an object", "16.2", "malformed", notes.sign(text.partition("{")[0] + "[]\n", SIGNER[BG])),
        ("a duplicate key", "1.4", "malformed", altered('{"step"', '{"step":"offer","step"')),
        ("a fraction", "1.4", "malformed", altered("[10,0]", "[10.5,0]")),
        (
            "17 attachments",
            "16.18",
            "malformed",
            altered('{"step"', '{"blobs":[' + ",".join(f'"{"0" * 64}"' for _ in range(17)) + '],"step"'),
        ),
        ("an unknown handling mark", "16.9", "malformed", altered('{"step"', '{"tlp":"blue","step"')),
        ("over 64 KiB", "21.1", "too-large", altered('{"step"', '{"x":"' + "a" * 65536 + '","step"')),
    ):
        found.bad(name, clause, "message", code, KEYS, raw)
    _chains(found)
    _side_lines(found)
    return found


def _chains(found: Subject) -> None:
    chain = Chain(BG, HR)
    for step in ("request", "accept", "cancel"):
        chain.write(step)
    links = [messages.parse(raw).link for raw in chain.notes]
    fourth, later = chain.make("amend"), START + 500
    restored = chain.make("amend", after=links[0], start=later)
    anew = chain.make("request", after=NOTHING, start=later)
    unlinked = chain.make("amend", after=Link(START, 2, "00" * 32), start=later)
    for name, clause, held, raw, verdict, void in (
        ("the first", "16.4", 0, chain.notes[0], "next", []),
        ("the next", "16.4", 3, fourth, "next", []),
        ("repetition of the last", "16.5", 3, chain.notes[2], "repeated", []),
        ("repetition of an earlier one", "16.5", 3, chain.notes[0], "repeated", []),
        ("restored start: it links to the first, the rest counts no longer", "16.7", 3, restored, "next", [2, 3]),
        ("restored start that begins anew", "16.7", 3, anew, "next", [1, 2, 3]),
        ("a newer start that links to the last", "16.7", 3, chain.make("amend", start=later), "next", []),
    ):
        found.ok(
            f"chain: {name}", clause, "place", {"verdict": verdict, "void": void}, {"chain": chain.texts(held)}, raw
        )
    other = Chain(BG, HR)
    other.write("request")
    newer = Chain(BG, HR)
    newer.write("request", start=later)
    for name, clause, code, held, raw, counter in (
        ("gap: the third after the first", "16.4", "gap", chain.texts(1), chain.notes[2], 1),
        ("gap: the second after nothing", "16.4", "gap", [], chain.notes[1], 0),
        ("fork: another second message", "16.6", "fork", chain.texts(3), chain.make("reject", after=links[0]), None),
        (
            "a fourth that names another third",
            "16.4",
            "gap",
            chain.texts(3),
            chain.make("amend", after=Link(START, 3, "00" * 32)),
            3,
        ),
        ("restored start that links to nothing held", "16.7", "gap", chain.texts(3), unlinked, 3),
        ("a message of an older start", "16.7", "gap", newer.texts(), chain.notes[1], 1),
    ):
        found.bad(f"chain: {name}", clause, "place", code, {"chain": held}, raw)
        if counter is not None:
            found.cases[-1]["expect"]["held"] = counter


def _side_lines(found: Subject) -> None:
    lines = [json.dumps({"kind": "driver", "text": "N. N.", "n": salt(9)}, separators=(",", ":"))]
    digest = hashlib.sha256(lines[0].encode()).hexdigest()
    raw = Chain(BG, HR).make("request", side=[digest])
    found.ok(
        "side line that the message names",
        "16.9",
        "side-lines",
        [{"kind": "driver", "text": "N. N."}],
        {"side": lines},
        raw,
    )
    found.ok("side lines erased: the message still verifies", "16.9", "side-lines", [], {"side": []}, raw)
    found.bad(
        "side line that it does not name",
        "16.9",
        "side-lines",
        "malformed",
        {"side": [lines[0].replace("N.", "M.")]},
        raw,
    )
    plain = '{"kind":"driver","text":"N. N."}'
    bare = Chain(BG, HR).make("request", side=[hashlib.sha256(plain.encode()).hexdigest()])
    found.bad("side line without salt", "16.9", "side-lines", "malformed", {"side": [plain]}, bare)


def receipts() -> Subject:
    """Receipts."""
    found = Subject("receipts", "A receipt note against the keys known.")
    raw = Chain(BG, HR).make("request")
    text = messages.write_receipt(messages.parse(raw), NOW + 1)
    good = notes.sign(text, SIGNER[HR])
    found.ok(
        "a receipt",
        "16.8",
        "receipt",
        {"from": HR, "to": BG, "case": CASE, "of": link_of(raw), "time": NOW + 1},
        KEYS,
        good,
    )
    digest = link_of(raw)["hash"]
    for name, clause, code, sent in (
        ("signed by the writer of the message itself", "16.8", "bad-signature", notes.sign(text, SIGNER[BG])),
        ("another hash under the signature", "16.8", "bad-signature", good.replace(digest.encode(), b"0" * 64)),
        ("of nothing", "16.8", "malformed", notes.sign(text.replace(f"of {START} 1 {digest}", "of 0 0 -"), SIGNER[HR])),
        ("without time", "16.8", "malformed", notes.sign(text.rpartition("time")[0], SIGNER[HR])),
        (
            "of a node that nobody knows",
            "3.5",
            "bad-signature",
            notes.sign(text.replace(f"from {HR}", f"from {RS}"), SIGNER[RS]),
        ),
        ("a message is no receipt", "16.8", "malformed", raw),
    ):
        found.bad(name, clause, "receipt", code, KEYS, sent)
    return found
