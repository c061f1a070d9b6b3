"""Scenarios of gossip: heads, epochs, pushes, forks, defects, what is passed on (sections 4, 6, 7, 8, 11, 19)."""

import time
from typing import Any

import msgspec

from xstock_node.protocol import forks, frames, gossip, merkle
from xstock_node.protocol.heads import Base
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.records import encode
from xstock_node.testing.conformance.partner import Answer, Partner
from xstock_node.testing.conformance.scenario import Skipped, World, expect, first_frame, refused, scenario
from xstock_node.testing.nodes import make_offer

PUSH = "/xs/1/push"


def offers(count: int, first: int = 0) -> list[bytes]:
    now = int(time.time())
    return [encode(make_offer(first + n, now)) for n in range(count)]


async def push(partner: Partner, head: bytes, log: object, lines: list[bytes], start: int = 0) -> Answer:
    frame = frames.encode(log, start, lines, len(lines))  # type: ignore[arg-type]
    return await partner.call("POST", PUSH, head + b"\n" + frame)


async def holds(world: World, log: object) -> bool:
    """Whether the node shows the second partner a head of this log."""
    name, _, rest = str(log).partition("/xs1/")
    answer = await world.second.call("GET", f"/xs/1/log/{name}/{rest}/head")
    return answer.status == 200


def new_epoch(partner: Partner) -> int:
    """An epoch above all that this partner used; one a scenario."""
    partner.start += 1
    return partner.start


@scenario("11.7", "records of a head that a caller shows are wanted, pushed and taken")
async def wanted(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    head = world.first.head(log, lines)
    told = (await world.first.gossip(notes=[head.decode()])).json()
    expect([w["log"] for w in told.get("want", [])] == [str(log)], "the log to be wanted", told.get("want"))
    answer = await push(world.first, head, log, lines)
    expect(answer.status == 200 and answer.json()["taken"] == 3, "3 taken", answer.body)
    expect(await holds(world, log), "the log to be held")


@scenario("11.5", "what one member gave, another is told")
async def passed_on(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(2)
    head = world.first.head(log, lines)
    await push(world.first, head, log, lines)
    told = (await world.second.gossip()).json()
    while told.get("more") and head.decode() not in told.get("notes", []):
        told = (await world.second.gossip(cursor=told["cursor"])).json()
    expect(head.decode() in told["notes"], "the head in another's round", len(told["notes"]))


@scenario("11.3", "an unknown cursor means from the start")
async def unknown_cursor(world: World) -> None:
    answer = await world.second.gossip(cursor="deadbeef.99")
    expect(answer.status == 200 and answer.json().get("notes"), "notes from the start", answer.body[:100])


@scenario("11.3", "with the last cursor nothing comes twice")
async def drained(world: World) -> None:
    told = (await world.second.gossip()).json()
    while told.get("more"):
        told = (await world.second.gossip(cursor=told["cursor"])).json()
    again = (await world.second.gossip(cursor=told["cursor"])).json()
    expect(not again.get("notes"), "no notes", again.get("notes"))


@scenario("11.8", "a held round is answered when its time is over")
async def held(world: World) -> None:
    told = (await world.second.gossip()).json()
    while told.get("more"):
        told = (await world.second.gossip(cursor=told["cursor"])).json()
    body = msgspec.json.encode({"network": world.network, "cursor": told["cursor"], "all": told.get("all", "")})
    began = time.monotonic()
    answer = await world.second.call("POST", "/xs/1/gossip", body, {"Prefer": "wait=2"})
    expect(answer.status == 200 and time.monotonic() - began < 10, "an answer within 10 s", answer.status)


async def walk(world: World, **fields: object) -> Answer:
    body = msgspec.json.encode({"network": world.network} | fields)
    answer = await world.first.call("POST", "/xs/1/buckets", body)
    if answer.status == 429 and not fields:
        raise Skipped("this partner walked within the ten minutes before: run the kit again later")
    return answer


@scenario("11.12", "buckets list what is held; a second walk within ten minutes is refused", negative=True)
async def buckets(world: World) -> None:
    told = (await walk(world)).json()
    expect(told.get("logs") or len(told.get("digests", ())) == 256, "lines or 256 digests", told)
    one = gossip.bucket_of(world.log)
    lines = (await walk(world, bucket=one)).json().get("logs", ())
    expect(any(line.startswith(f"{world.log} ") for line in lines), "its own log in its bucket", lines)
    body = msgspec.json.encode({"network": world.network})
    again = await world.first.call("POST", "/xs/1/buckets", body)
    refused(again, 429, "quota")
    expect(again.headers.get("retry-after", "").isdigit(), "Retry-After", again.headers)


@scenario("6.2", "a head signed by another member is refused", negative=True)
async def forged_head(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(2)
    forged = world.first.head(log, lines, signer=Signer(world.first.name, b"\x09" * 32))
    answer = await push(world.second, forged, log, lines)
    expect(answer.status in (401, 404), "a refusal", answer.status)
    expect(not await holds(world, log), "the log not to be held")


@scenario("8.6", "records that do not give the root are refused", negative=True)
async def wrong_records(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    answer = await push(world.first, world.first.head(log, lines), log, [*lines[:2], offers(1, 77)[0]])
    expect(answer.status == 409, "409", answer.status)
    expect(not await holds(world, log), "the log not to be held")


@scenario("8.5", "records after a gap are refused", negative=True)
async def gap(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    answer = await push(world.first, world.first.head(log, lines), log, lines[1:], start=1)
    expect(answer.status == 409, "409", answer.status)


@scenario("6.3", "min above the size, or no multiple of 256, is refused", negative=True)
async def bad_min(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    for minimum in (256, 1):
        answer = await push(world.first, world.first.head(log, lines, minimum=minimum), log, lines)
        expect(answer.status == 400, "400", answer.status)


@scenario("6.5", "an epoch and a time an hour ahead are held, not taken", negative=True)
async def ahead(world: World) -> None:
    later, lines = int(time.time()) + 3600, offers(1)
    ahead_of: dict[str, Any] = {"time": later}
    for log, changes in ((world.first.log(later), {}), (world.first.log(new_epoch(world.first)), ahead_of)):
        await push(world.first, world.first.head(log, lines, **changes), log, lines)
        expect(not await holds(world, log), "the log not to be held yet")


@scenario("7.3", "a lower epoch is refused", negative=True)
async def stale(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(2)
    await push(world.first, world.first.head(log, lines), log, lines)
    old = world.first.log(log.epoch - 50)
    answer = await push(world.first, world.first.head(old, offers(3)), old, offers(3))
    expect(answer.status == 409, "409", answer.status)
    expect(await holds(world, log), "the newer epoch")


@scenario("7.3", "a newer epoch cuts back to its base, and tells what lay beyond")
async def cut_back(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(4)
    head = world.first.head(log, lines)
    await push(world.first, head, log, lines)
    base = Base(log.epoch, 2, merkle.tree_root([merkle.leaf_hash(line) for line in lines[:2]]))
    newer, more = world.first.log(new_epoch(world.first)), [*lines[:2], offers(1, 50)[0]]
    answer = await push(world.first, world.first.head(newer, more, base), newer, more[2:], start=2)
    expect(answer.status == 200 and await holds(world, newer), "the newer epoch to be held", answer.body)
    told = (await world.first.gossip(cursor="deadbeef.1")).json()
    while told.get("more"):
        told = (await world.first.gossip(cursor=told["cursor"])).json()
    expect(head.decode() in told.get("notes", []), "the head of what was cut off", told.get("notes"))


@scenario("19.3", "two roots for one size freeze the log, and the proof travels", negative=True)
async def fork(world: World) -> None:
    log, lines = world.second.log(new_epoch(world.second)), offers(3)
    first, second = world.second.head(log, lines), world.second.head(log, [*lines[:2], offers(1, 88)[0]])
    await push(world.second, first, log, lines)
    answer = await world.second.gossip(notes=[second.decode()])
    expect(answer.status == 200, "an answer", answer.status)
    longer = [*lines, offers(1, 89)[0]]
    answer = await push(world.second, world.second.head(log, longer), log, longer[3:], start=3)
    expect(answer.status == 409, "no further head of that epoch", answer.status)
    told = (await world.first.gossip(cursor="deadbeef.2")).json()
    notes = list(told["notes"])
    while told.get("more"):
        told = (await world.first.gossip(cursor=told["cursor"])).json()
        notes += told.get("notes", [])
    found = [forks.parse(note.encode()) for note in notes if note.startswith("xs1/fork\n")]
    expect(any(statement.log == log for statement in found), "a fork statement", len(found))


@scenario("19.3", "a newer epoch thaws a frozen log")
async def thaw(world: World) -> None:
    log, lines = world.second.log(new_epoch(world.second)), offers(1)
    answer = await push(world.second, world.second.head(log, lines), log, lines)
    expect(answer.status == 200 and await holds(world, log), "the newer epoch to be held", answer.body)


@scenario("19.4", "a fork statement that does not hold harms nobody", negative=True)
async def false_fork(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    head, earlier = world.first.head(log, lines), world.first.head(log, lines[:2])
    await push(world.first, head, log, lines)
    statement = b"xs1/fork\nheads %d %d\n\n" % (len(earlier), len(head)) + earlier + head
    await world.second.gossip(notes=[statement.decode()])
    expect(await holds(world, log), "the log to be held as before")
    longer = [*lines, offers(1, 91)[0]]
    answer = await push(world.first, world.first.head(log, longer), log, longer[3:], start=3)
    expect(answer.status == 200, "the log to go on", answer.body)


@scenario("4.4", "a line that breaks the rules of records is kept, relayed, and stops nothing")
async def poison(world: World) -> None:
    log = world.first.log(new_epoch(world.first))
    lines = [offers(1)[0], b'{"t":"offer","t":"offer"}', b"poison", b"", offers(1, 5)[0]]
    answer = await push(world.first, world.first.head(log, lines), log, lines)
    expect(answer.status == 200 and answer.json()["taken"] == 5, "5 taken", answer.body)
    body = msgspec.json.encode({"ranges": [{"log": str(log), "start": 0, "count": 5}]})
    got = first_frame(await world.second.call("POST", "/xs/1/pull", body)).lines
    expect(got == lines, "the lines as they were sent", got)


@scenario("4.6", "a record of an unknown type is stored and relayed")
async def unknown_type(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), [b'{"t":"balloon","id":"a","x":[1,2]}']
    answer = await push(world.first, world.first.head(log, lines), log, lines)
    expect(answer.status == 200 and await holds(world, log), "the record to be taken", answer.body)


@scenario("15.1", "an audience log that names no audience is refused", negative=True)
async def no_audience(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first), "sava"), offers(1)
    answer = await push(world.first, world.first.head(log, lines), log, lines)
    expect(answer.status in (400, 404) and not await holds(world, log), "a refusal", answer.status)


@scenario("14.11", "a net log of who is no governor is not taken", negative=True)
async def net_log(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first), "net"), offers(1)
    answer = await push(world.first, world.first.head(log, lines), log, lines)
    expect(answer.status == 404 and not await holds(world, log), "404", answer.status)


@scenario("11.2", "a note that is nonsense stops nothing", negative=True)
async def nonsense(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(1)
    head = world.first.head(log, lines)
    told = (await world.first.gossip(notes=["nonsense", "xs1/identity\n\n", head.decode()])).json()
    expect([w["log"] for w in told.get("want", [])] == [str(log)], "the good head to be looked at", told)
    await push(world.first, head, log, lines)


@scenario("10.8", "a push of another node's records under a wrong head is refused", negative=True)
async def others_records(world: World) -> None:
    log, lines = world.second.log(new_epoch(world.second)), offers(2)
    frame = frames.encode(world.first.log(5), 0, lines, 2)
    answer = await world.second.call("POST", PUSH, world.second.head(log, lines) + b"\n" + frame)
    expect(answer.status == 400, "400", answer.status)
