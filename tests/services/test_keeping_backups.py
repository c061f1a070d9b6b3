"""Back-ups kept for others: by agreement alone, within their bounds, whole or not at all (xs1 22.1 to 22.7)."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec
import pytest

from xstock_node.protocol import backups, limits, paths
from xstock_node.protocol.backups import Announced, KeptFile, KeptFiles, Taken
from xstock_node.protocol.errors import Full, Gap, Mismatch, NotFound, ProtocolError, Quota, TooLarge, Unreachable
from xstock_node.services.backup import sending
from xstock_node.services.backup import shelf as shelf_module
from xstock_node.services.backup.keeping import Agreed, Keeping
from xstock_node.services.backup.sending import Courier

OWNER, OTHER, STRANGER = "owner.example.org", "other.example.org", "stranger.example.org"
PART, MOST = limits.BACKUP_PART, 3 << 20
NAME = "owner.example.org-20270101T000000Z.xsbackup"


class Line:
    """A `Peer` whose other side is a `Keeping`; `breaks` says before which of its answers the line breaks."""

    name = "keeper.example.org"

    def __init__(self, keeping: Keeping, caller: str = OWNER, breaks: Callable[[int], bool] = lambda n: False) -> None:
        self.keeping, self.caller, self.breaks, self.asked = keeping, caller, breaks, Counter[str]()

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        found, args = paths.find(method, path)
        assert len(body) <= found.most
        self.asked[found.name] += 1
        answer = await self.keeping.desks()[found.name](self.caller, args, body)
        assert len(answer) <= most
        if self.breaks(self.asked.total()):
            raise Unreachable("an answer", "the line broke")
        return answer


async def no_time(seconds: float) -> None:
    """Seconds that pass at once."""


def courier(line: Line) -> Courier:
    return Courier(line, no_time, lambda done: None)  # type: ignore[arg-type]


def keeping_in(folder: Path, most: int = MOST, files: int = 2) -> Keeping:
    return Keeping(folder / "kept", {OWNER: Agreed(most, files), OTHER: Agreed(most, files)}, lambda: 1_800_000_000)


def file_in(folder: Path, size: int, name: str = NAME, seed: int = 1) -> Path:
    path = folder / name
    path.write_bytes(Random(seed).randbytes(size))
    return path


async def asked(line: Line, method: str, path: str, body: bytes = b"") -> Taken:
    return msgspec.json.decode(await line.ask(method, path, body), type=Taken)


def announced(data: bytes) -> bytes:
    return msgspec.json.encode(Announced(size=len(data), sha256=hashlib.sha256(data).hexdigest()))


@pytest.mark.parametrize("size", [1, PART - 1, PART, PART + 1, 5 * PART + 77])
async def test_a_file_comes_whole_and_goes_back_as_it_was(tmp_path: Path, size: int) -> None:
    line, file = Line(keeping_in(tmp_path)), file_in(tmp_path, size)
    assert await courier(line).send(file) == (size, size)
    assert line.asked["backup.put"] == backups.parts_of(size) == -(-size // PART)
    (kept,) = (await courier(line).listed()).files
    assert (kept.name, kept.size, kept.whole, kept.held) == (NAME, size, True, backups.parts_of(size))
    (tmp_path / "back").mkdir()
    back = await courier(line).fetch(kept, tmp_path / "back")
    assert back.read_bytes() == file.read_bytes()
    assert await courier(line).send(file) == (size, 0), "it is there already (xs1 22.3)"
    assert {path.suffix for path in (tmp_path / "kept" / OWNER).iterdir()} == {".xsbackup", ".told"}


async def test_nobody_else_lists_gets_puts_or_deletes(tmp_path: Path) -> None:
    keeping, file = keeping_in(tmp_path), file_in(tmp_path, 2 * PART)
    await courier(Line(keeping)).send(file)
    part = file.read_bytes()[:PART]
    asks = [
        ("GET", "/xs/1/backup", b""),
        ("POST", backups.file_path(NAME), announced(b"abc")),
        ("PUT", backups.part_path(NAME, 0, backups.part_hash(part)), part),
        ("GET", backups.part_path(NAME, 0), b""),
        ("DELETE", backups.file_path(NAME), b""),
    ]
    for method, path, body in asks:  # xs1 22.1: like a node without these paths
        with pytest.raises(NotFound):
            await Line(keeping, STRANGER).ask(method, path, body)
    other = Line(keeping, OTHER)
    assert (await courier(other).listed()).files == []
    with pytest.raises(NotFound):
        await other.ask("GET", backups.part_path(NAME, 0))
    assert await other.ask("DELETE", backups.file_path(NAME)) == b'{"deleted":false}'
    assert await Line(keeping).ask("GET", backups.part_path(NAME, 0)) == part
    assert await Line(keeping).ask("DELETE", backups.file_path(NAME)) == b'{"deleted":true}'
    assert (await courier(Line(keeping)).listed()).files == []


async def test_a_part_with_another_hash_or_length_or_out_of_turn_is_refused_and_not_kept(tmp_path: Path) -> None:
    line, data = Line(keeping_in(tmp_path)), Random(2).randbytes(3 * PART)
    first, second = data[:PART], data[PART : 2 * PART]
    await line.ask("POST", backups.file_path(NAME), announced(data))
    for body, digest in ((second, first), (first[:-1], first[:-1]), (b"", b"")):
        with pytest.raises(ProtocolError):  # xs1 22.4
            await line.ask("PUT", backups.part_path(NAME, 0, backups.part_hash(digest)), body)
    with pytest.raises(Gap) as gap:
        await line.ask("PUT", backups.part_path(NAME, 1, backups.part_hash(second)), second)
    assert gap.value.held == 0 and (await courier(line).listed()).files[0].held == 0
    for times in (1, 2):
        taken = await asked(line, "PUT", backups.part_path(NAME, 0, backups.part_hash(first)), first)
        assert taken == Taken(held=1, whole=False), f"the same part {times} times"


async def test_parts_that_do_not_give_the_announced_file_are_thrown_away(tmp_path: Path) -> None:
    line, data = Line(keeping_in(tmp_path)), Random(3).randbytes(PART + 5)
    await line.ask("POST", backups.file_path(NAME), announced(data))
    wrong = Random(4).randbytes(PART)
    await line.ask("PUT", backups.part_path(NAME, 0, backups.part_hash(wrong)), wrong)
    end = data[PART:]
    with pytest.raises(Mismatch):  # xs1 22.5
        await line.ask("PUT", backups.part_path(NAME, 1, backups.part_hash(end)), end)
    assert (await courier(line).listed()).files == [] and not list((tmp_path / "kept" / OWNER).iterdir())


@pytest.mark.parametrize("seed", range(8))
async def test_a_line_that_breaks_at_any_answer_costs_no_part(tmp_path: Path, seed: int) -> None:
    chance, file = Random(seed), file_in(tmp_path, 9 * PART + 3)
    line = Line(keeping_in(tmp_path), breaks=lambda n: chance.random() < 0.4)
    assert (await courier(line).send(file)).size == 9 * PART + 3
    kept = (await courier(line).listed()).files[-1]
    (tmp_path / "back").mkdir()
    back = await courier(line).fetch(kept, tmp_path / "back")
    assert kept.whole and back.read_bytes() == file.read_bytes()


async def test_a_sender_that_ends_in_the_middle_goes_on_there_and_so_does_who_fetches(tmp_path: Path) -> None:
    keeping, file = keeping_in(tmp_path), file_in(tmp_path, 8 * PART)
    gone = Line(keeping, breaks=lambda n: n > 5)
    with pytest.raises(Unreachable):
        await Courier(gone, no_time, lambda done: None, patience=3).send(file)  # type: ignore[arg-type]
    held = (await courier(Line(keeping)).listed()).files[0].held
    assert 0 < held < 8
    assert await courier(Line(keeping)).send(file) == (8 * PART, (8 - held + 1) * PART), "the last part again"
    kept = (await courier(Line(keeping)).listed()).files[0]
    with pytest.raises(Unreachable):
        line = Line(keeping, breaks=lambda n: n > 3)
        await Courier(line, no_time, lambda done: None, patience=3).fetch(kept, tmp_path)  # type: ignore[arg-type]
    file.unlink()
    line = Line(keeping)
    back = await courier(line).fetch(kept, tmp_path)
    assert line.asked["backup.get"] == 5 and hashlib.sha256(back.read_bytes()).hexdigest() == kept.sha256


async def test_a_torn_tail_of_a_killed_keeper_is_written_over(tmp_path: Path) -> None:
    file = file_in(tmp_path, 3 * PART + 9)
    line = Line(keeping_in(tmp_path), breaks=lambda n: n > 3)
    with pytest.raises(Unreachable):
        await Courier(line, no_time, lambda done: None, patience=2).send(file)  # type: ignore[arg-type]
    (part,) = (tmp_path / "kept" / OWNER).glob("*.part")
    with part.open("ab") as torn:
        torn.write(b"\0" * (PART // 2))
    (tmp_path / "kept" / OWNER / f"{NAME}.told.new").write_bytes(b"{half")
    line = Line(keeping_in(tmp_path))
    await courier(line).send(file)
    assert (tmp_path / "kept" / OWNER / NAME).read_bytes() == file.read_bytes()
    assert [one.name for one in (await courier(line).listed()).files] == [NAME]


async def test_bounds_hold_and_the_newest_whole_file_is_never_lost_for_a_new_one(tmp_path: Path) -> None:
    keeping = keeping_in(tmp_path, most=10 * PART, files=2)
    line = Line(keeping)
    names = [f"owner.example.org-2027010{n}T000000Z.xsbackup" for n in range(5)]

    async def held() -> list[str]:
        return [one.name for one in (await courier(line).listed()).files]

    for n in range(3):
        await courier(line).send(file_in(tmp_path, 3 * PART, names[n], n))
    assert await held() == names[1:3], "the last two"
    with pytest.raises(TooLarge):  # xs1 22.7
        await line.ask("POST", backups.file_path(names[3]), announced(bytes(10 * PART + 1)))
    with pytest.raises(TooLarge):
        await line.ask("POST", backups.file_path(names[3]), announced(bytes(8 * PART)))
    assert await held() == names[2:3], "an older one made room, the newest stays"
    begun = await asked(line, "POST", backups.file_path(names[3]), announced(bytes(4 * PART)))
    assert begun == Taken(held=0, whole=False)
    await courier(line).send(file_in(tmp_path, 5 * PART, names[4], 9))
    assert await held() == [names[2], names[4]], "what was begun before went"


async def test_a_full_disk_is_told_and_leaves_what_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line, file = Line(keeping_in(tmp_path)), file_in(tmp_path, 2 * PART)
    await courier(line).send(file)
    later = NAME.replace("0101", "0102")
    with monkeypatch.context() as patched:
        patched.setattr(shelf_module.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 1 << 20})())
        with pytest.raises(Full):
            await courier(line).send(file_in(tmp_path, PART, later))
    with monkeypatch.context() as patched:

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        await line.ask("POST", backups.file_path(later), announced(bytes(PART)))
        patched.setattr(shelf_module.os, "fsync", full)
        with pytest.raises(Full, match="No space left"):
            await line.ask("PUT", backups.part_path(later, 0, backups.part_hash(bytes(PART))), bytes(PART))
    assert [one.name for one in (await courier(line).listed()).files if one.whole] == [NAME]


@pytest.mark.parametrize("name", ["..", ".xsbackup", "a.tar", "-.xsbackup", "..xsbackup", "a.xsbackup.told"])
async def test_no_other_name_is_kept(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProtocolError):  # xs1 22.2
        await Line(keeping_in(tmp_path)).ask("POST", backups.file_path(name), announced(b"abc"))
    with pytest.raises(ProtocolError):
        await Line(keeping_in(tmp_path)).ask("DELETE", backups.file_path(name))


async def test_an_announcement_that_says_nothing_is_refused(tmp_path: Path) -> None:
    line = Line(keeping_in(tmp_path))
    for body in (b"", b"{}", b'{"size":0,"sha256":"' + b"0" * 64 + b'"}', b'{"size":5,"sha256":"abc"}', b"[" * 99):
        with pytest.raises(ProtocolError):
            await line.ask("POST", backups.file_path(NAME), body)


async def test_two_requests_at_once_do_not_step_on_each_other(tmp_path: Path) -> None:
    line, data = Line(keeping_in(tmp_path)), Random(5).randbytes(2 * PART)
    await line.ask("POST", backups.file_path(NAME), announced(data))
    first = data[:PART]
    path = backups.part_path(NAME, 0, backups.part_hash(first))
    found = await asyncio.gather(*(asked(line, "PUT", path, first) for _ in range(8)))
    assert set(found) == {Taken(held=1, whole=False)}
    listed = msgspec.json.decode(await line.ask("GET", "/xs/1/backup"), type=KeptFiles)
    assert (listed.most, listed.files[0].held) == (MOST, 1)


class Liar(Line):
    """A line whose answers are bent on their way."""

    def __init__(self, keeping: Keeping, bend: Callable[[str, int, bytes], bytes]) -> None:
        super().__init__(keeping)
        self.bend, self.most = bend, 300

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        found, _ = paths.find(method, path)
        assert self.asked.total() < self.most, "no end of it"
        answer = await super().ask(method, path, body, most)
        return self.bend(found.name, self.asked[found.name], answer)


def taken(held: int, whole: bool = False) -> bytes:
    return msgspec.json.encode(Taken(held=held, whole=whole))


@pytest.mark.parametrize("held", [(0,), (1, 0), (-1,), (1, 0, 1, 2, 1), (1 << 50,)])
async def test_a_keeper_that_never_gets_on_is_given_up(tmp_path: Path, held: tuple[int, ...]) -> None:
    def bend(name: str, times: int, answer: bytes) -> bytes:
        return taken(held[times % len(held)]) if name in ("backup.put", "backup.announce") else answer

    with pytest.raises(Mismatch):
        await courier(Liar(keeping_in(tmp_path), bend)).send(file_in(tmp_path, 4 * PART))


@pytest.mark.parametrize("lie", ["backup.announce", "backup.put"])
async def test_a_file_is_not_at_a_keeper_because_it_says_so(tmp_path: Path, lie: str) -> None:
    def bend(name: str, times: int, answer: bytes) -> bytes:
        return taken(4, whole=True) if name == lie and times == 1 else answer

    line, file = Liar(keeping_in(tmp_path), bend), file_in(tmp_path, 4 * PART)
    assert await courier(line).send(file) == (4 * PART, 4 * PART)
    assert (tmp_path / "kept" / OWNER / NAME).read_bytes() == file.read_bytes()


async def test_a_keeper_that_says_whole_of_another_file_is_not_believed(tmp_path: Path) -> None:
    keeping, file = keeping_in(tmp_path), file_in(tmp_path, 2 * PART)
    await courier(Line(keeping)).send(file)
    file.write_bytes(Random(9).randbytes(2 * PART))

    def bend(name: str, times: int, answer: bytes) -> bytes:
        return taken(2, whole=True) if name == "backup.announce" else answer

    assert await courier(Liar(keeping, bend)).send(file) == (2 * PART, 2 * PART)
    assert (tmp_path / "kept" / OWNER / NAME).read_bytes() == file.read_bytes()


async def test_a_quota_without_time_does_not_go_on_for_ever(tmp_path: Path) -> None:
    def bend(name: str, times: int, answer: bytes) -> bytes:
        raise Quota("less", retry_after=0.0)

    with pytest.raises(Quota):
        line = Liar(keeping_in(tmp_path), bend)
        await Courier(line, no_time, lambda done: None, patience=60).send(file_in(tmp_path, 5))  # type: ignore[arg-type]


async def test_a_keeper_does_not_fill_the_disk_of_who_fetches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping, room = keeping_in(tmp_path), 3 * PART + sending.SPARE
    await courier(Line(keeping)).send(file_in(tmp_path, 3 * PART))
    (kept,) = (await courier(Line(keeping)).listed()).files
    back = tmp_path / "back"
    back.mkdir()

    def bend(name: str, times: int, answer: bytes) -> bytes:
        return bytes(PART) if name == "backup.get" else answer

    def free(place: Path) -> object:
        return type("Usage", (), {"free": room - sum(path.stat().st_size for path in back.iterdir())})()

    monkeypatch.setattr(sending.shutil, "disk_usage", free)
    for size in (limits.INTEGER, 4 * PART, 0, -1):
        line = Liar(keeping, bend)
        with pytest.raises(Mismatch if size < 1 else Full):
            await courier(line).fetch(msgspec.structs.replace(kept, size=size), back)
        assert line.asked["backup.get"] == 0
    with pytest.raises(Mismatch):
        await courier(Line(keeping)).fetch(kept, back, 3 * PART - 1)
    assert (await courier(Line(keeping)).fetch(kept, back, 3 * PART)).stat().st_size == 3 * PART


@pytest.mark.parametrize("length", [0, PART - 1, PART + 1])
async def test_a_part_of_another_length_is_not_written(tmp_path: Path, length: int) -> None:
    def bend(name: str, times: int, answer: bytes) -> bytes:
        return bytes(length) if name == "backup.get" else answer

    line, kept = Liar(keeping_in(tmp_path), bend), kept_file(2 * PART)
    await courier(line).send(file_in(tmp_path, 2 * PART))
    (tmp_path / "back").mkdir()
    with pytest.raises(Mismatch):
        await courier(line).fetch(kept, tmp_path / "back")
    assert sum(path.stat().st_size for path in (tmp_path / "back").iterdir()) == 0


def kept_file(size: int) -> KeptFile:
    return KeptFile(name=NAME, size=size, sha256="0" * 64, held=2, whole=True, at=1)
