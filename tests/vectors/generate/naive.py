"""The tree as RFC 6962 section 2.1 defines it, word for word and slowly: an answer that shares no code with ours."""

from hashlib import sha256


def leaf(line: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + line).digest()


def split(count: int) -> int:
    """The largest power of two below `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def root(leaves: list[bytes]) -> bytes:
    """MTH of leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) <= 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), root(leaves[k:])]
    return [*path(m - k, leaves[k:]), root(leaves[:k])]


def proof(m: int, leaves: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n])."""
    return _sub(m, leaves, True)


def _sub(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*_sub(m, leaves[:k], whole), root(leaves[k:])]
    return [*_sub(m - k, leaves[k:], False), root(leaves[:k])]


def frontier(leaves: list[bytes]) -> list[bytes]:
    """The roots of the perfect subtrees, largest first."""
    found, start = [], 0
    for bit in reversed(range(len(leaves).bit_length())):
        if len(leaves) >> bit & 1:
            found.append(root(leaves[start : start + (1 << bit)]))
            start += 1 << bit
    return found
