"""Who is a member: charters and what governors said in their `net` logs."""

import hashlib
from typing import Any

from tests.vectors.generate.form import Subject
from tests.vectors.generate.people import AT, BG, DAY, HR, NOW, ROOT, RS, salt
from tests.vectors.generate.people_notes import FIRST, charter_of, hash_of, terms
from tests.vectors.generate.records import line
from xstock_node.protocol.charter import Strike

NEWCOMER = "redcross.si"
ROOT_HASH = hashlib.sha256(b"the root key of " + NEWCOMER.encode()).hexdigest()
OTHER_HASH = hashlib.sha256(b"another root key").hexdigest()
UNTIL = NOW + 200 * DAY


def vouch(governor: str, index: int, **more: Any) -> dict[str, Any]:
    """A governor's vouch for the newcomer at an index of its log."""
    fields: dict[str, Any] = {"t": "vouch", "id": "aaaaaaaaaaaaaaab", "ts": NOW, "exp": UNTIL, "n": salt(index)}
    fields |= {"name": NEWCOMER, "root": ROOT_HASH, "tier": "member", "charter": 1}
    return {"governor": governor, "index": index, "heard": NOW, "record": line(**(fields | more)).decode()}


def revoke(governor: str, index: int, **more: Any) -> dict[str, Any]:
    """A governor's word against the newcomer."""
    fields: dict[str, Any] = {"t": "revoke", "id": "aaaaaaaaaaaaaaac", "ts": NOW, "exp": UNTIL, "n": salt(index)}
    fields |= {"name": NEWCOMER, "root": ROOT_HASH, "why": "left"}
    return {"governor": governor, "index": index, "heard": NOW, "record": line(**(fields | more)).decode()}


def memberships() -> Subject:
    """Standings."""
    about = "Where `name` stands at `now` by charters (need.vouch 2, need.revoke 2) and statements of governors' logs."
    found = Subject(
        "membership",
        about + " `heard`: when the reader first held a statement; `objects`: root key hashes that its owner contests.",
    )
    both = [vouch(BG, 0), vouch(HR, 0)]
    for name, clause, statements, expect in (
        ("k vouches", "14.4", both, ("live", "member")),
        ("k-1 vouches", "14.4", both[:1], None),
        ("nobody spoke", "14.4", [], None),
        ("one governor twice counts once", "14.4", [vouch(BG, 0), vouch(BG, 1)], None),
        ("a member that is no governor vouches in vain", "14.2", [vouch(BG, 0), vouch(AT, 0)], None),
        ("a vouch under a charter that is not known", "14.2", [vouch(BG, 0), vouch(HR, 0, charter=7)], None),
        ("vouches for two different root keys", "14.1", [vouch(BG, 0), vouch(HR, 0, root=OTHER_HASH)], None),
        ("the tier that both grant", "14.4", [vouch(BG, 0, tier="observer"), vouch(HR, 0)], ("live", "observer")),
        (
            "a town and a member's vouch make a town",
            "14.4",
            [vouch(BG, 0, tier="town"), vouch(HR, 0)],
            ("live", "town"),
        ),
        ("three: the highest that two grant", "14.4", [*both, vouch(RS, 0, tier="observer")], ("live", "member")),
        (
            "the vouch of the highest index rules",
            "14.3",
            [vouch(BG, 0), vouch(BG, 1, tier="observer"), vouch(HR, 0)],
            ("live", "observer"),
        ),
        ("one revocation: under review, still a member", "14.5", [*both, revoke(RS, 0)], ("review", "member")),
        ("revoked by k: expelled", "14.5", [*both, revoke(RS, 0), revoke(HR, 1)], ("expelled", "observer")),
        ("a governor that revokes keeps its own vouch", "14.3", [*both, revoke(HR, 1)], ("review", "member")),
        ("revoke and vouch again", "14.3", [*both, revoke(RS, 0), revoke(HR, 1), vouch(HR, 2)], ("review", "member")),
        ("revoked by who is no governor", "14.5", [*both, revoke(AT, 0), revoke(RS, 0)], ("review", "member")),
        ("one revocation twice counts once", "14.5", [*both, revoke(RS, 0), revoke(RS, 1)], ("review", "member")),
        (
            "a revocation of another root key",
            "14.5",
            [*both, revoke(RS, 0), revoke(HR, 1, root=OTHER_HASH)],
            ("review", "member"),
        ),
    ):
        _add(found, name, clause, expect, statements)
    _in_time(found, both)
    _charters_change(found, both)
    _new_roots(found, both)
    return found


def _add(found: Subject, case: str, clause: str, expect: Any, statements: list[dict[str, Any]], **more: Any) -> None:
    given = {"name": NEWCOMER, "now": NOW + DAY, "charters": [FIRST.decode()], "statements": statements} | more
    said = (
        {"state": expect[0], "tier": expect[1], "root": expect[2] if len(expect) > 2 else ROOT_HASH} if expect else None
    )
    found.ok(case, clause, "standing", said, given)


def _in_time(found: Subject, both: list[dict[str, Any]]) -> None:
    brief = [vouch(BG, 0), vouch(HR, 0, exp=NOW + 10 * DAY)]
    live, lapsed = ("live", "member"), ("lapsed", "member")
    _add(found, "one second before a vouch ends", "14.6", live, brief, now=NOW + 10 * DAY - 1)
    _add(found, "one of two vouches ended: lapsed", "14.6", lapsed, brief, now=NOW + 10 * DAY)
    _add(found, "all vouches ended", "14.6", lapsed, both, now=UNTIL + 1)
    passed = [*both, revoke(RS, 0, exp=NOW + DAY), revoke(HR, 1)]
    _add(found, "a revocation ended", "14.5", ("review", "member"), passed, now=NOW + 2 * DAY)


def _charters_change(found: Subject, both: list[dict[str, Any]]) -> None:
    previous = hash_of(FIRST)
    without = charter_of(2, previous, terms(BG, RS), BG, HR, RS)
    struck = charter_of(2, previous, terms(BG, RS, strikes=(Strike(governor=HR, start=5),)), BG, HR, RS)
    charters = [FIRST.decode(), without.decode()]
    strikes = [FIRST.decode(), struck.decode()]
    live = ("live", "member")
    _add(found, "a fallen governor's vouch still counts", "14.2", live, both, charters=charters)
    _add(
        found,
        "a fallen governor vouches under the new charter",
        "14.2",
        None,
        [vouch(BG, 0), vouch(HR, 1, charter=2)],
        charters=charters,
    )
    _add(
        found,
        "a fallen governor's revocation counts no longer",
        "14.5",
        ("review", "member"),
        [*both, revoke(HR, 1), revoke(RS, 0)],
        charters=charters,
    )
    _add(found, "a vouch below the struck index counts", "13.7", live, [vouch(BG, 0), vouch(HR, 4)], charters=strikes)
    _add(
        found, "a vouch from the struck index on does not", "13.7", None, [vouch(BG, 0), vouch(HR, 5)], charters=strikes
    )
    root = hashlib.sha256(ROOT[RS].public).hexdigest()
    _add(found, "governors are members by charter alone", "14.4", ("live", "governor", root), [], name=RS)


def _new_roots(found: Subject, both: list[dict[str, Any]]) -> None:
    hours = 72 * 3600
    later = [vouch(BG, 7, root=OTHER_HASH, ts=NOW + DAY), vouch(HR, 7, root=OTHER_HASH, ts=NOW + DAY)]
    back = [one | {"heard": NOW + 9 * DAY} for one in (vouch(BG, 7, root=OTHER_HASH), vouch(HR, 7, root=OTHER_HASH))]
    old, new = ("live", "member"), ("live", "member", OTHER_HASH)
    _add(found, "another root key: not before 72 hours", "14.8", old, [*both, *later], now=NOW + DAY + hours - 1)
    _add(found, "another root key: after 72 hours", "14.8", new, [*both, *later], now=NOW + DAY + hours)
    _add(
        found,
        "vouches dated back gain nothing: 72 hours from their receipt",
        "14.8",
        old,
        [*both, *back],
        now=NOW + 9 * DAY + hours - 1,
    )
    contested = {"now": NOW + 99 * DAY, "objects": [OTHER_HASH]}
    _add(found, "another root key that the owner's identity contests", "14.8", old, [*both, *later], **contested)
    ended = terms().expires + 30 * DAY
    after = [vouch(governor, 7, ts=ended + 1, exp=ended + DAY) for governor in (BG, HR)]
    before = [vouch(governor, 7, ts=ended, exp=ended + DAY) for governor in (BG, HR)]
    _add(found, "vouches within 30 days after the charter expired", "13.5", old, before, now=ended + 9)
    _add(found, "a charter that expired over 30 days ago makes no new member", "13.5", None, after, now=ended + 9)
