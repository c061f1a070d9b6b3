"""What every engine promises about the journal, stock, peers and acts."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from xstock_node.domain.items import BaseUnit
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.stock import StockLine
from xstock_node.protocol import messages
from xstock_node.storage import Engine, Transaction
from xstock_node.storage.sound import put_right
from xstock_node.storage.values import (
    Act,
    DamagedMessage,
    DamagedPart,
    PeerState,
    Source,
    StoredCase,
    StoredMessage,
    StoredNote,
    StoredObject,
)
from xstock_node.testing.nodes import make_signer

Opens = Callable[[Path], Engine]


def line(name: str = "Tent", quantity: str = "1.50") -> StockLine:
    return StockLine(
        item_code=None,
        item_name=name,
        quantity=Decimal(quantity),
        unit="pcs",
        location="Central",
        lot=None,
        expiry=None,
    )


def source(name: str = "sheet", lines: int = 2) -> Source:
    return Source(name, "spreadsheet", "2026-11-20", 1_790_000_000, lines, 1)


async def test_the_journal_has_one_id_for_one_database(opens: Opens, tmp_path: Path) -> None:
    found = []
    for folder in ("a", "a", "b"):
        (tmp_path / folder).mkdir(exist_ok=True)
        engine = opens(tmp_path / folder)
        found.append(await engine.write(lambda tx: tx.journal.id(), durable=True))
        await engine.close()
    assert found[0] == found[1] != found[2]


async def test_the_newest_note_of_a_subject_replaces_the_older_and_moves_to_the_end(engine: Engine) -> None:
    def work(tx: Transaction) -> list[int]:
        return [tx.journal.put(s, r) for s, r in (("a", b"1"), ("b", b"2"), ("a", b"3"), ("c", b"4"))]

    positions = await engine.write(work, durable=True)
    assert positions == sorted(set(positions))
    notes = await engine.read(lambda tx: tx.journal.since(0, 99))
    assert [(n.subject, n.raw) for n in notes] == [("b", b"2"), ("a", b"3"), ("c", b"4")]
    assert notes[-1] == StoredNote(positions[-1], "c", b"4")
    assert await engine.read(lambda tx: tx.journal.last()) == positions[-1]
    assert await engine.read(lambda tx: tx.journal.since(notes[0].position, 1)) == notes[1:2]
    assert await engine.read(lambda tx: tx.journal.since(positions[-1], 9)) == []


async def test_a_position_is_never_used_again(engine: Engine) -> None:
    first = await engine.write(lambda tx: tx.journal.put("a", b"1"), durable=True)
    second = await engine.write(lambda tx: tx.journal.put("a", b"2"), durable=True)
    assert second > first


async def test_a_source_read_again_replaces_its_lines_and_no_others(engine: Engine) -> None:
    def work(tx: Transaction) -> None:
        tx.stock.replace(source(), [("1", line()), ("2", line("Pump", "0.001"))])
        tx.stock.replace(source("hand", 1), [("1", line("Bed"))])
        tx.stock.replace(source(lines=1), [("2", line("Boat", "-3"))])

    await engine.write(work, durable=True)
    assert await engine.read(lambda tx: tx.stock.lines()) == [
        ("hand", "1", line("Bed")),
        ("sheet", "2", line("Boat", "-3")),
    ]
    assert await engine.read(lambda tx: tx.stock.sources()) == [source("hand", 1), source(lines=1)]


async def test_single_lines_are_put_and_removed(engine: Engine) -> None:
    await engine.write(lambda tx: tx.stock.replace(source("hand", 0), []), durable=True)
    await engine.write(lambda tx: tx.stock.put_line("hand", "1", line()), durable=True)
    await engine.write(lambda tx: tx.stock.put_line("hand", "1", line("Bed")), durable=True)
    assert await engine.read(lambda tx: tx.stock.lines()) == [("hand", "1", line("Bed"))]
    assert await engine.write(lambda tx: tx.stock.remove_line("hand", "1"), durable=True)
    assert not await engine.write(lambda tx: tx.stock.remove_line("hand", "1"), durable=True)


async def test_a_mapping_is_kept_by_source_name_and_unit(engine: Engine) -> None:
    def mapping_to(code: str, unit: str) -> Mapping:
        key = MappingKey("sheet", "tent", unit)
        factor = Decimal("0.5")
        return Mapping(
            key=key, code=code, base_unit=BaseUnit.PIECE, factor=factor, state=MappingState.CONFIRMED, by="ana", at=1
        )

    first, second, third = mapping_to("A", "pcs"), mapping_to("B", "pcs"), mapping_to("A", "")
    for mapping in (first, second, third):
        await engine.write(lambda tx, m=mapping: tx.stock.put_mapping(m), durable=True)
    found = await engine.read(lambda tx: tx.stock.mappings())
    assert sorted(found, key=lambda m: m.key) == [third, second]


async def test_minimums_are_replaced_as_a_whole_and_stay_exact(engine: Engine) -> None:
    await engine.write(lambda tx: tx.stock.replace_minimums({("c", "x"): Decimal("1")}), durable=True)
    levels = {("Central", "A"): Decimal("0.10"), ("North", "A"): Decimal("7")}
    await engine.write(lambda tx: tx.stock.replace_minimums(levels), durable=True)
    assert await engine.read(lambda tx: tx.stock.minimums()) == levels
    assert str((await engine.read(lambda tx: tx.stock.minimums()))["Central", "A"]) == "0.10"


async def test_what_was_released_is_kept_by_item(engine: Engine) -> None:
    for quantity in ("5", "2.5"):
        await engine.write(lambda tx, q=quantity: tx.stock.release("A", Decimal(q)), durable=True)
    await engine.write(lambda tx: tx.stock.release("B", Decimal(0)), durable=True)
    assert await engine.read(lambda tx: tx.stock.released()) == {"A": Decimal("2.5"), "B": Decimal(0)}


async def test_own_catalogue_items_are_kept_by_code(engine: Engine) -> None:
    await engine.write(lambda tx: tx.stock.put_catalogue_items([("b", b"2"), ("a", b"1")]), durable=True)
    await engine.write(lambda tx: tx.stock.put_catalogue_items([("b", b"3")]), durable=True)
    assert await engine.read(lambda tx: tx.stock.catalogue_items()) == [b"1", b"3"]


async def test_a_peer_never_met_has_an_empty_state(engine: Engine) -> None:
    assert await engine.read(lambda tx: tx.peers.get("see", "redcross.hr")) == PeerState("see", "redcross.hr")
    state = PeerState("see", "redcross.hr", "ab.3", 4, 5, 6, 7, "head: expected x")
    await engine.write(lambda tx: tx.peers.put(state._replace(refusals=1)), durable=False)
    await engine.write(lambda tx: tx.peers.put(state), durable=False)
    assert await engine.read(lambda tx: tx.peers.get("see", "redcross.hr")) == state
    assert await engine.read(lambda tx: tx.peers.get("see", "redcross.rs")) == PeerState("see", "redcross.rs")


async def test_acts_are_listed_newest_first(engine: Engine) -> None:
    acts = [Act(n, "ana", "stock.release", f"item {n}", "5 pcs") for n in (3, 1, 2)]
    for act in acts:
        await engine.write(lambda tx, a=act: tx.acts.add(a), durable=True)
    assert await engine.read(lambda tx: tx.acts.last(2)) == [acts[2], acts[1]]
    assert await engine.read(lambda tx: tx.acts.last(99)) == acts[::-1]
    found = await engine.read(lambda tx: tx.acts.since(0, 2))
    assert [act for _, act in found] == acts[:2]
    assert [act for _, act in await engine.read(lambda tx: tx.acts.since(found[-1][0], 9))] == acts[2:]


async def test_what_people_keep_is_listed_by_kind_and_replaced_by_id(engine: Engine) -> None:
    found = [
        StoredObject("request", "b", 1, b"{}"),
        StoredObject("request", "a", 2, b"[]"),
        StoredObject("person", "a", 3, b"1"),
    ]
    for one in found:
        await engine.write(lambda tx, o=one: tx.objects.put(o), durable=True)
    assert await engine.read(lambda tx: tx.objects.list("request")) == [found[1], found[0]]
    await engine.write(lambda tx: tx.objects.put(found[0]._replace(changed=9, body=b"2")), durable=True)
    assert await engine.read(lambda tx: tx.objects.get("request", "b")) == found[0]._replace(changed=9, body=b"2")
    assert await engine.write(lambda tx: tx.objects.drop("person", "a"), durable=True)
    assert not await engine.write(lambda tx: tx.objects.drop("person", "a"), durable=True)
    assert await engine.read(lambda tx: tx.objects.get("person", "a")) is None
    assert await engine.write(lambda tx: tx.objects.drop_older("request", 9), durable=True) == 1
    assert [one.id for one in await engine.read(lambda tx: tx.objects.list("request"))] == ["b"]


async def test_attachments_are_sized_and_erased_by_case(engine: Engine) -> None:
    def work(tx: Transaction) -> None:
        tx.cases.put_blob("a" * 16, "1" * 64, b"photo")
        tx.cases.put_blob("a" * 16, "2" * 64, bytes(7))
        tx.cases.put_blob("b" * 16, "1" * 64, b"photo")

    await engine.write(work, durable=True)
    assert await engine.read(lambda tx: tx.cases.blob_sizes("a" * 16)) == {"1" * 64: 5, "2" * 64: 7}
    assert await engine.write(lambda tx: tx.cases.erase_blob("a" * 16, "1" * 64), durable=True)
    assert not await engine.write(lambda tx: tx.cases.erase_blob("a" * 16, "1" * 64), durable=True)
    assert await engine.read(lambda tx: tx.cases.cases_with_blob("1" * 64)) == ["b" * 16]
    assert await engine.read(lambda tx: tx.cases.blob("a" * 16, "1" * 64)) is None


async def test_what_does_not_hash_to_what_it_stands_under_is_told_and_never_read(engine: Engine) -> None:
    case, photo, plate = "a" * 16, sha256(b"photo").hexdigest(), sha256(b"plate").hexdigest()

    def parts(tx: Transaction, blob: bytes, line: bytes) -> None:
        tx.cases.put_blob(case, photo, blob)
        tx.cases.put_side_line(case, plate, line)

    async def read() -> tuple[object, object]:
        lines = await engine.read(lambda tx: tx.cases.side_lines(case))
        return await engine.read(lambda tx: tx.cases.blob(case, photo)), lines

    await engine.write(lambda tx: parts(tx, b"phota", b"plata"), durable=True)
    assert await read() == (None, {})
    found = await engine.read(lambda tx: tx.cases.damaged())
    assert sorted(found) == sorted([DamagedPart(case, photo), DamagedPart(case, plate)])  # type: ignore[type-var]
    await engine.write(lambda tx: parts(tx, b"photo", b"plate"), durable=True)
    assert await read() == (b"photo", {plate: b"plate"}), "given again, it is whole"
    assert await engine.read(lambda tx: tx.cases.damaged()) == []


async def test_a_damaged_message_is_told_and_put_right_by_its_hash(engine: Engine) -> None:
    def signed(n: int, previous: str) -> bytes:
        body, link = b'{"step":"request","place":"Vidin"}', messages.Link(9, n, "")
        said = messages.write("see", "redcross.hr", "redcross.bg", "a" * 16, link, previous, messages.NOTHING, 5, body)
        return messages.sign(said, make_signer("redcross.hr"))

    first = signed(1, "")
    raws = [first, signed(2, messages.parse(first).link.hash)]
    right = [
        StoredMessage(said.case, said.sender, said.link, 7, False, raw, b"receipt")
        for raw in raws
        for said in [messages.parse(raw)]
    ]
    hurt = right[0]._replace(raw=raws[0].replace(b"Vidin", b"Vidim"))

    def work(tx: Transaction) -> None:
        tx.cases.put(StoredCase(right[0].case, "see", "redcross.hr", "redcross.bg", 1))
        tx.cases.put_message(hurt)
        tx.cases.put_message(right[1])

    await engine.write(work, durable=True)
    assert await engine.read(lambda tx: tx.cases.damaged()) == [DamagedMessage(hurt)]
    assert put_right(hurt, raws[1]) is None is put_right(hurt, b"no message") is put_right(hurt, hurt.raw)
    found = put_right(hurt, raws[0])
    assert found == right[0]
    await engine.write(lambda tx: tx.cases.mend(hurt, right[0]), durable=True)
    assert await engine.read(lambda tx: tx.cases.messages(hurt.case)) == right
    assert await engine.read(lambda tx: tx.cases.damaged()) == []
