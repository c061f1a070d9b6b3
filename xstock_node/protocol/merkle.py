"""The Merkle tree of RFC 6962, section 2.1: hashes, frontier, proofs (xs1 5.1).

A tree is known by its size and its `Frontier`: the roots of its perfect subtrees, largest first. Proofs are built
from a function that gives the root of any range of leaves, so that whoever stores the leaves decides how.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from xstock_node.protocol.errors import Fork, ProtocolError

EMPTY_ROOT = sha256(b"").digest()
RangeRoot = Callable[[int, int], bytes]


def leaf_hash(line: bytes) -> bytes:
    """The hash of one record line, without its newline (xs1 4.3)."""
    return sha256(b"\x00" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def _pair_up(level: Sequence[bytes]) -> list[bytes]:
    return [sha256(b"\x01" + a + b).digest() for a, b in zip(level[::2], level[1::2], strict=False)]


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """The root of any number of leaf hashes."""
    return Frontier(0, ()).extended(leaves).root()


class Frontier(NamedTuple):
    """`roots[i]` covers the i-th set bit of `size`, from the highest (xs1 5.2)."""

    size: int
    roots: tuple[bytes, ...]

    def extended(self, leaves: Sequence[bytes]) -> "Frontier":
        """The frontier after `leaves` more leaf hashes."""
        return self._extended(leaves, 1)

    def extended_by_subtrees(self, roots: Sequence[bytes], width: int) -> "Frontier":
        """The frontier after perfect subtrees of `width` leaves each; `size` must be a multiple of `width`."""
        if self.size % width or width & (width - 1):
            raise ProtocolError(f"a tree of a multiple of {width} leaves", self.size)
        return self._extended(roots, width)

    def _extended(self, level: Sequence[bytes], width: int) -> "Frontier":
        size = self.size + len(level) * width
        stack = list(self.roots)
        done: list[bytes] = []
        bit = width
        position = self.size
        while True:
            if position & bit and level:
                level = [stack.pop(), *level]
                position -= bit
            elif position & bit:
                done.append(stack.pop())
                position -= bit
            if len(level) % 2:
                done.append(level[-1])
            level = _pair_up(level)
            bit *= 2
            if not level and not stack:
                return Frontier(size, tuple(reversed(done)))

    def root(self) -> bytes:
        """The tree's root."""
        if not self.roots:
            return EMPTY_ROOT
        value = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            value = node_hash(left, value)
        return value


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def inclusion_path(index: int, size: int, range_root: RangeRoot) -> list[bytes]:
    """The audit path of leaf `index` in a tree of `size`, leaf to root."""
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(middle, end))
            end = middle
        else:
            path.append(range_root(start, middle))
            start = middle
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise `Fork` unless `leaf` stands at `index` of the tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        raise ProtocolError(f"an index below {size}", index)
    position, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Fork("a shorter path", f"{len(path)} hashes")
        if position & 1 or position == last:
            value = node_hash(sibling, value)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            value = node_hash(value, sibling)
        position >>= 1
        last >>= 1
    if last or value != root:
        raise Fork("a path that ends at the head's root", value.hex())


def consistency_path(old: int, new: int, range_root: RangeRoot) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of that of `new` (RFC 6962, section 2.1.2)."""
    if not 0 < old <= new:
        raise ProtocolError(f"a size between 1 and {new}", old)
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(middle, end))
            end = middle
        else:
            path.append(range_root(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(start, end))
    return path[::-1]


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Raise `Fork` unless the proof leads from `old_root` to `new_root` (RFC 9162, section 2.1.4.2)."""
    if not 0 < old <= new:
        raise ProtocolError(f"a size between 1 and {new}", old)
    if old == new:
        if path or old_root != new_root:
            raise Fork("equal roots and no path for equal sizes", f"{len(path)} hashes")
        return
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if not hashes:
        raise Fork("a path", "none")
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    left = right = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise Fork("a shorter path", f"{len(path)} hashes")
        if position & 1 or position == last:
            left, right = node_hash(sibling, left), node_hash(sibling, right)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            right = node_hash(right, sibling)
        position >>= 1
        last >>= 1
    if last or left != old_root or right != new_root:
        raise Fork("a path from the old root to the new one", right.hex())


def grow(
    frontier: Frontier, leaves: Sequence[bytes], open_leaves: Callable[[], Sequence[bytes]], width: int
) -> tuple[Frontier, dict[int, bytes]]:
    """The frontier after `leaves`, and the roots of the segments of `width` leaves that they complete, by number.

    `open_leaves` gives the leaves of the last unfinished segment; it is asked only when that segment fills up.
    """
    offset = frontier.size % width
    first = frontier.size // width
    if offset + len(leaves) < width:
        return frontier.extended(leaves), {}
    edge = (width - offset) % width
    roots: dict[int, bytes] = {}
    if edge:
        roots[first] = tree_root([*open_leaves(), *leaves[:edge]])
        frontier = frontier.extended(leaves[:edge])
        first += 1
    whole = [leaves[i : i + width] for i in range(edge, len(leaves) - width + 1, width)]
    subtree_roots = [tree_root(segment) for segment in whole]
    roots.update(enumerate(subtree_roots, first))
    frontier = frontier.extended_by_subtrees(subtree_roots, width)
    return frontier.extended(leaves[edge + len(whole) * width :]), roots
