"""The registry of targets: a new decoder is one `Target` more in `TARGETS`.

A target is called with any bytes. It returns a word for what came of them; a `ProtocolError` counts as "refused".
Anything else that it raises is a failure, an oracle's `AssertionError` among them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from tests.fuzz import correspondence as c
from tests.fuzz import samples
from tests.fuzz.ingest import Ingest
from xstock_node.domain.search import offer_key, plain_key
from xstock_node.protocol import frames, gossip, heads, identity, keys, limits, merkle, names, notes, proof, records
from xstock_node.protocol import requests as signatures
from xstock_node.protocol.decode import decode, strict_json
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.plain_offers import read_plain
from xstock_node.storage.values import Indexed
from xstock_node.transport.addresses import check_url
from xstock_node.transport.coding import inflate

Run = Callable[[bytes], str]
MANY_LINES = 10_000


class Target(NamedTuple):
    """`most` bytes is what a decoder may be handed; `outcomes` those that a run of any length must have seen.

    `slow` are inputs made to be slow, beside the extremes that are made from the samples.
    """

    name: str
    samples: Sequence[bytes]
    run: Run
    most: int
    outcomes: tuple[str, ...] = ("taken", "refused")
    slow: Sequence[bytes] = ()


def run_json(data: bytes) -> str:
    """What is taken is as strict as msgspec has it, or stricter, and says the same."""
    value = strict_json(data)
    assert msgspec.json.decode(data) == value
    return "taken"


def struct(kind: type[Any], most: int) -> Run:
    """`decode` of one type; what is taken encodes to something that decodes to the same."""

    def run(data: bytes) -> str:
        value = decode(data, kind, most)
        again = msgspec.json.encode(value)
        if len(again) <= most:
            assert decode(again, kind, most) == value
        return "taken"

    return run


def run_note(data: bytes) -> str:
    """A note that is taken has one form: text, empty line and signature lines give its bytes."""
    note = notes.parse(data, limits.IDENTITY_NOTE)
    lines = [f"{notes.DASH} {s.name} {keys.to_base64(s.key_id + s.signature)}\n" for s in note.signatures]
    assert f"{note.text}\n{''.join(lines)}".encode() == data
    if note.signatures[0].name == samples.NAME:
        note.verify(samples.NAME, samples.SIGNER.public)
    return "taken"


def run_head(data: bytes) -> str:
    """A head that is taken has one form; whatever it says, it is compared with the one held."""
    head, note = heads.parse(data)
    assert head.text() == note.text
    try:
        heads.check_time(head, samples.NOW)
        heads.check_successor(samples.HEAD, head)
    except ProtocolError:
        return "no successor"
    return "taken"


def run_identity(data: bytes) -> str:
    """Only the true identity's text is taken: everything else breaks a signature."""
    found = identity.parse(data)
    text = found.raw.rpartition(b"\n\n")[0]
    assert text in samples.IDENTITY_TEXTS
    identity.check_successor(samples.IDENTITIES[0], found)
    found.url(), found.digits(), found.title()
    return "taken"


def run_signed_identity(data: bytes) -> str:
    """A statement, whatever it says, in a note whose signatures hold: of a member that writes odd things."""
    line = data.replace(b"\n", b" ").decode("utf-8", "replace")
    root = keys.to_base64(samples.ROOT_KEY.public)
    text = f"{identity.FIRST_LINE}\n{samples.NAME}\nversion 3\nroot {root}\n{line}\n"
    found = identity.parse(notes.sign(text, samples.ROOT_KEY, samples.SIGNER))
    identity.check_successor(samples.IDENTITIES[0], found)
    assert found.key_by_id(samples.SIGNER.key_id) == samples.SIGNER.public
    assert isinstance(found.title(), str)
    if found.url():
        check_url(found.url(), allow_private=True)
    return "taken"


def run_record(data: bytes) -> str:
    """Interpreting never raises. What is understood can be written again and then says the same."""
    found = records.interpret(data)
    if isinstance(found, records.Defect | records.Foreign):
        return type(found).__name__.lower()
    assert found == records.interpret(msgspec.json.encode(found))
    return "taken"


def run_record_strictly(data: bytes) -> str:
    """The fast ways of reading a record take nothing that the strict way would not, and say the same."""
    found = records.interpret(data)
    plain = read_plain(data)
    if plain is not None:
        assert type(found) is records.Offer
        assert Indexed.of_plain(0, plain, plain_key(plain)) == Indexed.of(0, found, offer_key(found))
    if isinstance(found, records.Defect):
        return "refused"
    value = strict_json(data)
    assert value["t"] == (found.t if isinstance(found, records.Foreign) else found.__struct_config__.tag)
    return "taken"


def run_frames(data: bytes) -> str:
    """Every frame can be written again; what is not over a record's length is as it was sent."""
    count = 0
    again: list[bytes] = []
    for frame in frames.parse(data):
        count += 1
        again.append(frames.encode(frame.log, frame.start, frame.lines, len(frame.lines), frame.roots))
        if len(frame.lines) < MANY_LINES:  # hashing more of them takes longer than reading them, in the writer's thread
            assert all(len(leaf) == 32 for leaf in frame.leaves())
    whole = b"".join(again)
    assert whole == data or any(len(line) > limits.RECORD for line in data.split(b"\n"))
    return "taken" if count else "nothing"


def run_proof(data: bytes) -> str:
    """Only a record that stands in the log is proved and signed."""
    found = proof.verify(data, samples.KNOWN)
    if found.signed_by is None:
        return "unknown signer"
    assert found.line in samples.LINES
    return "taken"


def run_request(data: bytes) -> str:
    """Headers as an HTTP server hands them over: bytes that are no UTF-8 come as lone surrogates."""
    parts = [*data.split(b"\n"), *[b""] * 6][:6]
    texts = [part.decode("utf-8", "surrogateescape") for part in parts]
    fields = dict(zip(("Signature-Input", "Signature", "Content-Digest"), texts[:3], strict=True))
    body = parts[5]
    caller = signatures.verify(
        lambda name: fields.get(name) or None, texts[3], texts[4], bool(body), samples.NOW, samples.find_key
    )
    if body:
        signatures.check_digest(fields["Content-Digest"], body)
    assert caller.name == samples.NAME
    assert (texts[3], texts[4]) == (samples.METHOD, samples.TARGET)
    return "taken"


def run_names(data: bytes) -> str:
    """Every reader of names and numbers; what is taken writes back to itself."""
    text = data.decode("utf-8", "surrogateescape")
    taken = 0
    for read in (names.node_name, names.label, names.number, names.parse_log_id):
        try:
            assert str(read(text)) == text
            taken += 1
        except ProtocolError:
            pass
    taken += names.is_record_id(text)
    taken += gossip.position_in("journal", text) >= 0
    return "taken" if taken else "refused"


def run_base64(data: bytes) -> str:
    """Base64 has one form."""
    text = data.decode("utf-8", "surrogateescape")
    assert keys.to_base64(keys.from_base64(text)) == text
    return "taken"


def run_keys(data: bytes) -> str:
    """A key, a signature and a message from anywhere: a signature that holds is one that was made."""
    key, signature, message = data[:32], data[32:96], data[96:]
    keys.check_public(key)
    keys.verify(key, signature, message)
    assert (key, signature, message) in samples.SIGNED
    return "taken"


def run_inclusion(data: bytes) -> str:
    """In the tree of known leaves only the leaf at its place is proved."""
    number, index, path = data[:1], int.from_bytes(data[1:9], "big", signed=True), data[17:]
    size = int.from_bytes(data[9:17], "big", signed=True)
    leaf = samples.LEAVES[number[0] % len(samples.LEAVES)] if number else b""
    merkle.verify_inclusion(leaf, index, size, _hashes(path), samples.ROOT)
    if size == len(samples.LEAVES):
        assert samples.LEAVES[index] == leaf
    return "taken"


def run_consistency(data: bytes) -> str:
    """Only true prefixes of the known tree are proved."""
    old, new = int.from_bytes(data[:8], "big", signed=True), int.from_bytes(data[8:16], "big", signed=True)
    root = data[16:48]
    merkle.verify_consistency(old, new, root, samples.ROOT, _hashes(data[48:]))
    if new == len(samples.LEAVES):
        assert root == merkle.tree_root(samples.LEAVES[:old])
    return "taken"


def run_inflate(data: bytes) -> str:
    """The first byte chooses coding and limit; what comes out is bounded in size and in ratio."""
    chosen, body = data[:1], data[1:]
    coding = ("gzip", "gzip", "gzip", "", "identity", "br")[chosen[0] % 6] if chosen else "gzip"
    most = (limits.GOSSIP_BODY, 100, limits.GZIP_BYTES)[chosen[0] % 3] if chosen else 0
    found = inflate(body, coding, most)
    assert len(found) <= most
    assert coding != "gzip" or len(found) <= limits.GZIP_RATIO * max(len(body), 64)
    return "taken"


def run_url(data: bytes) -> str:
    """A base URL of a stranger's identity."""
    check_url(data.decode("utf-8", "surrogateescape"), allow_private=bool(len(data) % 2))
    return "taken"


def _hashes(data: bytes) -> list[bytes]:
    return re.findall(rb"(?s).{1,32}", data)


TARGETS = (
    Target("strict-json", samples.JSONS, run_json, limits.GOSSIP_BODY),
    Target("gossip-request", samples.GOSSIP_REQUESTS, struct(gossip.GossipRequest, limits.GOSSIP_BODY), 256 * 1024),
    Target("gossip-response", samples.GOSSIP_RESPONSES, struct(gossip.GossipResponse, limits.GOSSIP_BODY), 256 * 1024),
    Target("pull-request", samples.PULL_REQUESTS, struct(gossip.PullRequest, limits.PULL_BODY), limits.PULL_BODY),
    Target("push-response", [b'{"taken":17}'], struct(gossip.PushResponse, limits.SMALL_BODY), limits.SMALL_BODY),
    Target("statement", samples.STATEMENTS, struct(identity.Statement, limits.IDENTITY_NOTE), limits.IDENTITY_NOTE),
    Target("note", samples.HEAD_NOTES + samples.IDENTITY_NOTES, run_note, 2 * limits.IDENTITY_NOTE),
    Target("head", samples.HEAD_NOTES, run_head, 2 * limits.HEAD_NOTE, ("taken", "refused", "no successor")),
    Target("identity", samples.IDENTITY_NOTES, run_identity, 2 * limits.IDENTITY_NOTE),
    Target("identity-signed", samples.OWN_STATEMENTS, run_signed_identity, limits.IDENTITY_NOTE),
    Target("record", samples.RECORDS, run_record, 2 * limits.RECORD, ("taken", "foreign", "defect")),
    Target("record-strictly", samples.RECORDS, run_record_strictly, 2 * limits.RECORD),
    Target("frames", samples.STREAMS, run_frames, limits.STREAM_BODY, slow=samples.SLOW_STREAMS),
    Target("portable-offer", samples.PORTABLE, run_proof, 2 * limits.PORTABLE_OFFER),
    Target("request", samples.REQUESTS, run_request, 6 * limits.HEADER_LINE),
    Target("names", samples.NAMES, run_names, limits.HEADER_LINE),
    Target("base64", samples.BASE64, run_base64, limits.GOSSIP_BODY),
    Target("keys", [b"".join(one) for one in samples.SIGNED], run_keys, limits.GOSSIP_BODY),
    Target("inclusion", samples.INCLUSIONS, run_inclusion, limits.PORTABLE_OFFER),
    Target("consistency", samples.CONSISTENCIES, run_consistency, limits.PORTABLE_OFFER),
    # Larger bodies are inflated piece by piece while they come: see `Body`.
    Target("inflate", samples.PACKED, run_inflate, limits.GOSSIP_BODY, slow=samples.SLOW_GZIP),
    Target("url", samples.URLS, run_url, limits.HEADER_LINE),
    Target("charter", [c.CHARTER.raw, c.SECOND.raw], c.run_charter, 2 * limits.IDENTITY_NOTE),
    Target("message", c.MESSAGES, c.run_message, 2 * limits.IDENTITY_NOTE, ("taken", "refused", "no place")),
    Target("receipt", c.RECEIPTS, c.run_receipt, 2 * limits.RECEIPT_NOTE),
    Target("fork", c.FORKS, c.run_fork, 2 * limits.FORK_NOTE),
    Target("witness", c.WITNESSING, c.run_witness, 2 * limits.IDENTITY_NOTE),
    Target("cosignature", c.COSIGNED, c.run_cosignature, 2 * limits.HEAD_NOTE),
    Target("bundle", c.BUNDLES, c.run_bundle, limits.GOSSIP_BODY),
    Target("sealed", c.SEALED, c.run_sealed, 2 * limits.RELAY_BLOB),
    Target("paper", c.PAPERS, c.run_paper, limits.RECORD),
    Target("codes", c.CODES, c.run_codes, limits.GOSSIP_BODY),
    Target("path", c.TARGETS_OF_PATHS, c.run_path, limits.HEADER_LINE),
    Target("ingest", samples.INGESTS, Ingest(), limits.FRAMES_BODY, ("taken", "refused", "honest")),
)
BY_NAME = {target.name: target for target in TARGETS}
