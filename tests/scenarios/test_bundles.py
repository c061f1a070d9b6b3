"""Bundles: what a cut-off node misses, carried by hand; the same checks; sealed for one reader; codes in any order."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.scenarios.test_audiences import append, audience
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import bundle, codes, frames, sealing
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import LogName
from xstock_node.services.bundling import ExportRequest, ImportRequest, export, import_
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.pushing import pushed_frames
from xstock_node.testing import SimNet, make_offer, run_simulated
from xstock_node.testing.nodes import make_sealing

BG, HR, RS = "redcross.bg", "redcross.hr", "redcross.rs"
Story = Callable[[SimNet], Awaitable[None]]


def office(net: SimNet, name: str) -> Office:
    return Office(net.nodes[name], OfficeSettings(), PluginHost(()), net.folder)


def tell(folder: Path, story: Story) -> None:
    async def main() -> None:
        net = SimNet(folder)
        for name in (BG, HR, RS):
            await net.start(name, [n for n in (BG, HR, RS) if n != name])
        await net.settle()
        net.cut(RS)
        try:
            await story(net)
        finally:
            await net.stop_all()

    run_simulated(main())


def size(net: SimNet, name: str, log: LogName) -> int:
    held = net.nodes[name].replicas.heads.get(log)
    return held.size if held else -1


@pytest.mark.parametrize("count", [3, 3000])
def test_a_cut_off_node_takes_what_it_missed_from_a_stick(tmp_path: Path, count: int) -> None:
    async def story(net: SimNet) -> None:
        now, log = net.clocks[BG].now(), LogName(BG, "see.pub")
        await net.publish(BG, [make_offer(n, now) for n in range(count)])
        await asyncio.sleep(300)
        assert (size(net, HR, log), size(net, RS, log)) == (count, 0)
        made = await export(office(net, HR), OPERATOR, ExportRequest())
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert (found.refused, found.records, size(net, RS, log)) == ([], count, count)
        again = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert (again.refused, again.records) == ([], 0)

    tell(tmp_path, story)


# xs1 20.2
def test_a_forged_or_altered_entry_is_refused_and_the_others_are_taken(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now, log = net.clocks[BG].now(), LogName(BG, "see.pub")
        await net.publish(BG, [make_offer(1, now)])
        made = await export(office(net, BG), OPERATOR, ExportRequest())
        entries = list(bundle.parse(made.content))
        bad = [Entry(e.kind, e.data.replace(b"Family tent", b"Palace tent")) for e in entries]
        forged = [Entry("message", b"xs1/msg\n"), Entry("charter", b"nonsense"), *bad]
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=b"".join(bundle.write(forged))))
        assert len(found.refused) >= 3 and size(net, RS, log) == 0
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert found.refused == [] and size(net, RS, log) == 1
        with pytest.raises(ProtocolError):
            await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content[:-30]))

    tell(tmp_path, story)


# xs1 20.3
def test_messages_and_audience_logs_travel_sealed_to_their_reader(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now, sava = net.clocks[BG].now(), LogName(BG, "see.sava")
        await append(net, audience(0, now, RS), make_offer(1, now, name="Canary 4711"))
        case = await net.nodes[BG].correspondence.of().casework.open(RS, {"step": "request", "lines": []})
        open_one = await export(office(net, BG), OPERATOR, ExportRequest())
        assert b"see.sava" not in open_one.content and case.case.encode() not in open_one.content
        made = await export(office(net, BG), OPERATOR, ExportRequest(to=RS))
        assert made.entries["sealed"] == 2 and b"Canary" not in made.content and b"see.sava" not in made.content
        stranger = await import_(office(net, HR), OPERATOR, ImportRequest(content=made.content))
        assert stranger.taken.get("sealed", 0) == 0
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert found.refused == [] and size(net, RS, sava) == 2
        assert len(await net.nodes[RS].engine.read(lambda tx: tx.cases.messages(case.case))) == 1
        again = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert again.refused == []
        assert len(await net.nodes[RS].engine.read(lambda tx: tx.cases.messages(case.case))) == 1

    tell(tmp_path, story)


def sealed_as(sender: str, reader: str, *inner: Entry) -> bytes:
    """A bundle of one sealed entry, as anybody can make it in anybody's name."""
    blob = sealing.seal(b"".join(bundle.pieces(inner)), make_sealing(reader).public, sender, reader)
    return b"".join(bundle.write([Entry("sealed", f"{sender} {reader}\n".encode() + blob)]))


async def refusals(net: SimNet, name: str, of: str) -> int:
    return (await net.nodes[name].peering.state(of)).refusals


# xs1 8.4, 20.3
@pytest.mark.parametrize("count", [3, 1500])
def test_what_is_sealed_in_the_origin_s_name_is_not_the_origin_s_word(tmp_path: Path, count: int) -> None:
    async def story(net: SimNet) -> None:
        now, sava = net.clocks[BG].now(), LogName(BG, "see.sava")
        await append(net, audience(0, now, HR, RS), *[make_offer(n, now) for n in range(count)])
        await asyncio.sleep(300)
        held = net.nodes[HR].replicas
        lines = await net.nodes[HR].engine.read(lambda tx: tx.logs.lines(sava, 0, count + 1))
        lines[2] = frames.hash_line(frames.leaf_of(lines[2]))
        content, note = b"", Entry("head", held.raw[sava])
        for start in range(0, count + 1, 100):
            part = frames.encode(
                held.heads[sava].log, start, lines[start : start + 100], len(lines[start : start + 100])
            )
            content += sealed_as(BG, RS, note, Entry("frames", part)).removeprefix(bundle.FIRST_LINE)
        reader = net.nodes[RS]
        await import_(office(net, RS), OPERATOR, ImportRequest(content=bundle.FIRST_LINE + content))
        assert await reader.engine.read(lambda tx: tx.logs.erased(sava)) == set() and size(net, RS, sava) == -1
        assert await refusals(net, RS, BG) == 0
        net.heal()
        await asyncio.sleep(600)
        assert await reader.engine.read(lambda tx: tx.offers.count(sava, now)) == count
        assert await refusals(net, RS, BG) == 0

    tell(tmp_path, story)


# xs1 15.2, 20.3
def test_nobody_is_charged_for_what_was_sealed_in_its_name_and_only_audience_logs_come_so(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now, sava, pub = net.clocks[BG].now(), LogName(BG, "see.sava"), LogName(BG, "see.pub")
        await append(net, audience(0, now, RS), make_offer(1, now))
        await net.publish(BG, [make_offer(2, now)])
        node = net.nodes[BG]

        async def parts(log: LogName) -> tuple[Entry, Entry]:
            head = node.replicas.heads[log]
            body = await node.engine.read(lambda tx: pushed_frames(tx, head, 0))
            return Entry("head", node.replicas.raw[log]), Entry("frames", body)

        head, body = await parts(sava)
        bad = Entry("head", head.data.replace(str(now).encode(), str(now + 1).encode()))
        assert bad != head
        for content, refused in (
            (sealed_as(BG, RS, bad, body), "head"),
            (sealed_as(BG, RS, *await parts(pub)), "an audience log inside a seal"),
            (b"".join(bundle.write((head, body))), "an audience log inside a seal"),
        ):
            found = await import_(office(net, RS), OPERATOR, ImportRequest(content=content))
            assert len(found.refused) == 2 and refused in found.refused[0]
            assert (size(net, RS, sava), size(net, RS, pub), found.records) == (-1, 0, 0)
        assert await refusals(net, RS, BG) == 0
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=sealed_as(BG, RS, head, body)))
        assert (found.refused, size(net, RS, sava)) == ([], 2)
        await append(net, make_offer(3, now))
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=sealed_as(HR, RS, *await parts(sava))))
        assert "sender may read" in found.refused[0] and size(net, RS, sava) == 2

    tell(tmp_path, story)


@pytest.mark.parametrize("count", [500, 1500])
def test_an_audience_log_of_any_size_travels_sealed_in_parts(tmp_path: Path, count: int) -> None:
    async def story(net: SimNet) -> None:
        now, sava = net.clocks[BG].now(), LogName(BG, "see.sava")
        await append(net, audience(0, now, RS), *[make_offer(n, now) for n in range(count)])
        made = await export(office(net, BG), OPERATOR, ExportRequest(to=RS))
        assert made.entries["sealed"] > 3 and b"see.sava" not in made.content
        entries = list(bundle.parse(made.content))
        sealed = [number for number, entry in enumerate(entries) if entry.kind == "sealed"]
        for lost in (sealed[0], sealed[1], sealed[-1]):
            torn = b"".join(bundle.write(entries[:lost] + entries[lost + 1 :]))
            found = await import_(office(net, RS), OPERATOR, ImportRequest(content=torn))
            assert len(found.refused) == 1 and size(net, RS, sava) == -1
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert (found.refused, found.records, size(net, RS, sava)) == ([], count + 1, count + 1)
        assert await net.nodes[RS].engine.read(lambda tx: tx.offers.count(sava, now)) == count
        await append(net, make_offer(count, now))
        made = await export(office(net, BG), OPERATOR, ExportRequest(to=RS))
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert (found.refused, found.records, size(net, RS, sava)) == ([], 1, count + 2)

    tell(tmp_path, story)


# xs1 20.1
def test_a_log_of_several_entries_comes_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xstock_node.protocol.limits.PUSH_BYTES", 100_000)

    async def story(net: SimNet) -> None:
        now, log = net.clocks[BG].now(), LogName(BG, "see.pub")
        await net.publish(BG, [make_offer(n, now) for n in range(2000)])
        await asyncio.sleep(300)
        made = await export(office(net, HR), OPERATOR, ExportRequest())
        assert made.entries["frames"] > 5
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=made.content))
        assert (found.refused, found.records, size(net, RS, log)) == ([], 2000, 2000)

    tell(tmp_path, story)


# xs1 8.7, 20.2
def test_records_that_come_with_the_roots_of_their_segments_are_taken_part_by_part(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now, log = net.clocks[BG].now(), LogName(BG, "see.pub")
        await net.publish(BG, [make_offer(n, now) for n in range(2000)])
        node = net.nodes[BG]
        head = node.replicas.heads[log]
        body = await node.engine.read(lambda tx: pushed_frames(tx, head, 0))
        entries = [Entry("head", node.replicas.raw[log]), Entry("frames", body)]
        found = await import_(office(net, RS), OPERATOR, ImportRequest(content=b"".join(bundle.write(entries))))
        assert (found.refused, found.records, size(net, RS, log)) == ([], 2000, 2000)

    tell(tmp_path, story)


def test_codes_come_together_in_any_order_and_name_what_is_missing() -> None:
    data = b"".join(bundle.write([Entry("head", random.Random(n).randbytes(1900)) for n in range(5)]))
    pieces = codes.split(data)
    assert len(pieces) > 3 and max(map(len, pieces)) < 1700
    mixed = pieces[:]
    random.Random(2).shuffle(mixed)
    assert codes.join([*mixed, mixed[0]]) == data
    with pytest.raises(ProtocolError, match="none of 2"):
        codes.join([p for p in mixed if " 2/" not in f"{p} "])
    with pytest.raises(ProtocolError):
        codes.join([*pieces[:-1], codes.split(data + b"x")[-1]])
