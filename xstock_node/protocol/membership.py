"""Who belongs to a network: a fold of its charters and of what governors state in their `net` logs.

- a vouch counts if its signer was governor under the charter it names, until it expires (xs1 14.2);
- of one governor about one name and root key the latest statement rules;
- member: live vouches of k distinct governors; expelled: revocations by the charter's number of governors
  (xs1 14.4, 14.5);
- a new root key for a known name waits 72 hours, in the open.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from xstock_node.protocol import keys, limits
from xstock_node.protocol.charter import Charter
from xstock_node.protocol.recordtypes import Revoke, Tier, Vouch

TIERS: tuple[Tier, ...] = ("observer", "town", "member", "governor")
State = Literal["live", "review", "lapsed", "expelled"]


class Statement(NamedTuple):
    """A vouch or revocation at a position of a governor's `net` log; `heard` is when this node first held it."""

    governor: str
    position: int
    record: Vouch | Revoke
    heard: int = 0

    @property
    def since(self) -> int:
        """From when it counts against a change of root: who dates back gains nothing."""
        return max(self.record.ts, self.heard)


class Standing(NamedTuple):
    """Where a name stands: its tier, state, root key hash, until when (unix seconds), who vouched, who spoke against.

    `next_root` and `next_from` tell of another root key that governors vouched for, and when it takes over.
    """

    name: str
    tier: Tier
    state: State
    root: str
    until: int
    vouchers: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    next_root: str = ""
    next_from: int = 0

    @property
    def is_member(self) -> bool:
        """Whether new offers and operations of this name are taken (xs1 14.6)."""
        return self.state in ("live", "review")

    @property
    def may_offer(self) -> bool:
        """Observers read; everybody else offers."""
        return self.is_member and self.tier != "observer"


def root_hash(root: bytes) -> str:
    """Hex SHA-256 of a root key, as vouches name it."""
    return hashlib.sha256(root).hexdigest()


def _nobody_objects(name: str) -> tuple[str, ...]:
    return ()


def fold(
    charters: Sequence[Charter],
    statements: Iterable[Statement],
    now: int,
    objections: Callable[[str], tuple[str, ...]] = _nobody_objects,
) -> dict[str, Standing]:
    """Every name's standing at `now`. `charters` are all versions held, the newest last; governors stand by charter.

    `objections` gives the root key hashes that the owner of a name contests: they never take over (xs1 14.8).
    """
    if not charters:
        return {}
    newest = charters[-1]
    by_name: defaultdict[str, list[tuple[Standing, int]]] = defaultdict(list)
    for (name, root), said in sorted(_latest(charters, statements).items()):
        candidate = _candidate(newest, name, root, said, now)
        if candidate is not None:
            by_name[name].append(candidate)
    standings = {}
    for name, candidates in by_name.items():
        found = _chosen(candidates, now, objections(name))
        if found is not None:
            standings[name] = found
    for governor in newest.terms.governors:
        root = root_hash(keys.from_base64(governor.root, 32))
        standings[governor.name] = Standing(governor.name, "governor", "live", root, newest.terms.expires)
    return standings


class Said(NamedTuple):
    """What one governor said about one (name, root): since when it vouches, its last vouch, and what it took back.

    A revocation does not end the governor's own vouch: one governor alone expels nobody. A later vouch ends it
    (xs1 14.3).
    """

    first: int = 0
    vouch: Vouch | None = None
    revoke: Revoke | None = None


def _latest(charters: Sequence[Charter], statements: Iterable[Statement]) -> dict[tuple[str, str], dict[str, Said]]:
    """The latest statement that counts of each governor about each (name, root)."""
    by_version = {c.version: c for c in charters}
    strikes = {s.governor: s.start for c in charters for s in c.terms.strikes}  # xs1 13.7
    found: defaultdict[tuple[str, str], dict[str, Said]] = defaultdict(dict)
    for statement in sorted(statements, key=lambda s: (s.governor, s.position)):
        record = statement.record
        if statement.position >= strikes.get(statement.governor, limits.INTEGER):
            continue
        if isinstance(record, Vouch):
            named = by_version.get(record.charter)
            if named is None or named.governor(statement.governor) is None:
                continue
            if record.ts > charters[-1].terms.expires + limits.EXPIRED_GRACE:
                continue  # an expired charter makes no new members (xs1 13.5)
        said = found[record.name, record.root]
        before = said.get(statement.governor, Said())
        if isinstance(record, Vouch):
            said[statement.governor] = Said(before.first or statement.since, record)
        else:
            said[statement.governor] = before._replace(revoke=record)
    return found


def _candidate(
    newest: Charter, name: str, root: str, said: Mapping[str, Said], now: int
) -> tuple[Standing, int] | None:
    """The standing of one (name, root), and the time from which its vouches were enough; None where none counts."""
    vouches = {g: s.vouch for g, s in said.items() if s.vouch is not None}
    revokes = [g for g, s in said.items() if s.revoke is not None and s.revoke.exp > now]
    against = tuple(sorted(g for g in revokes if newest.governor(g)))
    need = newest.terms.need
    live = {g: v for g, v in vouches.items() if v.exp > now}
    enough = sorted(said[g].first for g in live)
    since = enough[need.vouch - 1] if len(enough) >= need.vouch else 0
    if len(against) >= need.revoke:
        return Standing(name, "observer", "expelled", root, 0, tuple(sorted(live)), against), since
    if len(live) >= need.vouch:
        tier = _tier(live, need.vouch)
        ends = sorted((v.exp for v in live.values()), reverse=True)[need.vouch - 1]
        state: State = "review" if against else "live"
        return Standing(name, tier, state, root, ends, tuple(sorted(live)), against), since
    if len(vouches) >= need.vouch:
        ends = sorted((v.exp for v in vouches.values()), reverse=True)[need.vouch - 1]
        return Standing(name, _tier(vouches, need.vouch), "lapsed", root, ends, (), against), 0
    return None


def _tier(vouches: Mapping[str, Vouch], needed: int) -> Tier:
    """The highest tier that enough governors grant; who vouches for a higher one vouches for the lower too."""
    ranks = sorted((TIERS.index(v.tier) for v in vouches.values()), reverse=True)
    return TIERS[min(ranks[needed - 1], TIERS.index("member"))]


def _chosen(candidates: list[tuple[Standing, int]], now: int, contested: Sequence[str]) -> Standing | None:
    """One standing of a name vouched for under several root keys: the newest whose 72 hours are over."""
    if not candidates:
        return None
    members = sorted((c for c in candidates if c[0].is_member), key=lambda c: (c[1], c[0].root))
    if not members:
        return max(candidates, key=lambda c: (c[0].state == "expelled", c[0].until))[0]
    held = members[0][0]
    for standing, since in members[1:]:
        if since + limits.ROOT_CHANGE <= now and standing.root not in contested:
            held = standing
        else:
            return held._replace(next_root=standing.root, next_from=since + limits.ROOT_CHANGE)
    return held


def may_read(standing: Standing | None, names: Sequence[str], tiers: Sequence[str]) -> bool:
    """Whether an audience of `names` and `tiers` includes a member (xs1 15.2)."""
    return standing is not None and standing.is_member and (standing.name in names or standing.tier in tiers)
