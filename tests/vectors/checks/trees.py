"""Leaves, roots, frontiers and proofs."""

from typing import Any

from tests.vectors.checks.form import Check, Given, b64, lines_of, unb64
from xstock_node.protocol import limits, merkle
from xstock_node.protocol.merkle import Frontier


def leaf(sent: bytes, given: Given) -> Any:
    return {"leaf": b64(merkle.leaf_hash(sent))}


def _leaves(given: Given) -> list[bytes]:
    return [merkle.leaf_hash(line) for line in lines_of(given)]


def root(sent: bytes, given: Given) -> Any:
    return {"root": b64(merkle.tree_root(_leaves(given)))}


def segments(sent: bytes, given: Given) -> Any:
    _, roots = merkle.grow(Frontier(0, ()), _leaves(given), list, limits.SEGMENT)
    return {"roots": [b64(roots[k]) for k in sorted(roots)]}


def frontier(sent: bytes, given: Given) -> Any:
    found = Frontier(0, ()).extended(_leaves(given))
    return {"size": found.size, "roots": [b64(r) for r in found.roots]}


def extend(sent: bytes, given: Given) -> Any:
    lines = lines_of(given if "lines" in given else {"count": given["to"]})
    new = [merkle.leaf_hash(line) for line in (lines if "lines" in given else lines[given["size"] :])]
    found = Frontier(given["size"], tuple(unb64(r) for r in given["roots"])).extended(new)
    return {"size": found.size, "root": b64(found.root())}


def inclusion(sent: bytes, given: Given) -> Any:
    path = [unb64(h) for h in given["path"]]
    merkle.verify_inclusion(unb64(given["leaf"]), given["index"], given["size"], path, unb64(given["root"]))
    return "holds"


def consistency(sent: bytes, given: Given) -> Any:
    path = [unb64(h) for h in given["path"]]
    old, new = given["old"], given["new"]
    merkle.verify_consistency(old, new, unb64(given["old_root"]), unb64(given["new_root"]), path)
    return "holds"


CHECKS: dict[str, Check] = {
    "leaf": leaf,
    "root": root,
    "segments": segments,
    "frontier": frontier,
    "extend": extend,
    "inclusion": inclusion,
    "consistency": consistency,
}
