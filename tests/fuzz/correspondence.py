"""Targets of networks and cases: charters, messages, receipts, seals, witnesses, fork statements, bundles, codes."""

import hashlib

from tests.fuzz import samples
from tests.networks.kit import make_charter
from xstock_node.protocol import (
    bundle,
    chains,
    charter,
    codes,
    forks,
    heads,
    merkle,
    messages,
    paper,
    paths,
    sealing,
    witness,
)
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.messages import NOTHING, Link
from xstock_node.protocol.names import LogId
from xstock_node.protocol.witness import WitnessRequest
from xstock_node.testing.nodes import make_sealing, make_signer

BG, HR, NOW = "redcross.bg", "redcross.hr", samples.NOW
CASE = "a" * 16
SIGNER = make_signer(BG)
CHARTER = make_charter("see", [BG, HR])
SECOND = make_charter("see", [BG, HR, "redcross.rs"], 2, CHARTER)


def _message(n: int, previous: str, body: bytes) -> bytes:
    text = messages.write("see", BG, HR, CASE, Link(NOW, n, ""), previous, NOTHING, NOW, body)
    return messages.sign(text, SIGNER)


FIRST = _message(1, "", b'{"step":"request","lines":[{"item":"HSHETENTF16C","qty":[5,0],"unit":"H87"}]}')
HELD = messages.parse(FIRST)
SIDE = b'{"kind":"phone","text":"+359 2 123","n":"AAAAAAAAAAAAAAAA"}'
LATER = _message(
    2, HELD.link.hash, b'{"step":"accept","side":["%s"],"tlp":"amber"}' % hashlib.sha256(SIDE).hexdigest().encode()
)
MESSAGES = [FIRST, LATER, _message(1, "", b'{"step":"notify","crit":[1],"x":{"y":[true,null]}}')]
RECEIPTS = [messages.sign(messages.write_receipt(messages.parse(raw), NOW), make_signer(HR)) for raw in MESSAGES]
LEAVES = [merkle.leaf_hash(b"%d" % n) for n in range(9)]


def _head(size: int, leaves: list[bytes]) -> bytes:
    head = Head(LogId(BG, "see.audit", NOW), size, merkle.tree_root(leaves[:size]), NOW + size, 0)
    return heads.sign(head, SIGNER)


def _root(start: int, end: int) -> bytes:
    return merkle.tree_root(LEAVES[start:end])


OTHER = [*LEAVES[:3], *LEAVES[5:]]
PATH = tuple(merkle.consistency_path(5, 9, _root))
FORKS = [
    forks.write(_head(4, LEAVES), _head(4, OTHER)),
    forks.write(_head(5, OTHER), _head(9, LEAVES), _root(0, 5), PATH),
]
WITNESSING = [
    witness.write_request(WitnessRequest(5, PATH, _head(9, LEAVES))),
    witness.write_request(WitnessRequest(0, (), _head(3, LEAVES))),
]
ENTRIES = [
    Entry("charter", CHARTER.raw),
    Entry("message", FIRST),
    Entry("side", SIDE),
    Entry("odd", b"x"),
    Entry("head", b""),
]
BUNDLES = [b"".join(bundle.write(ENTRIES)), b"".join(bundle.write(ENTRIES[:1])), bundle.FIRST_LINE]
OPENS = [make_sealing(HR), sealing.SealingKey.from_seed(bytes(range(96)))]
SEALED = [sealing.seal(FIRST, key.public, BG, HR) for key in OPENS]
PAPERS = ["\n".join(paper.write(bytes(range(n, n + 32)))).encode() for n in (0, 100)]
CODES = ["\n".join(codes.split(BUNDLES[0])).encode(), "\n".join(codes.split(bytes(3000))).encode()]
TARGETS_OF_PATHS = [
    b"GET /xs/1/log/redcross.bg/see.pub/1/proof/3?size=9",
    b"PUT /xs/1/relay/redcross.hr/" + b"0" * 64,
    b"GET /xs/1/cases?with=redcross.hr&start=5&case=" + CASE.encode(),
    b"POST /xs/1/apply",
]


def run_charter(data: bytes) -> str:
    """Only a text that enough governors signed is a charter, and only the true second one follows the first."""
    found = charter.parse(data)
    assert found.note.text in (CHARTER.note.text, SECOND.note.text)
    charter.check_successor(CHARTER, found)
    return "taken"


def run_message(data: bytes) -> str:
    """Whatever a message says, it has one place in a chain, or none."""
    found = messages.parse(data)
    assert found.link.hash == hashlib.sha256(found.note.text.encode()).hexdigest()
    try:
        chains.place([HELD.link], found)
        messages.check_side_lines(found.step, (SIDE,))
    except ProtocolError:
        return "no place"
    return "taken"


def run_receipt(data: bytes) -> str:
    """A receipt is of one message."""
    assert messages.parse_receipt(data).of != NOTHING
    return "taken"


def run_fork(data: bytes) -> str:
    """A statement that is taken shows two heads of one epoch that no tree holds, or two epochs side by side."""
    found = forks.parse(data)
    if not found.shows_twins:
        assert found.shorter.log == found.longer.log and found.shorter.size <= found.longer.size
    return "taken"


def run_witness(data: bytes) -> str:
    """A head is witnessed only with a proof from the one before."""
    found = witness.parse_request(data)
    new = heads.parse(found.note)[0]
    held = heads.parse(_HELD)[0] if found.old else None
    witness.check_growth(held, new, found)
    return "taken"


_HELD = _head(5, LEAVES)


def run_cosignature(data: bytes) -> str:
    """Lines of a witness: only the true one holds."""
    for line in witness.parse_lines(data):
        witness.verify("text\n", line, HR, make_signer(HR).public)
    return "taken"


def run_bundle(data: bytes) -> str:
    """What comes out of a bundle goes back into the same bytes, but for kinds that nobody knows."""
    found = list(bundle.parse(data))
    assert all(entry.kind in bundle.KINDS and len(entry.data) <= bundle.MOST[entry.kind] for entry in found)
    assert len(b"".join(bundle.write(found))) <= len(data) + 64
    return "taken"


def run_sealed(data: bytes) -> str:
    """Nothing but what was sealed comes out."""
    assert sealing.unseal(data, OPENS, BG, HR) == FIRST
    return "taken"


def run_paper(data: bytes) -> str:
    """Eight lines that fit are the secret that was printed, or one whose checks all fit."""
    secret = paper.read(data.decode("utf-8", "replace"))
    assert paper.read("\n".join(paper.write(secret))) == secret
    return "taken"


def run_codes(data: bytes) -> str:
    """Pieces in any order give a whole, or an error."""
    codes.join(data.decode("utf-8", "replace").splitlines())
    return "taken"


def run_path(data: bytes) -> str:
    """A target means one path of the table, or none."""
    method, _, target = data.decode("utf-8", "replace").partition(" ")
    path, args = paths.find(method, target)
    assert path in paths.PATHS and all(isinstance(value, str) for value in args.values())
    return "taken"


COSIGNED = [witness.cosign("text\n", make_signer(HR), NOW).encode()]
