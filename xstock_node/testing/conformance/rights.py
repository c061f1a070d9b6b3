"""Scenarios of what ends: keys, heads, contents, what a window leaves behind; and exercises (sections 2, 6, 8, 12)."""

import time

import msgspec

from xstock_node.protocol import frames, identity, limits, messages
from xstock_node.protocol.heads import Head
from xstock_node.protocol.heads import parse as parse_head
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.names import LogId
from xstock_node.protocol.records import Erase, Offer, encode, interpret
from xstock_node.testing.conformance.casework import REQUEST, new_case, post
from xstock_node.testing.conformance.partner import Partner, make_identity, signer_of
from xstock_node.testing.conformance.scenario import World, expect, first_frame, refused, scenario
from xstock_node.testing.conformance.telling import PUSH, holds, new_epoch, offers, push
from xstock_node.testing.nodes import make_offer

DAY = 86_400
GOSSIP = "/xs/1/gossip"


async def held_identity(world: World, name: str) -> identity.Identity:
    """The identity of a partner as the node holds it: an earlier run may have renewed it."""
    answer = await world.first.call("GET", f"/xs/1/identity/{name}")
    expect(answer.status == 200, f"the identity of {name}", answer.body)
    return identity.parse(answer.body)


async def key_of(world: World, partner: Partner) -> int:
    """Have a partner sign with the key of the identity held; its version."""
    version = (await held_identity(world, partner.name)).version
    partner.signer = signer_of(partner.name, version)
    return version


async def show_head(world: World, log: LogId) -> Head:
    """The node's newest head of a partner's log."""
    answer = await world.second.call("GET", f"/xs/1/log/{log.node}/{log.log}/{log.epoch}/head")
    expect(answer.status == 200, "the log to be held", answer.status)
    return parse_head(answer.body)[0]


@scenario("12.5", "a sender whose key was revoked is refused: its requests, heads and messages", negative=True)
async def revoked(world: World) -> None:
    partner = world.second
    version = await key_of(world, partner)
    old, log, lines = partner.signer, partner.log(new_epoch(partner)), offers(2)
    answer = await push(partner, partner.head(log, lines), log, lines)
    expect(answer.status == 200, "records by a key that counts", answer.body)
    newer = make_identity(partner.name, world.network, partner.url, version + 1)
    expect((await world.first.gossip(notes=[newer.raw.decode()])).status == 200, "the newer identity to be taken")
    refused(await partner.gossip(), 401, "unsigned")
    longer = [*lines, offers(1, 40)[0]]
    late = partner.head(log, longer)
    await world.first.call("POST", PUSH, late + b"\n" + frames.encode(log, 0, longer, 3))
    await world.first.gossip(notes=[late.decode()])
    raw = partner.message(world.peer, new_case(world), 1, "", REQUEST)
    await key_of(world, partner)
    expect((await post(partner, raw)).status == 401, "401 for a message by the old key")
    expect((await partner.gossip()).status == 200, "the new key to count")
    expect((await show_head(world, log)).size == 2, "nothing that the old key signed afterwards", old.key_id.hex())


@scenario("12.3", "an identity under another root key is not taken", negative=True)
async def other_root(world: World) -> None:
    version = await key_of(world, world.second)
    thief = Signer(world.second.name, b"\x0d" * 32)
    stolen = make_identity(world.second.name, world.network, "", version + 50, root=thief)
    await world.first.gossip(notes=[stolen.raw.decode()])
    answer = await world.second.call("POST", GOSSIP, msgspec.json.encode({"network": world.network}))
    expect(answer.status == 200, "the key held before to count", answer.body)
    taken = signer_of(world.second.name, version + 50)
    answer = await world.second.call("POST", GOSSIP, b"{}", signed_as={"signer": taken})
    expect(answer.status == 401, "401 for the other root's key", answer.status)


@scenario("12.4", "of two texts of one version the first is kept", negative=True)
async def two_texts(world: World) -> None:
    held = await held_identity(world, world.second.name)
    other = make_identity(world.second.name, world.network, "", held.version, country="YY")
    await world.first.gossip(notes=[other.raw.decode()])
    expect((await held_identity(world, world.second.name)).raw == held.raw, "the first text")


@scenario("12.3", "an older version of an identity is not taken", negative=True)
async def older_version(world: World) -> None:
    version = await key_of(world, world.second)
    older = make_identity(world.second.name, world.network, "", max(1, version - 1))
    await world.first.gossip(notes=[older.raw.decode()])
    expect((await held_identity(world, world.second.name)).version == version, f"version {version} to be kept")


@scenario("6.4", "a stale head does not replace a newer one: smaller, earlier, or with a lower min", negative=True)
async def stale_head(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(260)
    answer = await push(world.first, world.first.head(log, lines, minimum=256), log, lines)
    expect(answer.status == 200, "the log to be taken", answer.body)
    longer, early = [*lines, offers(1, 300)[0]], int(time.time()) - 400
    stale = [
        (world.first.head(log, lines[:259], minimum=256), lines[:259]),
        (world.first.head(log, lines, minimum=256, time=early), lines),
        (world.first.head(log, longer, minimum=0), longer),
        (world.first.head(log, longer, minimum=256, time=early), longer),
    ]
    for head, covered in stale:
        await world.second.gossip(notes=[head.decode()])
        answer = await push(world.first, head, log, covered[259:], start=259 if len(covered) < 260 else 260)
        expect(answer.status != 200 or answer.json()["taken"] == 0, "nothing to be taken", answer.body)
        shown = await show_head(world, log)
        expect((shown.size, shown.minimum) == (260, 256) and shown.time > early, "the newer head", shown)


@scenario("8.4", "what lies below min may be given as hashes alone, by anybody")
async def below_min(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(260)
    head = world.first.head(log, lines, minimum=256)
    bare = [frames.hash_line(frames.leaf_of(line)) for line in lines[:256]]
    answer = await push(world.second, head, log, [*bare, *lines[256:]])
    expect(answer.status == 200 and await holds(world, log), "the log to be taken", answer.body)


@scenario("8.4", "a record that a peer gives as its hash alone is missing, unless its origin erased it", negative=True)
async def false_erasure(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    head, bare = world.first.head(log, lines), frames.hash_line(frames.leaf_of(lines[1]))
    answer = await push(world.second, head, log, [lines[0], bare, lines[2]])
    expect(answer.status != 200 or answer.json()["taken"] < 3, "not all to be taken", answer.body)
    expect(not await holds(world, log), "the head not to be held yet")
    await push(world.first, head, log, lines)
    body = msgspec.json.encode({"ranges": [{"log": str(log), "start": 0, "count": 3}]})
    got = first_frame(await world.second.call("POST", "/xs/1/pull", body)).lines
    expect(got == lines, "the whole records once their origin gave them", got)


@scenario("8.4", "a line that its origin erased is taken as its hash, and stays gone")
async def erased_line(world: World) -> None:
    now, log, lines = int(time.time()), world.first.log(new_epoch(world.first)), offers(3)
    gone = Erase(id=make_offer(900, now).id, ts=now, exp=now + DAY, n=to_base64(b"\x01" * 12), idx=(1,))
    whole = [*lines, encode(gone)]
    given = [lines[0], frames.hash_line(frames.leaf_of(lines[1])), *whole[2:]]
    answer = await push(world.second, world.first.head(log, whole), log, given)
    expect(answer.status == 200 and await holds(world, log), "the log to be taken", answer.body)
    body = msgspec.json.encode({"ranges": [{"log": str(log), "start": 0, "count": 4}]})
    got = first_frame(await world.second.call("POST", "/xs/1/pull", body)).lines
    expect(got == given, "the hash in its place", got)


@scenario("14.11", "an erase record harms nothing that does not stand before it", negative=True)
async def wild_erase(world: World) -> None:
    now, log, lines = int(time.time()), world.first.log(new_epoch(world.first)), offers(2)
    wild = Erase(id=make_offer(901, now).id, ts=now, exp=now + DAY, n=to_base64(b"\x02" * 12), idx=(2, 3, 10**9))
    whole = [*lines, encode(wild), offers(1, 41)[0]]
    answer = await push(world.first, world.first.head(log, whole), log, whole)
    expect(answer.status == 200 and await holds(world, log), "the log to be taken", answer.body)
    body = msgspec.json.encode({"ranges": [{"log": str(log), "start": 0, "count": 4}]})
    got = first_frame(await world.second.call("POST", "/xs/1/pull", body)).lines
    expect(got == whole, "every record as it was", got)


@scenario("2.8", "an exercise's case is never about a real offer", negative=True)
async def exercise_on_a_real_offer(world: World) -> None:
    body = msgspec.json.encode({"ranges": [{"log": str(world.log), "start": 0, "count": world.size}]})
    lines = first_frame(await world.first.call("POST", "/xs/1/pull", body)).lines
    real = next((found for line in lines if isinstance(found := interpret(line), Offer)), None)
    expect(real is not None, "an offer in its log")
    assert real is not None
    case = ("a" if world.log.name.is_exercise else "x") + new_case(world)[1:]
    asked = {"item": real.item, "qty": [1, 0], "unit": real.unit, "offer": real.id}
    for step in ("request", "notify"):
        raw = world.first.message(world.peer, case, 1, "", {"step": step, "lines": [asked]})
        refused(await post(world.first, raw), 409, "step")
    told = (await world.first.call("GET", f"/xs/1/cases?with={world.first.name}")).json()
    expect(case not in {line["case"] for line in told["cases"]}, "no such case")


@scenario("16.10", "who asks cannot decide for the other side, whatever it says to have seen", negative=True)
async def decides_for_the_other(world: World) -> None:
    case = new_case(world)
    raw = world.first.message(world.peer, case, 1, "", REQUEST)
    expect((await post(world.first, raw)).status == 200, "a receipt")
    last = messages.parse(raw).link
    for step in ("confirm", "dispatch", "close", "receive"):
        claimed = world.first.message(world.peer, case, 2, last.hash, {"step": step}, seen=last._replace(n=5))
        refused(await post(world.first, claimed), 409, "step")


@scenario("2.7", "a partner's ninth log is refused or taken, and harms no other", negative=True)
async def many_logs(world: World) -> None:
    for number in range(limits.LOGS_A_MEMBER + 2):
        log, lines = world.first.log(new_epoch(world.first), f"x-log{number}"), offers(1, number)
        answer = await push(world.first, world.first.head(log, lines), log, lines)
        expect(answer.status in (200, 404, 429), "taken or refused", answer.status)
    log, lines = world.first.log(new_epoch(world.first)), offers(1)
    answer = await push(world.first, world.first.head(log, lines), log, lines)
    expect(answer.status == 200, "the log for all to go on", answer.body)
