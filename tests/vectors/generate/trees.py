"""Leaves, roots, frontiers, inclusion and consistency, from the definition alone."""

from typing import Any

from tests.vectors.generate import naive
from tests.vectors.generate.form import Subject, b64

SIZES = (0, 1, 2, 3, 7, 8, 255, 256, 257, 1000)


def lines(count: int) -> list[bytes]:
    """The lines that `count` stands for."""
    return [b'{"i":%d}' % i for i in range(count)]


def leaves(count: int) -> list[bytes]:
    """Their leaf hashes."""
    return [naive.leaf(line) for line in lines(count)]


def texts(hashes: list[bytes]) -> list[str]:
    """Hashes in base64."""
    return [b64(h) for h in hashes]


def roots() -> Subject:
    """Leaf hashes and roots."""
    found = Subject("leaves-and-roots", 'The hash of a line, and the root of a tree. Line number i is {"i":<i>}.')
    for name, line in (
        ("a record", b'{"t":"offer","id":"a","qty":1}'),
        ("the same with a space: another leaf, no canonical form", b'{"t":"offer", "id":"a","qty":1}'),
        ("an empty line", b""),
        ("bytes that are no text", b'{"a":"\xff"}'),
        ("a line with CR, which belongs to it", b'{"t":"far"}\r'),
    ):
        found.ok(f"leaf of {name}", "4.3", "leaf", {"leaf": b64(naive.leaf(line))}, sent=line)
    for size in SIZES:
        name = "root of nothing: the hash of no bytes" if not size else f"root of {size}"
        found.ok(name, "5.1", "root", {"root": b64(naive.root(leaves(size)))}, {"count": size})
    for size in (255, 256, 1000):
        whole = [naive.root(leaves(size)[k : k + 256]) for k in range(0, size - 255, 256)]
        found.ok(f"roots of the whole segments of {size}", "5.3", "segments", {"roots": texts(whole)}, {"count": size})
    return found


def frontiers() -> Subject:
    """Frontiers, and growing from one."""
    found = Subject("frontiers", "The roots of the perfect subtrees, and a tree grown from them alone.")
    for size in SIZES:
        expect = {"size": size, "roots": texts(naive.frontier(leaves(size)))}
        found.ok(f"frontier of {size}", "5.2", "frontier", expect, {"count": size})
    for old, new in ((0, 3), (3, 7), (7, 8), (255, 257), (256, 512), (257, 1000)):
        given = {
            "size": old,
            "roots": texts(naive.frontier(leaves(old))),
            "lines": [line.decode() for line in lines(new)[old:]] if new < 600 else None,
            "to": new,
        }
        given = {key: value for key, value in given.items() if value is not None}
        expect = {"size": new, "root": b64(naive.root(leaves(new)))}
        found.ok(f"{old} grown to {new} from the frontier", "5.2", "extend", expect, given)
    return found


def _inclusion(index: int, size: int, **more: Any) -> dict[str, Any]:
    all_leaves = leaves(size)
    fields = {"index": index, "size": size, "leaf": b64(all_leaves[index]) if index < size else b64(naive.leaf(b"x"))}
    path = naive.path(index, all_leaves) if index < size else []
    return fields | {"path": texts(path), "root": b64(naive.root(all_leaves))} | more


def inclusion() -> Subject:
    """Inclusion paths."""
    found = Subject("inclusion", "RFC 6962 audit paths. `path` goes from the leaf to the root.")
    for index, size in ((0, 1), (0, 2), (1, 2), (2, 3), (6, 7), (5, 8), (255, 256), (256, 257), (0, 1000), (999, 1000)):
        found.ok(f"leaf {index} of {size}", "5.1", "inclusion", "holds", _inclusion(index, size))
    good = _inclusion(5, 8)
    path = good["path"]
    for name, changes, code in (
        ("the index is the size", {"index": 8}, "malformed"),
        ("the path of another index", {"index": 4}, "fork"),
        ("a size that is another tree's", {"size": 9}, "fork"),
        ("a path one hash short", {"path": path[:-1]}, "fork"),
        ("a path one hash long", {"path": [*path, path[0]]}, "fork"),
        ("two hashes swapped", {"path": [path[1], path[0], path[2]]}, "fork"),
        ("another leaf", {"leaf": b64(naive.leaf(b"other"))}, "fork"),
        ("a node given as a leaf", _inclusion(0, 2) | {"leaf": path[0]}, "fork"),
        ("a path where there is one leaf", _inclusion(0, 1) | {"path": path[:1]}, "fork"),
        ("nothing is in the empty tree", _inclusion(0, 1) | {"size": 0}, "malformed"),
    ):
        found.bad(name, "5.1", "inclusion", code, good | changes)
    return found


def _consistency(old: int, new: int, **more: Any) -> dict[str, Any]:
    all_leaves = leaves(new)
    fields = {
        "old": old,
        "new": new,
        "old_root": b64(naive.root(all_leaves[:old])),
        "new_root": b64(naive.root(all_leaves)),
    }
    return fields | {"path": texts(naive.proof(old, all_leaves))} | more


def consistency() -> Subject:
    """Consistency paths."""
    found = Subject("consistency", "RFC 6962 consistency proofs from a tree of `old` leaves to one of `new`.")
    for old, new in ((1, 2), (2, 3), (3, 7), (6, 8), (7, 8), (255, 257), (257, 1000)):
        found.ok(f"{old} to {new}", "5.1", "consistency", "holds", _consistency(old, new))
    for old, new in ((1, 3), (4, 7), (8, 255), (256, 1000)):
        name = f"{old}, a power of two, to {new}: the old root is not in the path"
        found.ok(name, "5.1", "consistency", "holds", _consistency(old, new))
    for size in (1, 7, 8, 256):
        found.ok(f"{size} to itself: no path", "5.1", "consistency", "holds", _consistency(size, size))
    good, power, other = _consistency(3, 7), _consistency(4, 7), b64(naive.leaf(b"other"))
    for name, given, code in (
        ("another old root", good | {"old_root": other}, "fork"),
        ("another new root", good | {"new_root": other}, "fork"),
        ("another old root where old is a power of two", power | {"old_root": other}, "fork"),
        ("equal sizes, another root", _consistency(7, 7) | {"new_root": other}, "fork"),
        ("equal sizes and a path", _consistency(7, 7) | {"path": power["path"]}, "fork"),
        ("no path at all", good | {"path": []}, "fork"),
        ("a path one hash short", good | {"path": good["path"][:-1]}, "fork"),
        ("a path one hash long", good | {"path": [*good["path"], other]}, "fork"),
        (
            "the old root put before the path of a power of two",
            power | {"path": [power["old_root"], *power["path"]]},
            "fork",
        ),
        ("from nothing there is no proof", good | {"old": 0}, "malformed"),
        ("old above new", good | {"old": 8}, "malformed"),
    ):
        found.bad(name, "5.1", "consistency", code, given)
    return found
