"""Scenarios of cases, relays, witnesses and membership paths (sections 10, 13, 14, 16, 17, 18)."""

import hashlib
import time
from random import SystemRandom
from typing import Any

import msgspec

from xstock_node.protocol import bundle, heads, identity, merkle, messages, witness
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogId, record_id
from xstock_node.protocol.witness import WitnessRequest
from xstock_node.testing.conformance.partner import Answer, Partner
from xstock_node.testing.conformance.scenario import World, expect, refused, scenario

INBOX = "/xs/1/inbox"
REQUEST: dict[str, Any] = {"step": "request", "lines": [{"item": "HSHETENTF16C", "qty": [1, 0], "unit": "H87"}]}


def new_case(world: World) -> str:
    """A case id of the kind that the node's log is."""
    while (case := record_id(SystemRandom().randbytes(10))).startswith("x") != world.log.name.is_exercise:
        pass
    return case


async def post(partner: Partner, raw: bytes, *side: bytes) -> Answer:
    body = b"".join(bundle.pieces([Entry("message", raw), *(Entry("side", line) for line in side)]))
    return await partner.call("POST", INBOX, body)


async def opened(world: World) -> tuple[str, str]:
    """A case that the first partner opened, and the hash of its request."""
    case = new_case(world)
    raw = world.first.message(world.peer, case, 1, "", REQUEST)
    answer = await post(world.first, raw)
    expect(answer.status == 200, "a receipt", answer.body)
    return case, messages.parse(raw).link.hash


@scenario("16.8", "a first message is answered by a receipt whose signature holds")
async def receipt(world: World) -> None:
    raw = world.first.message(world.peer, new_case(world), 1, "", REQUEST)
    answer = await post(world.first, raw)
    found, own = messages.parse_receipt(answer.body), messages.parse(raw)
    expect((found.sender, found.recipient, found.of) == (world.peer, world.first.name, own.link), "its receipt", found)
    known = identity.parse((await world.first.bare("GET", f"/xs/1/id/{world.peer}", None, {})).body)
    for key in known.signing_keys():
        found.note.verify(world.peer, key)


@scenario("16.5", "the same message again gets the same receipt")
async def repeated(world: World) -> None:
    raw = world.first.message(world.peer, new_case(world), 1, "", REQUEST)
    first, second = await post(world.first, raw), await post(world.first, raw)
    expect(first.body == second.body and first.status == 200, "the same bytes", second.body)


@scenario("16.6", "the same counter with another text is a fork", negative=True)
async def same_counter(world: World) -> None:
    case, _ = await opened(world)
    refused(await post(world.first, world.first.message(world.peer, case, 1, "", {"step": "notify"})), 409, "fork")


@scenario("16.4", "a gap is answered with the last counter held", negative=True)
async def gap(world: World) -> None:
    case, _ = await opened(world)
    answer = await post(world.first, world.first.message(world.peer, case, 3, "0" * 64, {"step": "cancel"}))
    refused(answer, 409, "gap")
    expect(answer.json().get("held") == 1, "held 1", answer.body)


@scenario("16.2", "a message that names another predecessor is refused", negative=True)
async def other_predecessor(world: World) -> None:
    case, _ = await opened(world)
    refused(await post(world.first, world.first.message(world.peer, case, 2, "1" * 64, {"step": "cancel"})), 409, "gap")


@scenario("16.13", "a skipped step is refused", negative=True)
async def skipped(world: World) -> None:
    case, last = await opened(world)
    refused(await post(world.first, world.first.message(world.peer, case, 2, last, {"step": "accept"})), 409, "step")


@scenario("16.13", "a step by the wrong party is refused", negative=True)
async def wrong_party(world: World) -> None:
    case, last = await opened(world)
    for step in ("offer", "confirm", "dispatch"):
        answer = await post(world.first, world.first.message(world.peer, case, 2, last, {"step": step}))
        refused(answer, 409, "step")


@scenario("16.13", "a step that nobody knows is refused", negative=True)
async def unknown_step(world: World) -> None:
    case, last = await opened(world)
    refused(await post(world.first, world.first.message(world.peer, case, 2, last, {"step": "dance"})), 409, "step")


@scenario("16.13", "a requester may cancel what it asked for")
async def cancelled(world: World) -> None:
    case, last = await opened(world)
    answer = await post(world.first, world.first.message(world.peer, case, 2, last, {"step": "cancel"}))
    expect(answer.status == 200, "a receipt", answer.body)


@scenario("16.1", "a third party is told nothing of a case", negative=True)
async def third(world: World) -> None:
    case, last = await opened(world)
    raw = world.second.message(world.peer, case, 2, last, {"step": "cancel"})
    refused(await post(world.second, raw), 404, "not-found")


@scenario("16.16", "a message in another's name is refused", negative=True)
async def in_anothers_name(world: World) -> None:
    case = new_case(world)
    raw = world.first.message(world.peer, case, 1, "", REQUEST)
    expect((await post(world.second, raw)).status == 401, "401")
    forged = world.second.message(world.peer, case, 1, "", REQUEST, sender=world.first.name, signer=world.second.signer)
    expect((await post(world.first, forged)).status == 401, "401")


@scenario("16.16", "a message to another node is refused", negative=True)
async def to_another(world: World) -> None:
    raw = world.first.message(world.second.name, new_case(world), 1, "", REQUEST)
    expect((await post(world.first, raw)).status == 401, "401")


@scenario("16.16", "a message of another network is refused", negative=True)
async def other_network(world: World) -> None:
    raw = world.first.message(world.peer, new_case(world), 1, "", REQUEST, network="elsewhere")
    refused(await post(world.first, raw), 404, "not-found")


@scenario("2.8", "an exercise's case never touches what is real, nor the reverse", negative=True)
async def exercise(world: World) -> None:
    case = ("a" if world.log.name.is_exercise else "x") + new_case(world)[1:]
    refused(await post(world.first, world.first.message(world.peer, case, 1, "", REQUEST)), 409, "step")


@scenario("16.9", "side lines that a message does not name are refused", negative=True)
async def unnamed_side(world: World) -> None:
    side = b'{"kind":"name","text":"Ana","n":"AAAAAAAAAAAAAAAA"}'
    raw = world.first.message(world.peer, new_case(world), 1, "", REQUEST)
    refused(await post(world.first, raw, side), 400, "malformed")


@scenario("16.9", "side lines that a message names are taken")
async def named_side(world: World) -> None:
    side = b'{"kind":"phone","text":"+359 2 123","n":"AAAAAAAAAAAAAAAA"}'
    step = REQUEST | {"side": [hashlib.sha256(side).hexdigest()], "pd": True}
    answer = await post(world.first, world.first.message(world.peer, new_case(world), 1, "", step), side)
    expect(answer.status == 200, "a receipt", answer.body)


@scenario("16.14", "a caller is told its cases, and how far both chains are held")
async def told_cases(world: World) -> None:
    case, last = await opened(world)
    answer = await world.first.call("GET", f"/xs/1/cases?with={world.first.name}")
    line = next((c for c in answer.json()["cases"] if c["case"] == case), None)
    expect(line and line["chains"][0]["hash"] == last, "the case and its last message", line)


@scenario("16.14", "nobody is told another's cases", negative=True)
async def others_cases(world: World) -> None:
    refused(await world.second.call("GET", f"/xs/1/cases?with={world.first.name}"), 404, "not-found")


@scenario("16.7", "a newer start goes on from the message that it links to")
async def newer_start(world: World) -> None:
    case, last = await opened(world)
    step = {"step": "cancel"}
    raw = world.first.message(world.peer, case, 2, last, step, start=world.first.start + 100)
    expect((await post(world.first, raw)).status == 200, "a receipt")
    older = world.first.message(world.peer, case, 3, messages.parse(raw).link.hash, {"step": "amend"})
    refused(await post(world.first, older), 409, "gap")


@scenario("16.18", "an attachment that no message names is not there", negative=True)
async def no_blob(world: World) -> None:
    refused(await world.first.call("GET", "/xs/1/blob/" + "0" * 64), 404, "not-found")


@scenario("17.4", "a sealed blob is kept for its recipient, who alone lists, fetches and deletes it")
async def relay(world: World) -> None:
    blob = b"\x01" + hashlib.sha256(str(time.time()).encode()).digest()
    path = f"/xs/1/relay/{world.second.name}/{hashlib.sha256(blob).hexdigest()}"
    expect((await world.first.call("PUT", path, blob)).status == 200, "the blob to be kept")
    told = (await world.second.gossip(cursor="")).json()
    expect(told.get("mail", 0) >= 1, "mail to be told of", told.get("mail"))
    listed = (await world.second.call("GET", f"/xs/1/relay/{world.second.name}")).body.decode()
    expect(path.rpartition("/")[2] in listed and world.first.name in listed, "the blob in the list", listed)
    expect((await world.second.call("GET", path)).body == blob, "the blob")
    expect((await world.second.call("DELETE", path)).status == 200, "the blob to be deleted")
    expect((await world.second.call("GET", path)).status == 404, "404 afterwards")


@scenario("17.5", "another's mailbox is not there", negative=True)
async def others_mail(world: World) -> None:
    refused(await world.first.call("GET", f"/xs/1/relay/{world.second.name}"), 404, "not-found")
    refused(await world.first.call("GET", f"/xs/1/relay/{world.second.name}/{'0' * 64}"), 404, "not-found")


@scenario("17.4", "a blob under another hash is refused", negative=True)
async def wrong_hash(world: World) -> None:
    answer = await world.first.call("PUT", f"/xs/1/relay/{world.second.name}/{'0' * 64}", b"\x01blob")
    refused(answer, 400, "malformed")


def audit_head(partner: Partner, leaves: list[bytes], epoch: int) -> bytes:
    log = LogId(partner.name, f"{partner.network}.audit", epoch)
    return heads.sign(Head(log, len(leaves), merkle.tree_root(leaves), int(time.time()), 0), partner.signer)


@scenario("18.3", "an audit head that grew consistently is cosigned; another growth is not")
async def witnessed(world: World) -> None:
    leaves = [merkle.leaf_hash(b"%d" % n) for n in range(7)]
    epoch = world.first.start = world.first.start + 1
    begun = audit_head(world.first, leaves[:3], epoch)
    answer = await world.first.call("POST", "/xs/1/witness", witness.write_request(WitnessRequest(0, (), begun)))
    expect(answer.status == 200, "a cosignature", answer.body)
    known = identity.parse((await world.first.bare("GET", f"/xs/1/id/{world.peer}", None, {})).body)
    text = heads.parse(begun)[1].text
    line = witness.parse_lines(answer.body)[0]
    expect(witness.verify(text, line, world.peer, known.signing_keys()[0]).time > 0, "one that holds")
    forked = [*leaves[:2], leaves[6], leaves[3]]
    path = tuple(merkle.consistency_path(3, 4, lambda a, b: merkle.tree_root(forked[a:b])))
    bad = witness.write_request(WitnessRequest(3, path, audit_head(world.first, forked, epoch)))
    expect((await world.first.call("POST", "/xs/1/witness", bad)).status == 409, "409 for another history")
    wrong = witness.write_request(WitnessRequest(1, (), audit_head(world.first, leaves, epoch)))
    answer = await world.first.call("POST", "/xs/1/witness", wrong)
    expect(answer.status == 409 and answer.json().get("held") == 3, "409 with held 3", answer.body)


@scenario("18.4", "another's audit head is not cosigned", negative=True)
async def others_audit(world: World) -> None:
    ask = witness.write_request(WitnessRequest(0, (), audit_head(world.first, [], world.first.start)))
    expect((await world.second.call("POST", "/xs/1/witness", ask)).status in (400, 401), "a refusal")


@scenario("10.3", "a charter that is not held is not there", negative=True)
async def no_charter(world: World) -> None:
    refused(await world.first.bare("GET", "/xs/1/charter/elsewhere/1", None, {}), 404, "not-found")


@scenario("14.9", "an application that is nonsense is refused", negative=True)
async def bad_application(world: World) -> None:
    body = msgspec.json.encode({"network": world.network, "identity": "x", "sponsor": world.peer, "contact": "desk"})
    answer = await world.stranger.bare("POST", "/xs/1/apply", body, {})
    expect(answer.status in (400, 404), "a refusal", answer.status)


@scenario("10.5", "who cannot be called back is told so")
async def callback(world: World) -> None:
    answer = await world.second.call("POST", "/xs/1/callback")
    expect(answer.status in (200, 429), "an answer", answer.status)
    if answer.status == 200 and not world.second.url:
        expect(answer.json()["reached"] is False, "not reached", answer.body)
