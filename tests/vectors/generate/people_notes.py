"""Identities, charters and requests."""

from typing import Any

import msgspec

from tests.vectors.generate.form import Subject, b64
from tests.vectors.generate.people import (
    AT,
    BG,
    DAY,
    HR,
    NOW,
    ROOT,
    RS,
    SEALING,
    SECOND,
    SIGNER,
    identity_of,
    known,
    statement,
)
from xstock_node.protocol import charter, identity, keys, notes, requests
from xstock_node.protocol.charter import Governor, Needed, Strike, Terms
from xstock_node.protocol.keys import Signer


def _said(name: str, version: int, *signers: Signer) -> dict[str, Any]:
    listed = [b64(s.public) for s in signers or (SIGNER[name],)]
    root = ROOT[name].public
    said = {"name": name, "version": version, "root": b64(root), "keys": listed}
    return said | {"digits": keys.digits(name, root)}


def identities() -> Subject:
    """Identities."""
    about = "An identity note alone, or to a `reader` that holds another of that name at `now`."
    found = Subject("identities", about + " `not taken` without error: valid, but it changes nothing.")
    full = identity_of(
        BG,
        1,
        urls=("https://bg.example/x",),
        seal=(b64(SEALING[BG].public),),
        relays=(HR,),
        organisation={"bg": "Български Червен кръст", "en": "Bulgarian Red Cross"},
        languages=("bg", "en"),
    )
    found.ok("the least that one states", "12.1", "identity", _said(BG, 1), sent=identity_of(BG))
    found.ok("all fields", "12.1", "identity", _said(BG, 1), sent=full)
    both = (SIGNER[BG], SECOND[BG])
    found.ok("two signing keys", "12.2", "identity", _said(BG, 1, *both), sent=identity_of(BG, 1, *both))
    _refused_identities(found)
    _successors(found)
    return found


def _refused_identities(found: Subject) -> None:
    good = identity_of(BG)
    text = notes.parse(good, 8192).text

    def made(
        name: str = BG, root: Signer = ROOT[BG], signing: tuple[Signer, ...] = (SIGNER[BG],), said: Any = None
    ) -> bytes:
        return identity.sign(name, 1, said or statement(BG), root, signing)

    def altered(old: str, new: str) -> bytes:
        assert old in text
        return notes.sign(text.replace(old, new), ROOT[BG], SIGNER[BG])

    small = b64(b"\x01" + bytes(31))
    nine = statement(BG, *[Signer(BG, bytes([i + 100]) * 32) for i in range(9)])
    for name, clause, code, raw in (
        ("not signed by the root key", "12.2", "bad-signature", notes.sign(text, SIGNER[BG])),
        ("no proof of possession of the signing key", "12.2", "bad-signature", notes.sign(text, ROOT[BG])),
        ("a listed key that did not sign", "12.2", "bad-signature", made(said=statement(BG, SIGNER[BG], SECOND[BG]))),
        (
            "the root key among the signing keys",
            "12.2",
            "bad-signature",
            made(signing=(ROOT[BG],), said=statement(BG, ROOT[BG])),
        ),
        ("a root key of small order", "3.1", "bad-signature", altered(f"root {b64(ROOT[BG].public)}", f"root {small}")),
        ("another first line", "12.1", "malformed", altered("xs1/identity", "xs1/identities")),
        ("a version with a sign", "1.3", "malformed", altered("version 1", "version +1")),
        ("no signing key", "12.1", "malformed", made(said=nine.__class__(expires=NOW, keys=()), signing=())),
        (
            "nine signing keys",
            "12.1",
            "malformed",
            notes.sign(text.partition("{")[0] + msgspec.json.encode(nine).decode() + "\n", ROOT[BG]),
        ),
        ("a name without dot", "2.1", "malformed", altered(BG, "redcross")),
        ("three relays", "12.1", "malformed", made(said=statement(BG, relays=(HR, RS, AT)))),
        ("a duplicate key in its JSON", "1.4", "malformed", altered('{"expires"', '{"expires":1,"expires"')),
        ("over 8 KiB", "21.1", "too-large", altered('{"expires"', '{"x":"' + "a" * 8192 + '","expires"')),
    ):
        found.bad(name, clause, "identity", code, sent=raw)


def _successors(found: Subject) -> None:
    first, reader = identity_of(BG), identity_of(RS).decode()
    given: dict[str, Any] = {"reader": reader, "held": first.decode(), "now": NOW}
    third = given | {"held": identity_of(BG, 3).decode()}
    rotated = identity_of(BG, 2, SECOND[BG])
    brief = identity_of(BG, 2, SECOND[BG], expires=NOW - 30 * DAY)
    gone = identity_of(BG, 2, SECOND[BG], expires=NOW - 30 * DAY - 1)
    wrong = identity.sign(BG, 2, statement(BG), Signer(BG, b"\x55" * 32), (SIGNER[BG],))
    second = identity_of(BG, 1, country="XX")
    found.ok("rotation: a new signing key", "12.3", "identity", _said(BG, 2, SECOND[BG]), given, rotated)
    found.ok("a version that leaves some out", "12.3", "identity", _said(BG, 9), given, identity_of(BG, 9))
    found.ok("expired 30 days ago: taken with a warning", "12.7", "identity", _said(BG, 2, SECOND[BG]), given, brief)
    found.ok("expired 30 days and a second ago: its keys are not taken", "12.7", "identity", "not taken", given, gone)
    found.ok("the same again", "12.3", "identity", "not taken", given, first)
    found.ok("wrong root: nobody vouched for it", "12.3", "identity", "not taken", given, wrong)
    found.bad("rollback to an older version", "12.3", "identity", "rollback", third, rotated)
    found.bad("two texts of one version", "12.4", "identity", "fork", given, second)


GOVERNORS = (BG, HR, RS)


def terms(*names: str, need: tuple[int, int, int] = (2, 2, 2), **more: Any) -> Terms:
    """What a charter says."""
    listed = tuple(Governor(name, b64(ROOT[name].public)) for name in names or GOVERNORS)
    fields = {"issued": NOW - DAY, "expires": NOW + 300 * DAY, "governors": listed}
    return Terms(need=Needed(charter=need[0], vouch=need[1], revoke=need[2]), **(fields | more))


def charter_of(version: int, previous: str, said: Terms, *signers: str) -> bytes:
    """A charter note of network `see`."""
    return notes.sign(charter.text("see", version, previous, said), *[ROOT[name] for name in signers])


def hash_of(raw: bytes) -> str:
    """The hash that the next version names."""
    return charter.text_hash(notes.parse(raw, 65536).text)


FIRST = charter_of(1, "", terms(), BG, HR)


def _charter_said(raw: bytes, version: int, *names: str) -> dict[str, Any]:
    return {"network": "see", "version": version, "hash": hash_of(raw), "governors": list(names or GOVERNORS)}


def charters() -> Subject:
    """Charters."""
    found = Subject("charters", "A charter note alone, or after the version `held`. `hash` is that of its text.")
    found.ok("version 1 by two of three", "13.3", "charter", _charter_said(FIRST, 1), sent=FIRST)
    again = notes.sign(charter.text("see", 1, "", terms()), ROOT[BG], ROOT[HR], Signer("w.example", b"\x77" * 32))
    found.ok("a stranger's signature beside them", "3.4", "charter", _charter_said(again, 1), sent=again)
    four = terms(BG, HR, RS, AT, need=(3, 2, 3))
    raw = charter_of(2, hash_of(FIRST), four, BG, HR, RS)
    found.ok(
        "version 2 by the thresholds of both",
        "13.3",
        "charter",
        _charter_said(raw, 2, *GOVERNORS, AT),
        _held(FIRST),
        raw,
    )
    struck = charter_of(
        2, hash_of(FIRST), terms(BG, HR, need=(2, 2, 2), strikes=(Strike(governor=RS, start=7),)), BG, HR
    )
    found.ok(
        "one governor leaves and is struck", "13.7", "charter", _charter_said(struck, 2, BG, HR), _held(FIRST), struck
    )
    _bad_charters(found)
    _bad_successors(found)
    return found


def _held(raw: bytes) -> dict[str, Any]:
    return {"held": raw.decode()}


def _bad_charters(found: Subject) -> None:
    def by_two(said: Terms) -> bytes:
        return charter_of(1, "", said, BG, HR)

    text = charter.text("see", 1, "", terms())
    twice = notes.sign(text, ROOT[BG], ROOT[BG])
    own = terms()
    twins = (Governor(BG, b64(ROOT[BG].public)), Governor(HR, b64(ROOT[BG].public)))
    same = (Governor(BG, b64(ROOT[BG].public)), Governor(BG, b64(ROOT[HR].public)))
    failing = FIRST + notes.sign("other\n", ROOT[RS]).rpartition(b"\n\n")[2]
    for name, clause, code, raw in (
        ("one signature of two", "13.3", "bad-signature", charter_of(1, "", own, BG)),
        ("one signer twice", "13.3", "bad-signature", twice),
        ("signing keys instead of root keys", "13.2", "bad-signature", notes.sign(text, SIGNER[BG], SIGNER[HR])),
        ("a third governor's signature fails", "3.4", "bad-signature", failing),
        (
            "half of the governors is not more than half",
            "13.2",
            "malformed",
            by_two(terms(BG, HR, RS, AT, need=(2, 2, 2))),
        ),
        ("a threshold above their number", "13.2", "malformed", by_two(terms(need=(4, 2, 2)))),
        ("revoke above their number", "13.2", "malformed", by_two(terms(need=(2, 2, 4)))),
        ("one vouch would do", "13.2", "malformed", by_two(terms(need=(2, 1, 2)))),
        ("one name twice", "13.2", "malformed", by_two(terms(governors=same))),
        ("one key under two names", "13.2", "malformed", by_two(terms(governors=twins))),
        ("401 days", "13.5", "malformed", by_two(terms(expires=NOW + 400 * DAY))),
        ("version 1 that names a predecessor", "13.1", "malformed", charter_of(1, "0" * 64, own, BG, HR)),
        ("version 2 that names none", "13.1", "malformed", charter_of(2, "", own, BG, HR)),
        ("more live records than the bound", "21.5", "malformed", by_two(terms(records=50_001))),
    ):
        found.bad(name, clause, "charter", code, sent=raw)


def _bad_successors(found: Subject) -> None:
    previous = hash_of(FIRST)
    taken_over = terms(HR, AT, need=(2, 2, 2))
    second = charter_of(2, previous, terms(heartbeat=7200), BG, HR)
    for name, clause, code, held, raw in (
        (
            "the old governors did not agree",
            "13.3",
            "bad-signature",
            FIRST,
            charter_of(2, previous, taken_over, HR, AT),
        ),
        (
            "the new governors did not agree",
            "13.3",
            "bad-signature",
            FIRST,
            charter_of(2, previous, taken_over, BG, RS, HR),
        ),
        ("a version left out", "13.4", "gap", FIRST, charter_of(3, hash_of(second), terms(), BG, HR)),
        ("another predecessor", "13.1", "bad-signature", FIRST, charter_of(2, "0" * 64, terms(), BG, HR)),
        ("two texts of one version", "13.6", "fork", FIRST, charter_of(1, "", terms(heartbeat=7200), BG, HR)),
        ("rollback", "13.4", "rollback", second, FIRST),
    ):
        found.bad(f"successor: {name}", clause, "charter", code, _held(held), raw)


def signed_requests() -> Subject:
    """Requests."""
    about = "A request as it arrives; the input is its body, `base` the base URL of the recipient's own identity."
    found = Subject("requests", about)
    body, base = b'{"network":"see"}', "https://rs.example/x"
    path = "/xs/1/gossip?a=%20b"

    def given(
        sent: bytes = body, created: int = NOW, signer: Signer = SIGNER[BG], target: str = path, **more: Any
    ) -> dict[str, Any]:
        digest = requests.content_digest(sent) if sent else None
        headers = requests.sign(signer, "POST", base + target, digest, created)
        fields = {"method": "POST", "base": base + "/", "path": target, "now": NOW, "headers": headers}
        return fields | {"keys": known(BG, HR)} | more

    good = given()
    changed = {
        **good["headers"],
        "Signature-Input": good["headers"]["Signature-Input"].replace(";tag", ';alg="ed25519";tag'),
    }
    bare = given(b"")["headers"]
    wrong_key = {**good["headers"], "Signature-Input": good["headers"]["Signature-Input"].replace(BG, HR)}
    for name, clause, some, sent, skew in (
        ("with a body", "9.1", good, body, 0),
        ("without a body", "9.1", given(b""), b"", 0),
        ("300 s old", "9.3", given(created=NOW - 300), body, -300),
        ("300 s ahead", "9.3", given(created=NOW + 300), body, 300),
        ("received under a prefix that a proxy rewrote: both compute the identity's URL", "9.2", given(), body, 0),
    ):
        found.ok(name, clause, "request", {"caller": BG, "skew": skew}, some, sent)
    for name, clause, code, some, sent in (
        ("altered query", "9.2", "bad-signature", good | {"path": path.replace("b", "c")}, body),
        (
            "query with another escape of the same character",
            "9.2",
            "bad-signature",
            good | {"path": path.replace("%20", "+")},
            body,
        ),
        ("altered body", "9.4", "malformed", good, b'{"network":"sea"}'),
        ("altered target: another node", "9.2", "bad-signature", good | {"base": "https://hr.example/x"}, body),
        ("rewritten prefix taken for the target", "9.2", "bad-signature", good | {"base": "https://rs.example"}, body),
        ("altered method", "9.1", "bad-signature", good | {"method": "PUT"}, body),
        ("stale by 301 s", "9.3", "clock", given(created=NOW - 301), body),
        ("301 s ahead", "9.3", "clock", given(created=NOW + 301), body),
        ("a body without a signed digest", "9.4", "unsigned", good | {"headers": bare}, body),
        (
            "another digest put in",
            "9.4",
            "bad-signature",
            good | {"headers": good["headers"] | {"Content-Digest": requests.content_digest(b"x")}},
            b"x",
        ),
        ("no signature", "9.1", "unsigned", good | {"headers": {}}, body),
        ("a parameter that the profile has not", "9.1", "unsigned", good | {"headers": changed}, body),
        ("a key of another node's name", "3.5", "unsigned", good | {"headers": wrong_key}, body),
        ("a key that no identity lists", "12.5", "unsigned", given(signer=SECOND[BG]), body),
        ("a name that nobody knows", "3.5", "unsigned", given(signer=SIGNER[AT]), body),
    ):
        found.bad(name, clause, "request", code, some, sent)
    return found
