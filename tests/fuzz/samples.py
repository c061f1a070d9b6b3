"""Valid inputs of every target; mutations begin here. Keys and salts are made from names: every run is the same."""

import json
import struct
import zlib

import msgspec

from xstock_node.protocol import frames, gossip, heads, identity, keys, limits, merkle, notes, proof, records, requests
from xstock_node.protocol.gossip import GossipRequest, GossipResponse, PullRequest, Range, Want
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.names import LogId
from xstock_node.protocol.records import Still, Withdraw
from xstock_node.testing import make_offer
from xstock_node.testing.nodes import make_identity, make_signer

NAME = "redcross.bg"
NOW = 1_790_000_000
SIGNER, WITNESS, ROOT_KEY = make_signer(NAME), make_signer("witness.example"), make_signer(NAME, "root")
KNOWN = {NAME: [SIGNER.public]}
LOG = LogId(NAME, "see.pub", NOW)
ANY_ROOT = bytes(range(32))


def find_key(name: str, key_id: bytes) -> bytes | None:
    """The one key that is known."""
    return SIGNER.public if (name, key_id) == (NAME, SIGNER.key_id) else None


_OFFER = make_offer(1, NOW)
_NARROW = make_offer(2, NOW, name='Шатор \\ "quoted" 16 m²', best="2027-12-31", at=None, crit=("qty",))
_WITHDRAW = Withdraw(id=_OFFER.id, ts=NOW, exp=_OFFER.exp, n=_OFFER.n, why="lent at home")
_STILL = Still(id=_OFFER.id, ts=NOW, exp=_OFFER.exp, n=_OFFER.n, src="stock")
LINES = [records.encode(one) for one in (_OFFER, _NARROW, _WITHDRAW, _STILL)] + [
    records.encode(make_offer(n, NOW)) for n in range(3, 6)
]
RECORDS = [
    *LINES[:4],
    json.dumps(dict(reversed(json.loads(LINES[0]).items())), ensure_ascii=False).encode(),
    json.dumps(json.loads(LINES[1]) | {"note": [1, None, True, {"a": "b"}]}).encode(),
    b'{"t":"far","id":"aaaaaaaaaaaaaaaa","x":[[[1]]]}',
    b'{"t":"offer","crit":["new"],"new":1}',
]
LEAVES = [merkle.leaf_hash(line) for line in LINES]
ROOT = merkle.tree_root(LEAVES)

HEAD = Head(LOG, 512, ANY_ROOT, NOW, 256, Base(NOW - 9, 300, ANY_ROOT))
_FIRST = Head(LogId("redcross.hr", "see.x-flood27", 7), 0, merkle.EMPTY_ROOT, 7, 0)
_VECTOR = Head(LogId(NAME, "pub", 1), 3, ANY_ROOT, NOW, 0, based=False)
_FULL = Head(LOG, len(LEAVES), ROOT, NOW, 0)
_GROWN = HEAD._replace(size=768, time=NOW + 9, minimum=512)
HEAD_NOTES = [heads.sign(one, SIGNER) for one in (HEAD, _FIRST, _VECTOR, _GROWN)]
HEAD_NOTES.append(notes.sign(_FULL.text(), SIGNER, WITNESS))

STATEMENTS = [
    msgspec.json.encode(one)
    for one in (
        Statement(expires=2_000_000_000, keys=(keys.to_base64(SIGNER.public),)),
        Statement(
            expires=2_000_000_000,
            keys=(keys.to_base64(SIGNER.public), keys.to_base64(WITNESS.public)),
            urls=("https://node.example/x/", "http://127.0.0.1:8080"),
            seal=("A" * 43 + "=",),
            relays=("redcross.hr",),
            organisation={"bg": "Български Червен кръст", "en": "Bulgarian Red Cross"},
            country="BG",
            languages=("bg", "en"),
            networks=("see",),
        ),
    )
]
OWN_STATEMENTS = [
    STATEMENTS[0],
    msgspec.json.encode(
        Statement(
            expires=2_000_000_000,
            keys=(keys.to_base64(SIGNER.public),),
            urls=("https://node.example/x/",),
            organisation={"de": "Rotes Kreuz"},
            languages=("hr",),
        )
    ),
]
_SECOND = make_signer(NAME, "second")
IDENTITIES: list[Identity] = [
    make_identity(NAME, "https://node.example/x")[0],
    identity.parse(
        identity.sign(
            NAME,
            2,
            Statement(expires=2_000_000_000, keys=(keys.to_base64(SIGNER.public), keys.to_base64(_SECOND.public))),
            ROOT_KEY,
            (SIGNER, _SECOND),
        )
    ),
]
IDENTITY_NOTES = [one.raw for one in IDENTITIES]
IDENTITY_TEXTS = {raw.rpartition(b"\n\n")[0] for raw in IDENTITY_NOTES}

_FRAME = frames.encode(LOG, 0, LINES[:2], 2)
STREAMS = [
    frames.encode(LOG, 0, LINES, len(LINES)),
    _FRAME + frames.encode(LOG, 256, [frames.hash_line(leaf) for leaf in LEAVES[:3]], 3, roots=True),
    frames.encode(LOG, 2, [LINES[2], frames.hash_line(LEAVES[3]), b"poison", b""], 4) + frames.encode(LOG, 9, [], 0),
    b"",
]


def _stream(line: bytes, count: int = 2**20) -> bytes:
    count = min(count, (limits.STREAM_BODY - 100) // (len(line) + 1), limits.STREAM_LINES - 1)
    return frames.encode(LOG, 0, [line] * count, count)


SLOW_STREAMS = [
    *map(_stream, (b"", b"a", b"{}", b"x" * 31, frames.hash_line(ANY_ROOT), LINES[0], b"x" * 8193)),
    frames.header(LOG, 0, 0) * 16_384,
    b"@ " + b"/" * (limits.STREAM_BODY - 10) + b" 0 0\n",
    b"\n" * limits.STREAM_BODY,
]

_NOTES = tuple(note.decode() for note in HEAD_NOTES[:2])
GOSSIP_REQUESTS = [
    msgspec.json.encode(one)
    for one in (
        GossipRequest(network="see", cursor="ab12.17", all=gossip.digest([(LOG, 3, ROOT)]), notes=_NOTES),
        GossipRequest(network="see"),
        GossipRequest(network="see", notes=_NOTES[:1], frames=_FRAME.decode()),
    )
]
GOSSIP_RESPONSES = [
    msgspec.json.encode(one)
    for one in (
        GossipResponse(cursor="ab12.17", all=gossip.digest([]), notes=_NOTES, want=(Want(str(LOG), 512),), mail=3),
        GossipResponse(cursor="ab12.18", more=True),
    )
]
PULL_REQUESTS = [
    msgspec.json.encode(PullRequest((Range(log=str(LOG), start=0, count=256),))),
    msgspec.json.encode(
        PullRequest((Range(log=str(LOG), start=256, count=7, roots=True), Range(log="a.b/xs1/c/1", start=0, count=0)))
    ),
]
JSONS = [
    *GOSSIP_REQUESTS[:1],
    *RECORDS,
    b'[0,-1,"a",null,true,{"a":{"b":[[]]}}]',
    b'"\\ud83d\\ude00"',
    b"9007199254740991",
]


def _path(index: int) -> list[bytes]:
    return merkle.inclusion_path(index, len(LEAVES), lambda a, b: merkle.tree_root(LEAVES[a:b]))


PORTABLE = [
    proof.build(LINES[0], 0, _path(0), HEAD_NOTES[-1]),
    proof.build(LINES[6], 6, _path(6), heads.sign(_FULL, SIGNER)),
    proof.build(LINES[3], 3, _path(3), heads.sign(_FULL, SIGNER)).replace(b"index", b"extra AAAA\nindex"),
    proof.build(LINES[3], 3, _path(3), heads.sign(_FULL, make_signer(NAME, "unknown"))),
]

METHOD, TARGET = "POST", "https://node.example/x/xs/1/gossip?a=%20b"


def _request(body: bytes, created: int) -> bytes:
    digest = requests.content_digest(body) if body else None
    fields = requests.sign(SIGNER, METHOD, TARGET, digest, created)
    lines = [fields["Signature-Input"], fields["Signature"], digest or "", METHOD, TARGET]
    return "\n".join(lines).encode() + b"\n" + body


REQUESTS = [_request(b'{"network":"see"}', NOW), _request(b"", NOW - 299), _request(b"", NOW + 301)]
NAMES = [
    *(NAME.encode(), b"see", b"9007199254740991", b"0", str(LOG).encode(), _OFFER.id.encode(), b"journal.17"),
    *(
        b"a" * 63 + b"." + b"b" * 36,
        b"a-b.c-d.e",
        b"redcross.bg/xs1/pub/1",
        b"redcross.bg/xs1/see.x-flood27/1790000000",
    ),
]
BASE64 = [keys.to_base64(data).encode() for data in (b"", b"a", b"ab", b"abc", ANY_ROOT, ANY_ROOT * 3)]
SIGNED = {(s.public, s.sign(m), m) for s in (SIGNER, WITNESS) for m in (b"", b"message", _FULL.text().encode())}

INCLUSIONS = [struct.pack(">BQQ", i, i, len(LEAVES)) + b"".join(_path(i)) for i in range(len(LEAVES))]
CONSISTENCIES = [
    struct.pack(">QQ", old, len(LEAVES))
    + merkle.tree_root(LEAVES[:old])
    + b"".join(merkle.consistency_path(old, len(LEAVES), lambda a, b: merkle.tree_root(LEAVES[a:b])))
    for old in range(1, len(LEAVES) + 1)
]


def _pack(chosen: int, body: bytes, level: int = 6) -> bytes:
    return bytes([chosen]) + zlib.compress(body, level, wbits=31)


PACKED = [
    _pack(0, GOSSIP_REQUESTS[0]),
    _pack(2, STREAMS[0] * 4),
    _pack(2, bytes(1000), 0),
    _pack(1, b"short"),
    _pack(0, bytes(100_000)),
    b"\x03" + GOSSIP_REQUESTS[1],
    b"\x05" + GOSSIP_REQUESTS[1],
    _pack(0, b"one") + zlib.compress(b"two", wbits=31),
    b"\x00\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x03\x02\x00ab" + b"name\x00comment\x00\x00\x00" + b"\x03\x00" + bytes(8),
]
# Empty blocks, each with Huffman tables to build: slow, and nothing comes of them.
_BLOCKS = bytes.fromhex(
    "04c081000000000010ffd524000e040000000080f8af260170200000000000c47f35098003010000000020feab49001c080000000000f15f4d"
    "02e040000000000088ff6a120007020000000040fc57930038100000000000e2bf9a"
)
_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\x03"
PACKED.append(b"\x02" + _GZIP + _BLOCKS * 2 + b"\x03\x00" + bytes(8))
SLOW_GZIP = [b"\x02" + _GZIP + _BLOCKS * (limits.GOSSIP_BODY // len(_BLOCKS) - 1) + b"\x03\x00" + bytes(8)]
URLS = [
    *(b"https://node.example/x", b"http://127.0.0.1:8080/", b"https://[::ffff:10.0.0.1]:443", b"https://1.1.1.1"),
    *(
        b"https://[fe80::1%25eth0]/",
        b"https://user@node.example/",
        b"https://node.example:99999",
        b"https://[64:ff9b::a00:1]",
    ),
]

# What the ingest target reads: eight control bytes, then the lines of the log's growth.
INGESTS = [
    bytes(8) + b"\n".join(LINES[:2]),
    bytes(8) + b"\n".join(RECORDS),
    bytes([1, 0, 0, 0, 0, 0, 0, 0]) + b"\n".join([LINES[2], b"poison", b"", frames.hash_line(LEAVES[0])]),
    bytes([2, 1, 0, 0, 0, 0, 0, 0]) + LINES[3],
    bytes([0, 2, 1, 0, 0, 0, 0, 0]) + LINES[4],
    bytes([1, 0, 0, 1, 0, 0, 0, 0]) + LINES[5],
    bytes([0, 0, 0, 0, 1, 40, 1, 0]) + LINES[6],
]
