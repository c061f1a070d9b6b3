"""Scenarios of what outlasts a lost answer or the node's own end (sections 6, 7, 16); they come last of all."""

import asyncio
import time

import aiohttp

from xstock_node.protocol import heads, messages
from xstock_node.protocol.heads import Head
from xstock_node.testing.conformance.casework import REQUEST, new_case, post
from xstock_node.testing.conformance.partner import Answer
from xstock_node.testing.conformance.scenario import Restart, Skipped, World, expect, scenario

UP_AGAIN = 60.0
SHOWN = 70.0  # an epoch is shown once the clock has passed it, and it may lie 64 s ahead (7.1)


def restart_of(world: World) -> Restart:
    if world.restart is None:
        raise Skipped("nobody told the kit how to end the node and start it again: give `--restart COMMAND`")
    return world.restart


async def restarted(world: World, restart: Restart) -> None:
    """The node was ended without warning and answers again."""
    await restart()
    until = time.monotonic() + UP_AGAIN
    while time.monotonic() < until:
        try:
            if (await world.second.gossip()).status == 200:
                return
        except (aiohttp.ClientError, OSError):
            await asyncio.sleep(0.2)
    expect(False, f"an answer within {UP_AGAIN:.0f} s of the restart")


async def ends(world: World, case: str) -> list[tuple[int, str]]:
    """Counter and hash of the partner's last message of a case, as the node holds it."""
    answer = await world.first.call("GET", f"/xs/1/cases?with={world.first.name}")
    lines = [line for line in answer.json()["cases"] if line["case"] == case]
    return [(c["n"], c["hash"]) for line in lines for c in line["chains"] if c["writer"] == world.first.name]


async def own_head(world: World) -> Head:
    """The newest head of the node's own log, whatever its epoch."""
    found, cursor = [], ""
    while True:
        told = (await world.second.gossip(cursor=cursor)).json()
        for note in told.get("notes", ()):
            if note.startswith(f"{world.peer}/xs1/{world.log.log}/"):
                found.append(heads.parse(note.encode())[0])
        cursor = told["cursor"]
        if not told.get("more"):
            return max(found, key=lambda head: (head.log.epoch, head.size))


@scenario("16.5", "who hangs up before the receipt comes gets it at the repetition, and is counted once")
async def hung_up(world: World) -> None:
    for seconds in (0.0, 0.002, 0.01, 0.05):
        case = new_case(world)
        raw = world.first.message(world.peer, case, 1, "", REQUEST)
        lost = asyncio.ensure_future(post(world.first, raw))
        await asyncio.sleep(seconds)
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
        answer = await post(world.first, raw)
        expect(answer.status == 200, "a receipt", answer.body)
        expect((await post(world.first, raw)).body == answer.body, "the same receipt again")
        held = await ends(world, case)
        expect(held == [(1, messages.parse(raw).link.hash)], "one message of one case", held)


@scenario("16.8", "a receipt outlasts a restart; a message under way at it is held or not, never half", negative=True)
async def between_receipt_and_commit(world: World) -> None:
    restart, case = restart_of(world), new_case(world)
    first = world.first.message(world.peer, case, 1, "", REQUEST)
    receipt = await post(world.first, first)
    expect(receipt.status == 200, "a receipt", receipt.body)
    last = messages.parse(first).link.hash
    second = world.first.message(world.peer, case, 2, last, {"step": "cancel"})
    under_way = asyncio.ensure_future(post(world.first, second))
    await asyncio.sleep(0)
    await restarted(world, restart)
    (answer,) = await asyncio.gather(under_way, return_exceptions=True)
    expect((await post(world.first, first)).body == receipt.body, "the receipt that was given before")
    if isinstance(answer, Answer) and answer.status == 200:
        held = await ends(world, case)
        expect(held == [(2, messages.parse(second).link.hash)], "what the second receipt says", held)
    again = await post(world.first, second)
    expect(again.status == 200, "a receipt at the repetition", again.body)
    if isinstance(answer, Answer) and answer.status == 200:
        expect(again.body == answer.body, "the receipt that was given before", again.body)
    held = await ends(world, case)
    expect(held == [(2, messages.parse(second).link.hash)], "both messages, once", held)


@scenario("7.2", "a restart opens a newer epoch that goes on from the last head that was shown")
async def newer_epoch(world: World) -> None:
    restart = restart_of(world)
    await asyncio.sleep(2)  # what an earlier restart opened is shown by now
    before = await own_head(world)
    await restarted(world, restart)
    after, until = await own_head(world), time.monotonic() + SHOWN
    while after.log.epoch <= before.log.epoch and time.monotonic() < until:
        await asyncio.sleep(0.2)
        after = await own_head(world)
    expect(after.log.epoch > before.log.epoch and after.base is not None, "a newer epoch with a base", after)
    assert after.base is not None
    base = (after.base.epoch, after.base.size, after.base.root)
    expect(base == (before.log.epoch, before.size, before.root), "the head shown before as its base", base)


@scenario("11.3", "a restart leaves the cursors that were given as they are")
async def cursor_kept(world: World) -> None:
    told = (await world.second.gossip()).json()
    while told.get("more"):
        told = (await world.second.gossip(cursor=told["cursor"])).json()
    await restarted(world, restart_of(world))
    again = (await world.second.gossip(cursor=told["cursor"])).json()
    kept = {note for note in again.get("notes", ()) if not note.startswith(f"{world.peer}/")}
    expect(not kept, "nothing anew but of its own logs", sorted(kept)[:3])
