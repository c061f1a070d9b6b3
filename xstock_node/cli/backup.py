"""`xstock backup`: back-ups of the data folder: make one, rehearse it, restore it, and the key that opens them."""

import os
import secrets
import sys
import time
from pathlib import Path
from typing import BinaryIO

import click
import msgspec

from xstock_node.cli.backup_peers import MIB, Told, fetch, kept, send, send_to
from xstock_node.cli.keyfiles import KEYS, replace_secret
from xstock_node.cli.output import emit, pairs, say, verb, words
from xstock_node.cli.rehearsing import Rehearsal, rehearse
from xstock_node.cli.scratching import scratch_in
from xstock_node.cli.session import open_session, take_lock
from xstock_node.config import home_folder, load
from xstock_node.services.backup.archive import unpack
from xstock_node.services.backup.key import BackupKey, parse_key
from xstock_node.services.backup.making import Made, make_backup
from xstock_node.services.backup.record import FOLDER, read_record, write_record
from xstock_node.services.backup.restoring import Restored, restore_backup
from xstock_node.services.errors import Refusal
from xstock_node.services.times import iso

KEY_FILE = "backup.key"


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """The back-up key, to be written on paper, and the name by which back-ups tell that it opens them."""

    key: str
    name: str


@click.group("backup")
def backup() -> None:
    """Back-ups of the data folder, encrypted, made while the node runs."""


@backup.command("create")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Folder; else `backups` in the data folder.")
@click.option(
    "--keep", type=click.IntRange(0, 10_000), default=0, help="Remove older ones beyond so many; 0 keeps all."
)
@click.option("--at", "peer", help="Bring it to this peer too, which keeps it by agreement.")
@verb
async def create(as_json: bool, home: Path | None, folder: Path | None, keep: int, peer: str | None) -> None:
    """Make a back-up of settings, keys and database, while the node runs. The root key is no part of it."""
    place = home_folder(str(home) if home else None)
    config = load(place)
    network, now = config.log().rpartition(".")[0], int(time.time())
    with scratch_in(place) as scratch:
        key, made_now = own_key(place)
        if made_now:
            say("backup.new-key", "a new back-up key was made: write it on paper with `xstock backup key`")
        made = make_backup(place, folder or place / FOLDER, scratch, key, config.node.name, network, now, keep, Told())
    if peer:
        say("backup.sending", "bringing {mib} MiB to {peer}", mib=made.size // MIB, peer=peer)
        await send_to(place, config, Path(made.file), peer)
        made = msgspec.structs.replace(made, peer=peer)
    emit(made, as_json, _made)


@backup.command("key")
@verb
async def key(as_json: bool, home: Path | None) -> None:
    """Show the back-up key, to be written on paper and kept away from this machine."""
    place = home_folder(str(home) if home else None)
    load(place)
    with scratch_in(place):
        found, _ = own_key(place)
    write_record(place, msgspec.structs.replace(read_record(place), key_shown=int(time.time())))
    view = KeyView(key=found.text(), name=found.name())
    emit(view, as_json, lambda v: pairs([("key", v.key), ("name", v.name)]))


@backup.command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key-file", type=click.Path(path_type=Path), help="File with the key; else this node's own.")
@click.option("--scratch", type=click.Path(path_type=Path), help="Folder with room for what is unpacked.")
@verb
async def verify(as_json: bool, home: Path | None, file: Path, key_file: Path | None, scratch: Path | None) -> None:
    """Rehearse a restore: unpack, check, hash all records against signed heads, replay them. Ends with 1 on a fault."""
    place = home_folder(str(home) if home else None)
    found = _key_of(place, key_file)
    began = time.monotonic()
    with scratch_in(scratch or place) as folder:
        with _opened(file) as source:
            manifest = unpack(source, found, folder, Told())
        rehearsal = await rehearse(folder, manifest, str(file), began)
    if rehearsal.holds and (place / FOLDER).is_dir():
        write_record(place, msgspec.structs.replace(read_record(place), rehearsed=int(time.time())))
    emit(rehearsal, as_json, _rehearsed)
    if not rehearsal.holds:
        raise click.exceptions.Exit(1)


@backup.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key-file", type=click.Path(path_type=Path), help="File with the key; else it is asked for.")
@click.option("--replace", is_flag=True, help="Move what is in the data folder aside first.")
@verb
async def restore(as_json: bool, home: Path | None, file: Path, key_file: Path | None, replace: bool) -> None:
    """Restore a back-up into a data folder. The node then promises nothing until its peers told what they hold."""
    place = home_folder(str(home) if home else None)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    now, lock = int(time.time()), take_lock(place)
    try:
        found = _key_of(place, key_file)
        with _opened(file) as source, scratch_in(place) as scratch:
            manifest, aside = await restore_backup(source, found, place, scratch, now, replace, Told())
    finally:
        os.close(lock)
    restored = Restored(
        home=str(place),
        node=manifest.node,
        created=manifest.created,
        files=len(manifest.files),
        rows=manifest.rows,
        aside=aside,
        left_out=manifest.left_out,
    )
    emit(restored, as_json, _restored)


@backup.command("settled")
@click.option("--yes", is_flag=True, help="Do it; who has not told its cases was asked by telephone.")
@verb
async def settled(as_json: bool, home: Path | None, yes: bool) -> None:
    """After a restore: promise again, though not every member has told its cases."""
    if not yes:
        do = "see `xstock doctor` for who has not told; ask them by telephone"
        raise Refusal("not-sure", "--yes", "goods may be promised twice", do, 2)
    async with open_session(home) as session:
        ended = await session.call("doubt.end")
    emit(ended, as_json, lambda e: pairs([("without", ", ".join(e.without) or "-")]))


for command in (send, kept, fetch):
    backup.add_command(command)


def own_key(home: Path) -> tuple[BackupKey, bool]:
    """The back-up key of a data folder, and whether it was made just now."""
    path = home / KEYS / KEY_FILE
    if path.exists():
        return parse_key(path.read_text("ascii", "replace")), False
    found = BackupKey(secrets.token_bytes(32))
    replace_secret(path, found.text().encode() + b"\n")
    return found, True


def _key_of(home: Path, key_file: Path | None) -> BackupKey:
    """The key from a file, this node's own, or as a person types it from paper."""
    path = key_file or home / KEYS / KEY_FILE
    if path.exists():
        return parse_key(path.read_text("ascii", "replace"))
    if key_file is not None or not sys.stdin.isatty():
        raise Refusal("no-backup-key", f"a back-up key in {path}", "no such file", "give --key-file", 3)
    return parse_key(str(click.prompt("Back-up key, as on paper", hide_input=True, err=True)))


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb")
    except OSError as error:
        do = "give the path of a back-up"
        raise Refusal("no-file", f"a back-up at {file}", error.strerror or str(error), do, 3) from None


def _made(made: Made) -> str:
    rows = [("file", made.file), ("bytes", made.size), ("files", made.files), ("records", made.rows.get("record", 0))]
    rows += [("at", made.peer)] if made.peer else []
    rows += [("left out", name) for name in made.left_out] + [("removed", name) for name in made.removed]
    return pairs(rows)


def _rehearsed(found: Rehearsal) -> str:
    rows: list[tuple[str, object]] = [
        ("made", found.created),
        ("records", found.records),
        ("offers", found.offers),
        ("seconds", found.seconds),
    ]
    rows += [("fault", fault) for fault in found.faults]
    end = words("backup.holds", "this back-up can be restored") if found.holds else ""
    return "\n".join(filter(None, (pairs(rows), end)))


def _restored(found: Restored) -> str:
    rows = [("node", found.node), ("as of", iso(found.created)), ("files", found.files), ("folder", found.home)]
    rows += [("moved aside", found.aside)] if found.aside else []
    rows += [("not in it", name) for name in found.left_out]
    return pairs(rows) + "\n" + words("backup.next", "next: `xstock serve`, then `xstock doctor`")
