"""The envelope and the archive of a back-up: nothing can be changed, cut off, swapped or smuggled in unnoticed."""

import gzip
import io
import tarfile
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xstock_node.services.backup import archive
from xstock_node.services.backup.archive import DATABASE, Manifest, entry_of, pack, unpack
from xstock_node.services.backup.envelope import MAGIC, PIECE, TAG, EnvelopeReader, EnvelopeWriter, Head
from xstock_node.services.backup.key import BackupKey, parse_key
from xstock_node.services.errors import Refusal

KEY = BackupKey(bytes(range(32)))
HEAD = Head(node="redcross.bg", created=1_795_000_000, key=KEY.name(), salt="00" * 16)


def sealed(content: bytes, head: Head = HEAD) -> bytes:
    target = io.BytesIO()
    writer = EnvelopeWriter(target, KEY, head)
    writer.write(content)
    writer.finish()
    return target.getvalue()


def quiet(done: int) -> None:
    """Nobody listens."""


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_what_goes_in_comes_out(size: int) -> None:
    content = Random(size).randbytes(size)
    raw = sealed(content)
    assert EnvelopeReader(io.BytesIO(raw), KEY).read() == content
    reader, parts = EnvelopeReader(io.BytesIO(raw), KEY), []
    while part := reader.read(100_003):
        parts.append(part)
    assert b"".join(parts) == content
    assert size < 64 or content[:64] not in raw


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_changed_byte_is_noticed(data: st.DataObject) -> None:
    raw = bytearray(sealed(b"tents " * 50))
    at = data.draw(st.integers(len(MAGIC), len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Refusal) as refused:
        EnvelopeReader(io.BytesIO(bytes(raw)), KEY).read()
    assert refused.value.code in ("damaged-backup", "wrong-backup-key")


def test_pieces_cannot_be_cut_off_left_out_repeated_or_swapped() -> None:
    content = Random(1).randbytes(3 * PIECE + 100)
    raw = sealed(content)
    begins = raw.index(b"\n", len(MAGIC)) + 1
    step = PIECE + TAG
    pieces = [raw[begins + at * step : begins + (at + 1) * step] for at in range(4)]
    for order in ([0, 1, 2], [0, 1], [], [0, 2, 3], [0, 1, 1, 2, 3], [1, 0, 2, 3], [0, 1, 2, 3, 3]):
        with pytest.raises(Refusal, match="whole back-up"):
            EnvelopeReader(io.BytesIO(raw[:begins] + b"".join(pieces[at] for at in order)), KEY).read()


def test_another_key_is_told_from_damage_and_two_back_ups_share_no_key_stream() -> None:
    with pytest.raises(Refusal) as refused:
        EnvelopeReader(io.BytesIO(sealed(b"x")), BackupKey(bytes(32)))
    assert refused.value.code == "wrong-backup-key" and KEY.name() in refused.value.expected
    other = sealed(b"x" * 99, msgspec.structs.replace(HEAD, salt="11" * 16))
    assert sealed(b"x" * 99)[-115:] != other[-115:]


def test_a_key_is_read_back_from_paper_and_a_wrong_letter_is_noticed() -> None:
    text = KEY.text()
    assert parse_key(text) == KEY == parse_key(text.lower().replace("-", " "))
    letters = [at for at, letter in enumerate(text) if letter.isalnum() and at > 5]
    for at in letters:
        wrong = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(Refusal, match="read it again"):
            parse_key(wrong)
    for wrong in ("", "XSB1", text[:-1], text + "A", "XSB2" + text[4:], text.replace("A", "1")):
        with pytest.raises(Refusal):
            parse_key(wrong)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    (folder / "keys").mkdir(parents=True)
    (folder / "config.toml").write_text("[node]\n")
    (folder / "keys" / "signing.key").write_text("secret\n")
    (folder / "keys" / "signing.key").chmod(0o600)
    (folder / DATABASE).write_bytes(b"rows")
    return folder


def manifest_of(home: Path) -> Manifest:
    names = ["config.toml", "keys/signing.key", DATABASE]
    files = [entry_of(home / name, name) for name in names]
    return Manifest(format=1, node="redcross.bg", network="see", version="0", created=1, rows={}, files=files)


def packed(home: Path, manifest: Manifest) -> bytes:
    target = io.BytesIO()
    pack(target, KEY, manifest, home, home / DATABASE, quiet)
    return target.getvalue()


def test_files_come_back_with_their_contents_and_permissions(home: Path, tmp_path: Path) -> None:
    heard: list[int] = []
    found = unpack(io.BytesIO(packed(home, manifest_of(home))), KEY, tmp_path / "out", heard.append)
    assert (tmp_path / "out" / "keys" / "signing.key").stat().st_mode & 0o777 == 0o600
    assert [(tmp_path / "out" / e.path).read_bytes() for e in found.files] == [b"[node]\n", b"secret\n", b"rows"]
    assert heard[-1] == sum(e.size for e in found.files)


def test_what_changed_while_it_was_packed_is_noticed_at_the_latest_in_the_rehearsal(home: Path, tmp_path: Path) -> None:
    manifest = manifest_of(home)
    (home / "config.toml").write_text("[edon]\n")
    with pytest.raises(Refusal, match=r"config\.toml is not as it was packed"):
        unpack(io.BytesIO(packed(home, manifest)), KEY, tmp_path / "out", quiet)


@pytest.mark.parametrize("name", ["../outside", "/outside", "keys/../../outside", archive.MANIFEST])
def test_nothing_is_written_outside_the_folder(home: Path, tmp_path: Path, name: str) -> None:
    entry = msgspec.structs.replace(entry_of(home / "config.toml", "config.toml"), path=name)
    raw = hostile(msgspec.structs.replace(manifest_of(home), files=[entry]), [(name, b"[node]\n", tarfile.REGTYPE)])
    with pytest.raises(Refusal, match="whole back-up"):
        unpack(io.BytesIO(raw), KEY, tmp_path / "out", quiet)
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([("config.toml", b"[node]\n", tarfile.REGTYPE), ("more", b"x", tarfile.REGTYPE)], "more, which"),
        ([("config.toml", b"", tarfile.SYMTYPE)], "does not name so"),
        ([("config.toml", b"[node]\n" * 9, tarfile.REGTYPE)], "does not name so"),
        ([], "config.toml is missing"),
    ],
)
def test_only_what_the_manifest_names_is_taken_out(
    home: Path, tmp_path: Path, members: list[tuple[str, bytes, bytes]], words: str
) -> None:
    entry = entry_of(home / "config.toml", "config.toml")
    raw = hostile(msgspec.structs.replace(manifest_of(home), files=[entry]), members)
    with pytest.raises(Refusal) as refused:
        unpack(io.BytesIO(raw), KEY, tmp_path / "out", quiet)
    assert words in refused.value.came


def hostile(manifest: Manifest, members: list[tuple[str, bytes, bytes]]) -> bytes:
    """A back-up by somebody who has the key and means harm."""
    target = io.BytesIO()
    writer = EnvelopeWriter(target, KEY, HEAD)
    with gzip.GzipFile(fileobj=writer, mode="wb") as packed, tarfile.open(fileobj=packed, mode="w|") as tar:
        archive._add(tar, archive.MANIFEST, msgspec.json.encode(manifest))
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(content), kind, "/etc/passwd"
            tar.addfile(info, io.BytesIO(content))
    writer.finish()
    return target.getvalue()
