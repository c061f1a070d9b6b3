"""Scenarios of reading: open paths, signed requests, a log with its proofs (sections 5, 6, 8, 9, 10)."""

import gzip
import time

import msgspec

from xstock_node.protocol import frames, heads, identity, keys, limits, merkle
from xstock_node.protocol.names import parse_log_id
from xstock_node.testing.conformance.scenario import World, expect, first_frame, refused, scenario

GOSSIP, PULL = "/xs/1/gossip", "/xs/1/pull"


def ask(world: World) -> bytes:
    return msgspec.json.encode({"network": world.network})


def ranges(world: World, **fields: object) -> bytes:
    return msgspec.json.encode({"ranges": [{"log": str(world.log), "start": 0, "count": world.size} | fields]})


def head_path(world: World) -> str:
    return f"/xs/1/log/{world.log.node}/{world.log.log}/{world.log.epoch}/head"


@scenario("10.1", "the well-known page is open and names the node and xs1")
async def well_known(world: World) -> None:
    answer = await world.first.bare("GET", "/.well-known/xstock", None, {})
    told = answer.json()
    expect(answer.status == 200 and told["name"] == world.peer, f"the name {world.peer}", told)
    expect("xs1" in told["versions"] and world.network in told["networks"], "xs1 and the network", told)
    expect({"name", "networks", "versions", "url", "limits"} <= set(told), "all fields", sorted(told))


@scenario("10.2", "the identity is open, and its signatures hold")
async def own_identity(world: World) -> None:
    answer = await world.first.bare("GET", f"/xs/1/id/{world.peer}", None, {})
    expect(identity.parse(answer.body).name == world.peer, world.peer, answer.body[:60])


@scenario("10.2", "another name's identity is not open", negative=True)
async def other_identity(world: World) -> None:
    refused(await world.first.bare("GET", f"/xs/1/id/{world.first.name}", None, {}), 404, "not-found")


@scenario("12.2", "every listed key proves its possession")
async def possession(world: World) -> None:
    found = identity.parse((await world.first.bare("GET", f"/xs/1/id/{world.peer}", None, {})).body)
    expect(found.root not in found.signing_keys(), "a root key apart from the signing keys")


@scenario("9.1", "a signed round is answered")
async def signed(world: World) -> None:
    answer = await world.first.gossip()
    expect(answer.status == 200, "200", answer.status)


@scenario("9.1", "an unsigned round is refused", negative=True)
async def unsigned(world: World) -> None:
    refused(await world.first.bare("POST", GOSSIP, ask(world), {}), 401, "unsigned")


@scenario("3.5", "a stranger's signature is refused, however right it is", negative=True)
async def stranger(world: World) -> None:
    refused(await world.stranger.call("POST", GOSSIP, ask(world)), 401, "unsigned")


@scenario("3.5", "another node's key under a member's name is refused", negative=True)
async def wrong_key(world: World) -> None:
    forger = keys.Signer(world.first.name, b"\x07" * 32)
    answer = await world.first.call("POST", GOSSIP, ask(world), signed_as={"signer": forger})
    expect(answer.status == 401, "401", answer.status)


@scenario("9.2", "an altered target is refused", negative=True)
async def wrong_target(world: World) -> None:
    other = {"target": world.first.base + "/xs/1/pull"}
    refused(await world.first.call("POST", GOSSIP, ask(world), signed_as=other), 401, "bad-signature")


@scenario("9.2", "an altered query is refused", negative=True)
async def wrong_query(world: World) -> None:
    path = head_path(world).replace("/head", f"/proof/0?size={world.size}")
    other = {"target": world.first.base + path.replace("/0?", "/1?")}
    refused(await world.first.call("GET", path, signed_as=other), 401, "bad-signature")


@scenario("9.1", "another method than the signed one is refused", negative=True)
async def wrong_method(world: World) -> None:
    refused(await world.first.call("POST", GOSSIP, ask(world), signed_as={"method": "PUT"}), 401, "bad-signature")


@scenario("9.3", "a clock that is an hour off is refused, with the node's own date", negative=True)
async def wrong_clock(world: World) -> None:
    for skew in (-3600, 3600):
        late = {"created": int(time.time()) + skew}
        answer = await world.first.call("POST", GOSSIP, ask(world), signed_as=late)
        refused(answer, 401, "clock")
        expect("date" in answer.headers, "a Date header")


@scenario("9.3", "a clock that is a minute off is taken")
async def near_clock(world: World) -> None:
    answer = await world.first.call("POST", GOSSIP, ask(world), signed_as={"created": int(time.time()) - 60})
    expect(answer.status == 200, "200", answer.status)


@scenario("9.4", "a body that is not the signed one is refused", negative=True)
async def wrong_body(world: World) -> None:
    other = msgspec.json.encode({"network": world.network, "all": "0" * 64})
    refused(await world.first.call("POST", GOSSIP, ask(world), signed_as={"body": other}), 400, "malformed")


@scenario("9.4", "a body without a signed digest is refused", negative=True)
async def no_digest(world: World) -> None:
    refused(await world.first.call("POST", GOSSIP, ask(world), signed_as={"body": None}), 401, "unsigned")


@scenario("9.7", "gzip is taken")
async def gzipped(world: World) -> None:
    body = gzip.compress(ask(world))
    answer = await world.first.call("POST", GOSSIP, body, {"Content-Encoding": "gzip"})
    expect(answer.status == 200, "200", answer.status)


@scenario("9.7", "a gzip bomb is refused", negative=True)
async def bomb(world: World) -> None:
    body = gzip.compress(b" " * 40 * limits.MIB)
    refused(await world.first.call("POST", GOSSIP, body, {"Content-Encoding": "gzip"}), 413, "too-large")


@scenario("9.7", "another coding is answered 415", negative=True)
async def coding(world: World) -> None:
    refused(await world.first.call("POST", GOSSIP, ask(world), {"Content-Encoding": "br"}), 415, "coding")


@scenario("21.1", "a gossip body over its bound is answered 413", negative=True)
async def too_large(world: World) -> None:
    body = b'{"network":"%s","frames":"%s"}' % (world.network.encode(), b"x" * (300 * limits.KIB))
    refused(await world.first.call("POST", GOSSIP, body), 413, "too-large")


@scenario("1.4", "odd JSON is refused: duplicate keys, fractions, large numbers, depth, surrogates", negative=True)
async def odd_json(world: World) -> None:
    network = world.network.encode()
    odd = [
        b'{"network":"%s","network":"%s"}' % (network, network),
        b'{"network":"%s","x":1.5}' % network,
        b'{"network":"%s","x":9007199254740993}' % network,
        b'{"network":"%s","x":%s}' % (network, b"[" * 17 + b"]" * 17),
        b'{"network":"%s","x":"\\ud800"}' % network,
        b'{"network":"%s","x":"\xff"}' % network,
        b'{"network":"%s","x":-0}' % network,
    ]
    for body in odd:
        refused(await world.first.call("POST", GOSSIP, body), 400, "malformed")


@scenario("1.5", "unknown fields are ignored")
async def unknown_fields(world: World) -> None:
    answer = await world.first.gossip(weather="fine")
    expect(answer.status == 200, "200", answer.status)


@scenario("9.6", "absent and forbidden are answered alike", negative=True)
async def absent(world: World) -> None:
    for log in (f"{world.network}.nowhere", "elsewhere.pub"):
        path = f"/xs/1/log/{world.peer}/{log}/{world.log.epoch}/head"
        refused(await world.first.call("GET", path), 404, "not-found")


@scenario("11.11", "a network that is not shared is not there", negative=True)
async def other_network(world: World) -> None:
    refused(await world.first.call("POST", GOSSIP, b'{"network":"elsewhere"}'), 404, "not-found")


@scenario("10.9", "the head of the node's log is signed by its identity's key")
async def head(world: World) -> None:
    answer = await world.first.call("GET", head_path(world))
    found, note = heads.parse(answer.body)
    own = identity.parse((await world.first.bare("GET", f"/xs/1/id/{world.peer}", None, {})).body)
    for key in own.signing_keys():
        note.verify(world.peer, key)
    expect(found.log == world.log and found.minimum % 256 == 0, str(world.log), found)


@scenario("8.6", "the records give the root of the head")
async def records(world: World) -> None:
    found = heads.parse((await world.first.call("GET", head_path(world))).body)[0]
    lines: list[bytes] = []
    while len(lines) < found.size:
        body = ranges(world, start=len(lines), count=found.size - len(lines))
        got = [line for f in frames.parse((await world.first.call("POST", PULL, body)).body) for line in f.lines]
        expect(got, "records", len(lines))
        lines += got
    expect(merkle.tree_root([frames.leaf_of(line) for line in lines]) == found.root, "the head's root")


@scenario("10.9", "an inclusion proof leads from a record to the root")
async def proof(world: World) -> None:
    found = heads.parse((await world.first.call("GET", head_path(world))).body)[0]
    got = first_frame(await world.first.call("POST", PULL, ranges(world, count=1))).lines[0]
    answer = await world.first.call("GET", head_path(world).replace("/head", f"/proof/0?size={found.size}"))
    path = [keys.from_base64(line, 32) for line in answer.body.decode().split()]
    merkle.verify_inclusion(frames.leaf_of(got), 0, found.size, path, found.root)


@scenario("10.9", "a proof beyond the tree is not there", negative=True)
async def no_proof(world: World) -> None:
    path = head_path(world).replace("/head", f"/proof/{world.size + 5}?size={world.size + 9}")
    refused(await world.first.call("GET", path), 404, "not-found")


@scenario("8.2", "a consistency proof leads from an earlier tree to a later one")
async def consistency(world: World) -> None:
    if world.size < 2:
        return
    answer = await world.first.call("POST", PULL, ranges(world, start=1, count=world.size - 1, proof=True))
    frame = first_frame(answer)
    first, *path = frame.leaves()
    root = heads.parse((await world.first.call("GET", head_path(world))).body)[0].root
    merkle.verify_consistency(1, world.size, first, root, path)


@scenario("8.3", "a range beyond the log is answered by an empty frame")
async def beyond(world: World) -> None:
    answer = await world.first.call("POST", PULL, ranges(world, start=world.size, count=10))
    found = list(frames.parse(answer.body))
    expect(answer.status == 200 and found and not found[0].lines, "an empty frame", answer.body[:80])


@scenario("10.7", "more than 256 ranges are refused", negative=True)
async def many_ranges(world: World) -> None:
    one = {"log": str(world.log), "start": 0, "count": 1}
    refused(await world.first.call("POST", PULL, msgspec.json.encode({"ranges": [one] * 257})), 400, "malformed")


@scenario("10.7", "records of a log nobody holds are not there", negative=True)
async def nobody(world: World) -> None:
    body = msgspec.json.encode({"ranges": [{"log": "nobody.example/xs1/see.pub/1", "start": 0, "count": 1}]})
    refused(await world.first.call("POST", PULL, body), 404, "not-found")


@scenario("2.4", "a log id with escapes is not there", negative=True)
async def escapes(world: World) -> None:
    path = head_path(world).replace(world.peer, world.peer.replace(".", "%2E", 1))
    answer = await world.first.call("GET", path)
    expect(answer.status in (400, 401, 404), "a refusal", answer.status)


@scenario("18.1", "the audit log's records are never served", negative=True)
async def audit(world: World) -> None:
    log = parse_log_id(f"{world.peer}/xs1/{world.network}.audit/{world.log.epoch}")
    body = msgspec.json.encode({"ranges": [{"log": str(log), "start": 0, "count": 1}]})
    refused(await world.first.call("POST", PULL, body), 404, "not-found")
