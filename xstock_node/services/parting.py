"""Two histories of one epoch: proved from what a peer serves for a head whose signature holds.

A peer may serve wrong records; it cannot serve segment roots and a tail that give the root of a signed head and are
not that head's tree. Where such a tree has another root than the signed head held here, at the held head's size, the
origin signed both.
"""

from xstock_node.protocol import frames, heads, limits, merkle
from xstock_node.protocol.errors import Fork, Mismatch
from xstock_node.protocol.merkle import Frontier
from xstock_node.protocol.peer import Peer
from xstock_node.services.catching_up import pull_lines, pull_roots
from xstock_node.services.receiving import Plan
from xstock_node.storage.interfaces import Engine


async def check_history(engine: Engine, peer: Peer, plan: Plan) -> None:
    """Raise `Fork` where the plan's head and the head held here are two histories of one epoch, else `Mismatch`."""
    log = plan.head.log
    state = await engine.read(lambda tx: tx.logs.state(log.name))
    if state is None or not state.head or state.epoch != log.epoch:
        raise Mismatch(f"records that give the root of {log}", "others")
    held = heads.parse(state.head)[0]
    width, whole = limits.SEGMENT, plan.head.size // limits.SEGMENT
    roots = await pull_roots(peer, log, 0, whole)
    tail = await pull_lines(peer, log, whole * width, plan.head.size)
    theirs = Frontier(0, ()).extended_by_subtrees(roots, width).extended([frames.leaf_of(line) for line in tail])
    if theirs.root() != plan.head.root:
        raise Mismatch(f"segment roots that give the root of {log}", "others")
    edge, rest = divmod(held.size, width)
    lines = tail if edge == whole else await pull_lines(peer, log, edge * width, edge * width + width)
    leaves = [frames.leaf_of(line) for line in lines]
    if edge < whole and merkle.tree_root(leaves) != roots[edge]:
        raise Mismatch(f"records that give segment {edge} of {log}", "others")
    prefix = Frontier(0, ()).extended_by_subtrees(roots[:edge], width).extended(leaves[:rest])
    if prefix.root() != held.root:
        raise Fork(f"one history of {log}", f"another root at {held.size}", "keep both heads: they prove two histories")
    raise Mismatch(f"records that give the root of {log}", "others")
