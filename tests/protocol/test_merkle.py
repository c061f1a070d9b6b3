"""The Merkle tree against RFC 6962, section 2.1, written as it stands there."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.protocol import merkle
from xstock_node.protocol.errors import Fork, ProtocolError
from xstock_node.protocol.merkle import Frontier

SIZES = [0, 1, 2, 3, 7, 8, 255, 256, 257, 1000]
LEAVES = [merkle.leaf_hash(b'{"n":%d}' % n) for n in range(1000)]
OTHER = sha256(b"other").digest()


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path_of(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(leaves) <= 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path_of(m, leaves[:k]), mth(leaves[k:])]
    return [*path_of(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def range_root(start: int, end: int) -> bytes:
    return mth(LEAVES[start:end])


def test_a_leaf_hash_is_of_the_bytes_behind_a_zero() -> None:
    assert merkle.leaf_hash(b"{}") == sha256(b"\x00{}").digest()
    assert sha256(b"").digest() == merkle.EMPTY_ROOT


@pytest.mark.parametrize("size", SIZES)
def test_roots_are_those_of_the_rfc(size: int) -> None:
    assert merkle.tree_root(LEAVES[:size]) == mth(LEAVES[:size])


@pytest.mark.parametrize("size", SIZES)
def test_a_frontier_holds_one_root_for_each_bit_of_the_size(size: int) -> None:
    frontier = Frontier(0, ()).extended(LEAVES[:size])
    expected, start = [], 0
    for bit in reversed(range(11)):
        if size >> bit & 1:
            expected.append(mth(LEAVES[start : start + (1 << bit)]))
            start += 1 << bit
    assert (frontier.size, list(frontier.roots)) == (size, expected)


@given(st.lists(st.integers(0, 300), max_size=6))
def test_a_frontier_does_not_depend_on_how_appends_are_split(parts: list[int]) -> None:
    frontier, position = Frontier(0, ()), 0
    for count in parts:
        more = LEAVES[position : position + count]
        frontier, position = frontier.extended(more), position + len(more)
    assert frontier == Frontier(0, ()).extended(LEAVES[:position])
    assert frontier.root() == mth(LEAVES[:position])


@given(st.sampled_from([2, 8, 256]), st.lists(st.integers(0, 700), max_size=5))
def test_growing_gives_the_frontier_and_every_completed_segment_once(width: int, parts: list[int]) -> None:
    frontier, position, segments = Frontier(0, ()), 0, {}
    for count in parts:
        more = LEAVES[position : position + count]
        begin = position - position % width
        before = list(LEAVES[begin:position])
        frontier, new = merkle.grow(frontier, more, lambda b=before: b, width)
        assert not segments.keys() & new.keys()
        segments |= new
        position += len(more)
    assert frontier == Frontier(0, ()).extended(LEAVES[:position])
    assert segments == {n: mth(LEAVES[n * width : (n + 1) * width]) for n in range(position // width)}


def test_subtrees_extend_a_frontier_only_at_their_own_edge() -> None:
    roots = [mth(LEAVES[:256]), mth(LEAVES[256:512])]
    assert Frontier(0, ()).extended_by_subtrees(roots, 256).root() == mth(LEAVES[:512])
    with pytest.raises(ProtocolError):
        Frontier(0, ()).extended(LEAVES[:3]).extended_by_subtrees(roots, 256)
    with pytest.raises(ProtocolError):
        Frontier(0, ()).extended_by_subtrees(roots, 3)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 13, 255, 256, 257])
def test_inclusion_paths_are_those_of_the_rfc_and_hold(size: int) -> None:
    root = mth(LEAVES[:size])
    for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        path = merkle.inclusion_path(index, size, range_root)
        assert path == path_of(index, LEAVES[:size])
        merkle.verify_inclusion(LEAVES[index], index, size, path, root)


@pytest.mark.parametrize(("index", "size"), [(0, 1), (0, 2), (2, 3), (5, 7), (3, 8), (6, 13), (256, 257)])
def test_an_inclusion_proof_fails_for_each_changed_part(index: int, size: int) -> None:
    path, root, leaf = path_of(index, LEAVES[:size]), mth(LEAVES[:size]), LEAVES[index]
    wrong: list[tuple[bytes, int, int, list[bytes], bytes]] = [
        (OTHER, index, size, path, root),
        (leaf, index, size, path, OTHER),
        (leaf, index, size, [*path, OTHER], root),
        *[(leaf, i, size, path, root) for i in range(-1, size + 2) if i != index],
        *[(leaf, index, size, [*path[:i], OTHER, *path[i + 1 :]], root) for i in range(len(path))],
        *[(leaf, index, size, path[:i] + path[i + 1 :], root) for i in range(len(path))],
    ]
    # A path fixes the tree's depth and shape, not the size itself: sizes of the same shape are told apart by the root.
    wrong += [(leaf, index, s, path, root) for s in range(size * 3) if len(path_of(index, LEAVES[:s])) != len(path)]
    for case in wrong:
        with pytest.raises(ProtocolError):
            merkle.verify_inclusion(*case)


@pytest.mark.parametrize("new", [1, 2, 3, 7, 8, 13, 255, 256, 257])
def test_consistency_paths_are_those_of_the_rfc_and_hold(new: int) -> None:
    for old in {1, 2, 3, 4, 8, 128, new // 2, new - 1, new} & set(range(1, new + 1)):
        path = merkle.consistency_path(old, new, range_root)
        assert path == subproof(old, LEAVES[:new], True)
        merkle.verify_consistency(old, new, mth(LEAVES[:old]), mth(LEAVES[:new]), path)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (2, 3), (3, 7), (4, 7), (4, 8), (6, 8), (7, 7), (8, 13), (200, 257)])
def test_a_consistency_proof_fails_for_each_changed_part(old: int, new: int) -> None:
    path, before, after = subproof(old, LEAVES[:new], True), mth(LEAVES[:old]), mth(LEAVES[:new])
    wrong: list[tuple[int, int, bytes, bytes, list[bytes]]] = [
        (old, new, OTHER, after, path),
        (old, new, before, OTHER, path),
        (old, new, before, after, [*path, OTHER]),
        (0, new, before, after, path),
        (new + 1, new, before, after, path),
        *[(old, new, before, after, [*path[:i], OTHER, *path[i + 1 :]]) for i in range(len(path))],
        *[(old, new, before, after, path[:i] + path[i + 1 :]) for i in range(len(path))],
    ]
    for case in wrong:
        with pytest.raises(ProtocolError):
            merkle.verify_consistency(*case)


@given(st.integers(1, 64), st.integers(1, 64), st.integers(0, 63))
def test_a_rewritten_record_has_no_consistency_proof(old: int, more: int, at: int) -> None:
    leaves = LEAVES[: old + more]
    rewritten = [*leaves]
    rewritten[at % old] = OTHER
    path = subproof(old, rewritten, True)
    with pytest.raises(Fork):
        merkle.verify_consistency(old, old + more, mth(leaves[:old]), mth(rewritten), path)
