"""Records with each hazard, and what a line means to a reader."""

import json
from typing import Any

from tests.vectors.generate import naive
from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.people import BG, DAY, HR, NOW, salt

ID = "aaaaaaaaaaaaaaab"
HASH = "0f" * 32


def line(**fields: Any) -> bytes:
    """A record line, compact, in this order."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def common(kind: str, **more: Any) -> dict[str, Any]:
    """The fields that every record has."""
    return {"t": kind, "id": ID, "ts": NOW, "exp": NOW + 30 * DAY, "n": salt(1)} | more


def offer(**more: Any) -> dict[str, Any]:
    """An offer of ten tents."""
    fields: dict[str, Any] = {"item": "HSHETENTF16C", "scheme": "ifrc", "name": "Family tent 16 m²", "lang": "en"}
    fields |= {"cat": "shelter", "qty": [10, 0], "unit": "H87", "ready": 24, "cc": "BG", "asof": NOW, "src": "stock"}
    return common("offer") | fields | more


def records() -> Subject:
    """Records."""
    about = "Whether a line is a record that is read, one of a kind that is only relayed (foreign), or a defect."
    found = Subject("records", about + " Its leaf hash is kept in every case.")
    for kind, clause, rows in (
        ("read", "4.10", _read()),
        ("foreign", "4.6", _foreign()),
        ("defect", "4.4", _defects()),
    ):
        for name, special, sent in rows:
            expect = {"reading": kind, "leaf": b64(naive.leaf(sent))}
            found.ok(f"{kind}: {name}", special or clause, "record", expect, sent=sent)
    _folded(found)
    return found


def _read() -> list[tuple[str, str, bytes]]:
    year, base = NOW + 400 * DAY, common
    whole = line(**offer())
    return [
        ("an offer", "4.2", whole),
        ("an offer with an unknown field", "1.5", line(**offer(later=[1]))),
        ("keys in another order", "4.3", line(**dict(reversed(offer().items())))),
        ("spaces between", "4.3", json.dumps(offer(), ensure_ascii=False).encode()),
        ("a known critical field", "4.6", line(**offer(crit=["qty"]))),
        ("a lease of exactly 90 days", "4.9", line(**offer(exp=NOW + 90 * DAY))),
        ("a fraction as a power of ten", "1.6", line(**offer(qty=[25, -1]))),
        ("a band from 10 to 25", "15.5", line(**offer(band=[25, 0]))),
        ("an exact twin of a coarse offer", "15.4", line(**offer(of="aaaaaaaaaaaaaaac"))),
        ("withdraw", "4.8", line(**base("withdraw", why="lent at home"))),
        ("still", "4.8", line(**base("still", src="stock"))),
        ("audience", "15.1", line(**base("audience", exp=year, names=[HR], tiers=["governor"]))),
        ("vouch of 400 days", "4.9", line(**base("vouch", exp=year, name=HR, root=HASH, tier="member", charter=1))),
        ("revoke", "14.1", line(**base("revoke", exp=year, name=HR, root=HASH, why="left"))),
        ("erase", "15.6", line(**base("erase", exp=year, idx=[3, 7]))),
        ("notice", "4.10", line(**base("notice", text="The store is closed on Monday."))),
        ("a text in another script", "4.11", line(**offer(name="Шатор", lang="bg"))),
    ]


def _foreign() -> list[tuple[str, str, bytes]]:
    return [
        ("unknown type", "4.6", line(**common("far", x=[[1]]))),
        ("unknown crit", "4.6", line(**offer(crit=["moon"], moon=1))),
        ("need, which is reserved", "4.10", line(**common("need"))),
        ("unknown type and nothing else", "4.6", b'{"t":"far"}'),
    ]


def _defects() -> list[tuple[str, str, bytes]]:
    whole = line(**offer())
    long = line(**offer(x="a" * 8192))
    exact = long[: -(len(long) - 8193) - 2] + b'"}'
    return [
        ("duplicate key", "1.4", whole[:-1] + b',"src":"stock"}'),
        ("2^53", "1.4", line(**offer(ready=2**53))),
        ("2^53 in an unknown field", "1.4", line(**offer(later=2**53))),
        ("1.0", "1.4", whole.replace(b'"ready":24', b'"ready":24.0')),
        ("an exponent", "1.4", whole.replace(b'"ready":24', b'"ready":2e1')),
        ("-0", "1.4", line(**offer(later=0)).replace(b'"later":0', b'"later":-0')),
        ("lone surrogate", "1.4", whole.replace(b"Family", b"\\ud800")),
        ("NUL, escaped", "4.11", whole.replace(b"Family", b"\\u0000")),
        ("NUL, raw", "4.1", whole.replace(b"Family", b"\x00")),
        ("BOM at the beginning", "4.1", b"\xef\xbb\xbf" + whole),
        ("BOM in a text", "4.11", whole.replace(b"Family", "\ufeff".encode())),
        ("CR at the end", "4.1", whole + b"\r"),
        ("CR in a text", "4.1", whole.replace(b"Family", b"\r")),
        ("U+2028", "4.11", whole.replace(b"Family", "\u2028".encode())),
        ("a direction override", "4.11", whole.replace(b"Family", "\u202e".encode())),
        ("an isolate, escaped", "4.11", whole.replace(b"Family", b"\\u2066")),
        ("bad UTF-8", "1.4", whole.replace(b"Family", b"\xff")),
        ("depth 17", "1.4", whole[:-1] + b',"x":' + b"[" * 16 + b"]" * 16 + b"}"),
        ("8,193 bytes", "4.1", exact),
        ("one byte", "4.1", b"{"),
        ("no bytes", "4.1", b""),
        ("an array", "4.1", b'["offer"]'),
        ("a space before", "4.1", b" " + whole),
        ("no type", "4.2", whole.replace(b'"t":"offer",', b"")),
        ("an id of 15", "2.5", line(**offer(id="a" * 15))),
        ("an id with a newline", "2.5", whole.replace(ID.encode(), b"aaaaaaaaaaaaaaa\\n")),
        ("an id in upper case", "2.5", line(**offer(id=ID.upper()))),
        ("salt of 11 bytes", "4.2", line(**offer(n="A" * 15 + "="))),
        ("a lease of 90 days and a second", "4.9", line(**offer(exp=NOW + 90 * DAY + 1))),
        ("a lease that ends before it begins", "4.9", line(**offer(exp=NOW))),
        (
            "a vouch of 400 days and a second",
            "4.9",
            line(**common("vouch", exp=NOW + 400 * DAY + 1, name=HR, root=HASH, tier="member", charter=1)),
        ),
        ("a vouch for an unknown tier", "14.1", line(**common("vouch", name=HR, root=HASH, tier="king", charter=1))),
        ("a quantity of nothing", "1.6", line(**offer(qty=[0, 0]))),
        ("a power of ten", "1.6", line(**offer(qty=[1, 10]))),
        ("a quantity that is one number", "1.6", line(**offer(qty=10))),
        ("a band below its beginning", "15.5", line(**offer(band=[9, 0]))),
        ("erase of nothing", "15.6", line(**common("erase", idx=[]))),
        ("null where a text belongs", "4.2", line(**offer(name=None))),
    ]


def _folded(found: Subject) -> None:
    """What a log says in the end: `now` is the reader's clock."""
    first, other = offer(), offer(id="aaaaaaaaaaaaaaac", src="other", n=salt(2))
    ends = first["exp"]
    withdraw = common("withdraw", n=salt(3))
    still = common("still", id="aaaaaaaaaaaaaaad", ts=NOW + DAY, exp=NOW + 60 * DAY, src="stock", n=salt(4))
    less = offer(qty=[4, 0], n=salt(5))
    both = {ID: 10, other["id"]: 10}
    for name, clause, rows, now, current in (
        ("two offers", "4.2", [first, other], NOW, both),
        ("the higher index of one id rules", "4.7", [first, other, less], NOW, both | {ID: 4}),
        ("a lower index with a later time does not", "4.7", [offer(ts=NOW + 60), less], NOW, {ID: 4}),
        ("a withdrawn offer is gone", "4.8", [first, other, withdraw], NOW, {other["id"]: 10}),
        ("offered again after it was withdrawn", "4.8", [first, withdraw, less], NOW, {ID: 4}),
        ("within an hour after its end it is still shown", "4.8", [first], ends + 3599, {ID: 10}),
        ("more than an hour after its end it is not", "4.8", [first], ends + 3601, {}),
        ("still renews the offers of its source alone", "4.8", [first, other, still], ends + 2 * DAY, {ID: 10}),
        ("still revives no withdrawn offer", "4.8", [first, withdraw, still], NOW, {}),
        ("a defect between changes nothing", "4.4", [first, {"t": "offer", "id": 1}, other], NOW, both),
        ("an unknown crit is not acted on", "4.6", [first, withdraw | {"crit": ["moon"]}], NOW, {ID: 10}),
    ):
        given = {"lines": [line(**row).decode() for row in rows], "log": f"{BG}/xs1/see.pub/{NOW - 1000}"}
        expect = {"current": current}
        found.ok(f"log: {name}", clause, "current", expect, given | {"head_time": NOW + DAY, "now": now})
