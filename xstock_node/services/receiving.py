"""Receiving: what a peer says about a log becomes this node's replica, or is refused.

- a head is stored only together with all the records it covers (xs1 6.8);
- within an epoch size, time and min never go back and one size has one root;
- a newer epoch cuts back to its base; what lay beyond is kept aside for its origin (xs1 7.3);
- the base is checked when the replica passes it (xs1 7.4);
- a `#` line is final only below `min` or at the origin's word.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from xstock_node.protocol import heads, limits, merkle
from xstock_node.protocol.errors import Fork, Gap, Mismatch, ProtocolError, Quota, Rollback
from xstock_node.protocol.frames import hash_line, is_hash_line, leaf_of, leaves_of
from xstock_node.protocol.heads import Head
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.names import GOVERNANCE, LogName
from xstock_node.protocol.records import Audience, Offer, Withdraw, interpret
from xstock_node.services.indexing import forget, index_lines, rebuild
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState

STEP = 2 * limits.SEGMENT  # records that are taken in one transaction
NO_ROOTS: Mapping[int, bytes] = MappingProxyType({})


class Plan(NamedTuple):
    """What a verified head asks for: nothing (`taken`), or the records [start, head.size).

    With `anew` what is held may part from the head's line, and everything is taken from the beginning. `live` is how
    many live offers the network's charter allows.
    """

    head: Head
    raw: bytes
    start: int
    taken: bool
    changed: bool
    anew: bool = False
    live: int = limits.LIVE_RECORDS


def consider(
    tx: Transaction, head: Head, raw: bytes, now: int, anew: bool = False, live: int = limits.LIVE_RECORDS
) -> Plan:
    """Check a head whose signature holds against what is held; take it at once if no record is missing.

    Raises `Rollback`, `Fork`, `Quota` or `Held`; a fork freezes the log's epoch. Runs in a write.
    """
    heads.check_time(head, now)
    state = tx.logs.state(head.log.name) or LogState(head.log.name)
    kept = limits.records_a_log(live)
    if head.size - head.minimum > kept and head.size > state.frontier.size:
        raise Quota(f"at most {kept} records above min", f"{head.size - head.minimum}", "raise min")
    if state.head:
        if state.head == raw:
            return Plan(head, raw, state.frontier.size, True, False, anew, live)
        held = heads.parse(state.head)[0]
        if state.frozen and head.log.epoch <= held.log.epoch:
            raise Fork("a new epoch after a fork", str(head.log))
        heads.check_successor(held, head)
        _check_growth(tx, state, head, now, live)
    if not head.log.name.is_for_all and not head.size:
        raise ProtocolError("an audience log that begins with its audience", "an empty one")
    here = _shared(tx, state, head, anew) if head.log.epoch > state.epoch else state.frontier.size  # xs1 8.5
    if head.log.epoch > state.epoch and head.minimum < state.minimum:
        # An older copy of the origin goes on: what was given up here is asked for, it may have it still.
        end = min(state.minimum, here)
        _note_holes(tx, head.log.name, head.minimum, tx.logs.lines(head.log.name, head.minimum, end - head.minimum), 0)
    if head.size < here:
        raise Rollback(f"a head of {here} records or more, which are held already", head.size)
    if head.size == here and not [index for index in tx.logs.holes(head.log.name) if index >= _floor(head)]:
        changed = head.size != state.head_size or head.log.epoch != state.epoch
        take(tx, head, raw, [], now, anew=anew, live=live)
        return Plan(head, raw, head.size, True, changed, anew, live)
    return Plan(head, raw, here, False, True, anew, live)


def moved_on(tx: Transaction, plan: Plan, now: int) -> bool:
    """Pulling takes time: whether the head is held meanwhile. Raises `Rollback` where the plan no longer fits."""
    current = consider(tx, plan.head, plan.raw, now, plan.anew, plan.live)
    if not current.taken and current.start != plan.start:
        raise Rollback(f"{plan.head.log} from {plan.start} on", f"{current.start}")
    return current.taken


def freeze(tx: Transaction, log: LogName, why: str) -> None:
    """Take no further head of this log's epoch."""
    state = tx.logs.state(log)
    if state is not None and not state.frozen:
        tx.logs.put(state._replace(frozen=why))


def take(
    tx: Transaction,
    head: Head,
    raw: bytes,
    lines: Sequence[bytes],
    now: int,
    from_origin: bool = False,
    anew: bool = False,
    live: int = limits.LIVE_RECORDS,
) -> LogState:
    """Store `lines`, which end at the head's size, and the head; everything or nothing. Runs in a write.

    Raises `Quota` when they bring more live offers than `live`, but not for what only ends or renews some; `Mismatch`
    when lines of a peer do not give the head's root (the peer, or the origin, is wrong), `Fork` when the records held
    already do not: then the origin signed two histories; `Gap` while the content of a record is missing that nobody
    had a right to leave out (xs1 8.4).
    """
    state = enter_epoch(tx, head, raw, now, anew)
    before = _live(tx, state, now, live)
    state = extend(tx, state, head, lines, now, from_origin=from_origin)
    if state.head and lines and _live(tx, state, now, live) > max(live, before):
        raise _too_many(head, live)
    holes = [index for index in tx.logs.holes(head.log.name) if index >= _floor(head)]
    if holes:
        raise Gap(f"record {holes[0]} of {head.log}", "only its hash", "ask another peer")
    if state.frontier.size != head.size:
        raise Gap(f"records up to {head.size} of {head.log}", state.frontier.size, "pull the rest")
    if state.frontier.root() != head.root:  # xs1 8.6
        kind = Mismatch if lines else Fork
        raise kind(f"records that give the root of {head.log}", f"another root at {head.size}")
    if not state.head:
        state = state._replace(first_size=head.size, first_time=head.time)
    if head.minimum > state.minimum:
        forget(tx, head.log.name, state.minimum, head.minimum)
    state = state._replace(
        head=raw, head_size=head.size, head_time=head.time, minimum=head.minimum, target=b"", heard=now
    )
    tx.logs.put(state)
    tx.journal.put(f"head {head.log.name}", raw)
    _drop_confirmed(tx, state, head.base.size if head.base else 0)
    return state


def void_later(tx: Transaction, log: LogName, epoch: int, raw: bytes) -> bool:
    """Take back what a log holds of epochs later than the one that its owner's identity fixes (xs1 7.9).

    `raw` is the void head, held or being caught up with. The records that such epochs added are dropped, not kept
    aside: nobody is to append them again.
    """
    state = tx.logs.state(log)
    if state is None or raw not in (state.head, state.target) or state.epoch <= epoch:
        return False
    base, begun = heads.parse(raw)[0].base, tx.logs.end_epochs(log, epoch)
    size = min(base.size if base else 0, state.frontier.size)
    size = size if begun is None else min(size, begun)
    void = state.epoch
    state = _cut(tx, state, size, state.heard)
    tx.logs.drop_aside(log, void)
    tx.logs.put(state._replace(epoch=min(epoch, base.epoch if base else 0), head=b"", head_time=0, target=b""))
    return True


def take_head(tx: Transaction, head: Head, raw: bytes, now: int) -> None:
    """Store a head of a log whose records are never served (xs1 18.1). Runs in a write."""
    heads.check_time(head, now)
    state = tx.logs.state(head.log.name) or LogState(head.log.name)
    if state.head:
        heads.check_successor(heads.parse(state.head)[0], head)
    state = state._replace(epoch=head.log.epoch, head=raw, head_size=head.size, head_time=head.time, heard=now)
    tx.logs.put(state)
    tx.journal.put(f"head {head.log.name}", raw)


def enter_epoch(tx: Transaction, head: Head, raw: bytes, now: int, anew: bool = False) -> LogState:
    """The replica's state in the head's epoch: cut back to its base where the epoch is newer."""
    state = tx.logs.state(head.log.name)
    if state is None:
        state = LogState(head.log.name, epoch=head.log.epoch, heard=now)
        tx.logs.put(state)
        tx.logs.begin_epoch(state.log, state.epoch, 0)
        return state
    if head.log.epoch == state.epoch:
        return state
    if head.log.epoch < state.epoch:
        # Fetching takes time: a newer epoch, of this node itself perhaps, may have begun meanwhile.
        raise Rollback(f"epoch {state.epoch} or newer", head.log.epoch)
    size = _shared(tx, state, head, anew)
    if state.frontier.size > size:
        state = _cut(tx, state, size, now)
    if head.minimum < state.minimum:
        state = state._replace(minimum=head.minimum)
        found = rebuild(tx, state.log, size, state.head_time, now, head.minimum)
        state = state._replace(defects=found.defects, audience=found.audience)
    state = state._replace(epoch=head.log.epoch, frozen="", target=raw)
    tx.logs.put(state)
    tx.logs.begin_epoch(state.log, state.epoch, size)
    return state


def extend(
    tx: Transaction,
    state: LogState,
    head: Head,
    lines: Sequence[bytes],
    now: int,
    expected: Mapping[int, bytes] = NO_ROOTS,
    from_origin: bool = False,
) -> LogState:
    """Append lines to the replica, index them, and check the epoch's base where they pass it.

    `expected` are verified segment roots, by segment number, that the lines must give.
    """
    if not lines:
        return state
    log, start = state.log, state.frontier.size
    if start + len(lines) > head.size:
        raise Rollback(f"records of {head.log} up to {head.size}", f"{start + len(lines)}")
    base = head.base
    if base is not None and start < base.size < start + len(lines):
        state = extend(tx, state, head, lines[: base.size - start], now, expected, from_origin)
        return extend(tx, state, head, lines[base.size - start :], now, expected, from_origin)
    if not start and not log.is_for_all and not isinstance(interpret(lines[0]), Audience):
        raise ProtocolError("an audience log that begins with its audience", lines[0][:40])
    leaves = leaves_of(lines)
    frontier, segments = merkle.grow(
        state.frontier, leaves, lambda: tx.logs.leaves(log, start - start % limits.SEGMENT, start), limits.SEGMENT
    )
    if any(expected.get(number, root) != root for number, root in segments.items()):
        raise Mismatch(f"records that give the segment roots of {head.log}", f"others from {start} on")
    if base is not None and frontier.size == base.size and frontier.root() != base.root:
        # The lines came from a peer just now, so that it may be the peer who lies: no proof against the origin.
        raise Mismatch(f"the root of the base {base.epoch} {base.size}", "another", "another peer is asked")
    tx.logs.append(log, start, lines, segments)
    if not from_origin:
        _note_holes(tx, log, start, lines, _floor(head))
    found = index_lines(tx, log, start, lines, head.time, now)
    state = state._replace(
        frontier=frontier, defects=state.defects + found.defects, audience=found.audience or state.audience
    )
    tx.logs.put(state)
    return state


def fill(tx: Transaction, head: Head, lines: Mapping[int, bytes], now: int, from_origin: bool) -> int:
    """Put contents into the places of `#` lines; how many holes are closed. A `#` of the origin itself is final."""
    log, closed = head.log.name, []
    for index, line in lines.items():
        held = tx.logs.lines(log, index, 1)
        if is_hash_line(line):
            if from_origin:
                tx.logs.erase(log, index)
                closed.append(index)
        elif held and leaf_of(held[0]) == leaf_of(line):
            tx.logs.fill(log, index, line)
            closed.append(index)
    tx.logs.close_holes(log, closed)
    state = tx.logs.state(log)
    if closed and state is not None:
        found = rebuild(tx, log, state.frontier.size, head.time, now, state.minimum)
        tx.logs.put(state._replace(defects=found.defects, audience=found.audience))
    return len(closed)


def _floor(head: Head) -> int:
    """Below which index a `#` line is final; a governor's log is kept whole, whatever its head says (xs1 14.11)."""
    return 0 if head.log.name.label == GOVERNANCE else head.minimum


def _note_holes(tx: Transaction, log: LogName, start: int, lines: Sequence[bytes], minimum: int) -> None:
    """Remember the `#` lines of a peer that is not the origin: they say only that it lacks the record (xs1 8.4)."""
    bare = [n for n, line in enumerate(lines, start) if n >= minimum and line[:1] == b"#" and is_hash_line(line)]
    if bare:
        erased = tx.logs.erased(log)
        tx.logs.put_holes(log, [n for n in bare if n not in erased])


def frontier_at(tx: Transaction, log: LogName, size: int) -> Frontier:
    """The frontier of the first `size` stored records."""
    width = limits.SEGMENT
    roots = tx.logs.segment_roots(log, 0, size // width)
    whole = Frontier(0, ()).extended_by_subtrees(roots, width)
    return whole.extended(tx.logs.leaves(log, size - size % width, size))


def not_superseded(lines: Sequence[bytes], held: Sequence[bytes]) -> list[bytes]:
    """The lines that the log lacks and of whose offers it says nothing newer."""
    present, bare = set(held), {line for line in held if is_hash_line(line)}
    newest: dict[str, int] = {}
    for line in held:
        found = interpret(line)
        if isinstance(found, Offer | Withdraw):
            newest[found.id] = max(found.ts, newest.get(found.id, 0))
    again = []
    for line in lines:
        if is_hash_line(line) or line in present or (bare and hash_line(leaf_of(line)) in bare):
            continue
        found = interpret(line)
        if not isinstance(found, Offer | Withdraw) or found.ts >= newest.get(found.id, 0):
            again.append(line)
    return again


def _cut(tx: Transaction, state: LogState, size: int, now: int) -> LogState:
    frontier = frontier_at(tx, state.log, size)
    tx.logs.cut(state.log, size, state.head or state.target, state.epoch)
    signed = state.head_time or now  # no head is left after a voided one
    found = rebuild(tx, state.log, size, signed, now, state.minimum)
    head_size = min(size, state.head_size)
    return state._replace(frontier=frontier, defects=found.defects, head_size=head_size, audience=found.audience)


def may_part(tx: Transaction, head: Head) -> bool:
    """Whether what is held may part from a newer epoch's line before its base.

    So it is where an epoch between was never seen here, which may have continued less than is held, or where two
    copies of the origin signed the same epoch.
    """
    state, base = tx.logs.state(head.log.name), head.base
    if state is None or base is None or state.epoch >= head.log.epoch:
        return False
    return base.size > state.frontier.size > 0


def _shared(tx: Transaction, state: LogState, head: Head, anew: bool = False) -> int:
    """How many of the records held the head's newer epoch continues: those of its base.

    None where it parts from what is held. Only two trees of one epoch are a fork: what is held of the line of another
    epoch is no proof, because a copy or an older folder of the origin may have gone on from less, unseen. After a fork
    was shown, the new epoch decides.
    """
    base, held = head.base, state.frontier
    if base is None or (anew and base.size > held.size):
        return 0
    if base.size > held.size:
        return held.size
    root = held.root() if base.size == held.size else frontier_at(tx, state.log, base.size).root()
    if root == base.root:
        return base.size
    if base.epoch != state.epoch or state.frozen:
        return 0
    raise Fork(f"the root held here for the base {base.epoch} {base.size}", "another", "the origin rewrote its past")


def _check_growth(tx: Transaction, state: LogState, head: Head, now: int, live: int) -> None:
    """A log may grow by 2,000 records an hour and 20,000 at once, counted from its first head held here (xs1 21.2).

    The hours are those of the origin's own heads, so that catching up after a long absence is never refused. Who has
    more live offers than allowed, after a charter lowered that perhaps, goes on in steps that are looked at whole.
    """
    if head.size - state.frontier.size > STEP and _live(tx, state, now, live) > live:
        raise _too_many(head, live)
    hours = max(0, head.time - state.first_time) / 3600
    allowed = limits.GROWTH_BURST + limits.GROWTH_AN_HOUR * hours
    if head.size - state.first_size > allowed:
        raise Quota(
            f"at most {int(allowed)} new records of {head.log.name}",
            f"{head.size - state.first_size}",
            "delayed, nothing dropped",
            retry_after=3600,
        )


def _live(tx: Transaction, state: LogState, now: int, live: int) -> int:
    """How many live offers a log has, as far as they may be too many: a smaller log is not counted."""
    return tx.offers.count(state.log, now) if state.frontier.size > live else 0


def _too_many(head: Head, live: int) -> Quota:
    what = f"at most {live} live offers of {head.log.name}"
    return Quota(what, "more", "delayed, nothing dropped: it may withdraw some", retry_after=3600)


def _drop_confirmed(tx: Transaction, state: LogState, base: int) -> None:
    """Forget what was kept aside once its origin has appended it again, or something newer about the same offers."""
    for aside in tx.logs.asides(state.log):
        start = min(aside.start, base)
        lines = tx.logs.lines(state.log, start, state.frontier.size - start)
        kept = tx.logs.aside_lines(state.log, aside.epoch, aside.start, aside.size - aside.start)
        if not_superseded(kept, lines):
            return  # an older one is proved with the help of the newer ones
        tx.logs.drop_aside(state.log, aside.epoch)
