"""Scenarios in which the node dials: what it sends, and what it makes of answers that are wrong (sections 8-11, 16)."""

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import web

from xstock_node.protocol import frames, identity, limits, requests
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.testing.conformance.listening import Call, Desk
from xstock_node.testing.conformance.replies import hands_out, says, sends
from xstock_node.testing.conformance.scenario import Failed, World, dialled, expect, scenario
from xstock_node.testing.conformance.telling import holds, new_epoch, offers

SOON, LOOK = 10.0, 0.2  # seconds in which the node takes up what it was told, and between two looks
ENDLESS, ENOUGH = 64 * limits.MIB, 16 * limits.MIB


async def soon(check: Callable[[], Awaitable[bool]]) -> bool:
    """Whether something comes true within a few seconds."""
    for _ in range(int(SOON / LOOK)):
        if await check():
            return True
        await asyncio.sleep(LOOK)
    return False


async def becomes_held(world: World, log: LogId) -> bool:
    return await soon(lambda: holds(world, log))


async def goes_on(world: World) -> None:
    """The node answers others at once, calls again, and takes what is right."""
    began = time.monotonic()
    expect((await world.second.gossip()).status == 200, "another's round to be answered")
    expect(time.monotonic() - began < SOON, "an answer within 10 s", round(time.monotonic() - began, 1))
    log, lines = world.first.log(new_epoch(world.first)), offers(2)
    await dialled(world, gossip=says(world.first.head(log, lines)), pull=hands_out(log, lines))
    expect(await becomes_held(world, log), "what is right to be taken afterwards")


async def not_taken(world: World, log: LogId, desk: Desk, since: int, asks: str = "") -> None:
    """The node read the answer, asked what followed from it, and holds nothing of it."""
    if asks:
        expect(await desk.came(asks, since), f"a request for {asks}", [c.path for c in desk.calls[since:]])
    await asyncio.sleep(0.5)
    expect(not await holds(world, log), "the log not to be held")


@scenario("9.1", "the node's own rounds are signed by a key of its identity, for the partner's URL")
async def signed(world: World) -> None:
    came: list[Call] = []

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        came.append(call)
        return await says()(request, call)

    desk = await dialled(world, gossip=reply)
    known = identity.parse((await world.first.bare("GET", f"/xs/1/id/{world.peer}", None, {})).body)
    call = came[0]
    caller = requests.verify(
        lambda name: call.headers.get(name.lower()),
        "POST",
        desk.url + call.path,
        True,
        int(time.time()),
        lambda name, key_id: known.key_by_id(key_id) if name == world.peer else None,
    )
    requests.check_digest(call.headers.get("content-digest"), call.body)
    expect(caller.name == world.peer and call.json()["network"] == world.network, "its name and network", caller)


@scenario("11.3", "a cursor that the partner gives comes back as it was given")
async def cursor_back(world: World) -> None:
    for given in ("beef.7", "A-Z.09." + "a" * 57):
        log, lines = world.first.log(new_epoch(world.first)), offers(1)
        head = world.first.head(log, lines)
        desk = await dialled(world, gossip=says(head, cursor=given), pull=hands_out(log, lines))
        since = len(desk.calls)
        await dialled(world, gossip=says())
        came = [c.json().get("cursor") for c in desk.calls[since:] if c.path.endswith("gossip")]
        expect(came and came[-1] == given, given, came)


@scenario("11.3", "a cursor that is none never comes back", negative=True)
async def odd_cursor(world: World) -> None:
    desk = await dialled(world, gossip=says())
    since = len(desk.calls)
    for odd in ("x" * 65, "two words", "line\nbreak", "\u2028"):
        await dialled(world, gossip=says(cursor=odd))
    await goes_on(world)
    came = {c.json().get("cursor", "") for c in desk.calls[since:] if c.path.endswith("gossip")}
    expect(not came & {"x" * 65, "two words", "line\nbreak", "\u2028"}, "no such cursor", came)


@scenario("9.8", "a redirect is not followed", negative=True)
async def redirect(world: World) -> None:
    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect(str(request.url.with_path(request.path.replace("/xs/1/gossip", "/trap"))))

    desk = await dialled(world, gossip=reply)
    await goes_on(world)
    expect(not [c for c in desk.calls if c.path == "/trap"], "nobody at the place that a redirect names")


@scenario("9.7", "a gzip bomb in an answer harms nobody", negative=True)
async def bomb(world: World) -> None:
    bombs = [gzip.compress(b" " * 40 * limits.MIB), gzip.compress(gzip.compress(b" " * 200 * limits.MIB))]
    for body in bombs:
        await dialled(world, gossip=sends(body, **{"Content-Encoding": "gzip"}))
        await goes_on(world)


@scenario("9.7", "an answer in another coding is not taken", negative=True)
async def coding(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(1)
    told = msgspec.json.encode({"cursor": "a.1", "notes": [world.first.head(log, lines).decode()]})
    desk = await dialled(world, gossip=sends(told, **{"Content-Encoding": "br"}), pull=hands_out(log, lines))
    await not_taken(world, log, desk, len(desk.calls))
    await goes_on(world)


@scenario("21.1", "an answer without end is cut", negative=True)
async def endless(world: World) -> None:
    sent, ended = 0, asyncio.Event()

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse()
        try:
            await answer.prepare(request)
            while sent < ENDLESS:
                await answer.write(b" " * 64 * limits.KIB)
                sent += 64 * limits.KIB
        finally:
            ended.set()
        return answer

    await dialled(world, gossip=reply)
    async with asyncio.timeout(60):
        await ended.wait()
    expect(sent < ENOUGH, f"the answer to be cut before {ENOUGH} bytes", sent)
    await goes_on(world)


@scenario("21.1", "an answer of more than 256 notes is not taken", negative=True)
async def many_notes(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(1)
    notes = [world.first.head(log, lines), *(b"nonsense %d" % n for n in range(300))]
    desk = await dialled(world, gossip=says(*notes), pull=hands_out(log, lines))
    await not_taken(world, log, desk, len(desk.calls))
    await goes_on(world)


@scenario("1.4", "an answer of odd JSON is not taken", negative=True)
async def odd_json(world: World) -> None:
    deep = b'{"cursor":"a.1","x":' + b"[" * 2000 + b"]" * 2000 + b"}"
    for body in (
        b"",
        b"null",
        b'{"cursor":"a.1","cursor":"a.2"}',
        b'{"cursor":"\xff"}',
        b'{"cursor":"a.1","x":1.5}',
        deep,
    ):
        await dialled(world, gossip=sends(body))
    await goes_on(world)


@scenario("9.5", "a problem that nobody knows is lived with", negative=True)
async def odd_problem(world: World) -> None:
    for status in (500, 409, 299, 418):

        async def reply(request: web.Request, call: Call, status: int = status) -> web.StreamResponse:
            return web.Response(status=status, body=b'{"type":"urn:xs1:dance","held":"many"}')

        await dialled(world, gossip=reply)
    await goes_on(world)


@scenario("6.2", "a forged head in an answer is not taken", negative=True)
async def forged(world: World) -> None:
    log, lines = world.second.log(new_epoch(world.second)), offers(2)
    forgers = (world.first.signer, Signer(world.second.name, b"\x0b" * 32))
    heads = [world.second.head(log, lines, signer=signer) for signer in forgers]
    desk = await dialled(world, gossip=says(*heads), pull=hands_out(log, lines))
    await not_taken(world, log, desk, len(desk.calls))
    await goes_on(world)


@scenario(
    "8.6", "records in an answer that do not give the root are not taken, later the right ones are", negative=True
)
async def wrong_records(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    head, wrong = world.first.head(log, lines), [*lines[:2], offers(1, 70)[0]]
    desk = await dialled(world, gossip=says(head), pull=hands_out(log, wrong))
    await not_taken(world, log, desk, len(desk.calls), "pull")
    await dialled(world, gossip=says(head), pull=hands_out(log, lines))
    expect(await becomes_held(world, log), "the right records to be taken")


@scenario("8.1", "records of another log than was asked for are not taken", negative=True)
async def other_log(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(2)
    frame = frames.encode(world.second.log(7), 0, lines, 2)
    desk = await dialled(world, gossip=says(world.first.head(log, lines)), pull=sends(frame))
    await not_taken(world, log, desk, len(desk.calls), "pull")
    await goes_on(world)


@scenario("8.3", "a prefix is taken as one: the rest is asked for")
async def prefix(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(7)
    await dialled(world, gossip=says(world.first.head(log, lines)), pull=hands_out(log, lines, most=2))
    expect(await becomes_held(world, log), "all records to be fetched in parts")


@scenario("8.6", "a stream that breaks off within a record is not taken", negative=True)
async def broken_off(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    head, whole = world.first.head(log, lines), frames.encode(log, 0, lines, 3)

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": str(len(whole))})
        await answer.prepare(request)
        await answer.write(whole[: len(whole) - 40])
        assert request.transport is not None
        request.transport.abort()
        return answer

    desk = await dialled(world, gossip=says(head), pull=reply)
    await not_taken(world, log, desk, len(desk.calls), "pull")
    desk = await dialled(world, gossip=says(head), pull=sends(whole[: len(whole) - 40]))
    await not_taken(world, log, desk, len(desk.calls), "pull")
    await dialled(world, gossip=says(head), pull=hands_out(log, lines))
    expect(await becomes_held(world, log), "the whole stream to be taken")


@scenario("11.7", "the node pushes what the partner wants of a head that it showed")
async def wanted(world: World) -> None:
    shown: list[LogId] = []

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        notes = [n for n in call.json().get("notes", ()) if n.startswith(f"{world.peer}/xs1/{world.log.log}/")]
        shown.extend(LogId(world.peer, world.log.log, int(n.split("\n")[0].rpartition("/")[2])) for n in notes)
        return await says(want=[{"log": str(log), "start": 0} for log in shown[:1]])(request, call)

    async def taken(request: web.Request, call: Call) -> web.StreamResponse:
        return web.json_response({"taken": world.size})

    desk = await dialled(world, gossip=reply, push=taken)
    if not shown:
        raise Failed(f"expected its head of {world.log.log} in a round; came none")
    call = await desk.came("push", 0)
    expect(call, "a push", [c.path for c in desk.calls][-5:])
    assert call is not None
    coding, body = call.headers.get("content-encoding", ""), call.body
    text = gzip.decompress(body) if coding == "gzip" else body
    at = text.index(b"\n@ ") + 1
    frame = next(frames.parse(text[at:]))
    expect(frame.log == shown[0] and frame.start == 0 and frame.lines, "its records from 0 on", frame.log)


@scenario("11.7", "what a partner may not have is not pushed, whatever it wants", negative=True)
async def unwanted(world: World) -> None:
    wants = [
        f"{world.peer}/xs1/{world.network}.audit/{world.log.epoch}",
        f"nobody.example/xs1/{world.log.log}/1",
        "odd",
    ]
    desk = await dialled(world, gossip=says())
    for want in wants:
        since = len(desk.calls)
        await dialled(world, gossip=says(want=[{"log": want, "start": 0}]))
        expect(await desk.came("push", since, 0.5) is None, "no push", want)
    await goes_on(world)


@scenario("19.4", "a fork statement in an answer that does not hold freezes nothing", negative=True)
async def false_fork(world: World) -> None:
    log, lines = world.first.log(new_epoch(world.first)), offers(3)
    head, earlier = world.first.head(log, lines), world.first.head(log, lines[:2])
    statement = b"xs1/fork\nheads %d %d\n\n" % (len(earlier), len(head)) + earlier + head
    await dialled(world, gossip=says(head, statement), pull=hands_out(log, lines))
    expect(await becomes_held(world, log), "the log to be held")
    longer = [*lines, offers(1, 60)[0]]
    await dialled(world, gossip=says(world.first.head(log, longer)), pull=hands_out(log, longer))
    path = f"/xs/1/log/{log.node}/{log.log}/{log.epoch}/proof/3?size=4"

    async def grown() -> bool:
        return (await world.second.call("GET", path)).status == 200

    expect(await soon(grown), "the log to go on")


@scenario("16.14", "who tells of a new start is asked back for its cases")
async def asked_back(world: World) -> None:
    desk = await dialled(world, gossip=says())
    since, start = len(desk.calls), world.first.start + 200
    answer = await world.first.call("GET", f"/xs/1/cases?with={world.first.name}&start={start}")
    expect(answer.status == 200, "its cases", answer.body)
    call = await desk.came("cases", since)
    expect(call and f"with={world.peer}" in call.path, "a question for the cases with it", call)


@scenario("10.5", "a call back follows no redirect", negative=True)
async def redirected_call_back(world: World) -> None:
    async def elsewhere(request: web.Request, call: Call) -> web.StreamResponse:
        raise web.HTTPFound(str(request.url.with_path(request.path.replace("/.well-known/xstock", "/trap"))))

    desk = await dialled(world, gossip=says(), xstock=elsewhere)
    answer = await world.first.call("POST", "/xs/1/callback")
    expect(answer.status in (200, 429), "an answer", answer.status)
    if answer.status == 200:
        expect(answer.json()["reached"] is False, "not reached", answer.body)
    expect(not [c for c in desk.calls if c.path == "/trap"], "nobody at the place that a redirect names")
