"""`xstock db`: the database: check it, and build it anew from the signed logs."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from xstock_node.cli.assembly import DATABASE, open_storage
from xstock_node.cli.output import emit, pairs, say, verb, words
from xstock_node.cli.session import open_session, take_lock
from xstock_node.config import home_folder, load
from xstock_node.services.backup.archive import REPLACED
from xstock_node.services.database_check import DatabaseCheck
from xstock_node.services.doubt import note_lost
from xstock_node.services.rebuilding import rebuild_all
from xstock_node.storage.choosing import SQLITE
from xstock_node.storage.sqlite.salvage import salvage
from xstock_node.storage.to_disk import synchronise


class RebuiltDatabase(msgspec.Struct, frozen=True, kw_only=True):
    """A database that was built anew. `unreadable` counts, by table, the places of the old one that could not be read;
    the old one is `kept` beside it, for whoever wants to look at it.
    """

    logs: int
    records: int
    offers: int
    unreadable: dict[str, int]
    kept: str
    seconds: float


@click.group("db")
def db() -> None:
    """The database of the node."""


@db.command("check")
@verb
async def check(as_json: bool, home: Path | None) -> None:
    """Hash every record again, heal from peers what is damaged while the node runs. Ends with 1 when some is left."""
    async with open_session(home) as session:
        found = await session.call("db.check")
    emit(found, as_json, _checked)
    if not found.holds:
        raise click.exceptions.Exit(1)


@db.command("rebuild")
@verb
async def rebuild(as_json: bool, home: Path | None) -> None:
    """Build the database anew: save what can be read, then replay the signed logs. The node must not run."""
    place = home_folder(str(home) if home else None)
    config, began, now = load(place), time.monotonic(), int(time.time())
    lock, unreadable, kept = take_lock(place), dict[str, int](), ""
    try:
        if config.storage.engine == SQLITE and (place / DATABASE).exists():
            say("db.saving", "saving what can be read of {file}", file=DATABASE)
            unreadable, kept = _into_a_new_file(place)
        engine = open_storage(place, config)
        try:
            say("db.replaying", "replaying the signed logs")
            logs = await rebuild_all(engine, now)
            if kept:  # a broken page does not always say that it is broken: some of it may be lost
                await engine.write(lambda tx: note_lost(tx, now), durable=True)
        finally:
            await engine.close()
    finally:
        os.close(lock)
    built = RebuiltDatabase(
        logs=len(logs),
        records=sum(one.records for one in logs),
        offers=sum(one.offers for one in logs),
        unreadable=unreadable,
        kept=kept,
        seconds=round(time.monotonic() - began, 1),
    )
    emit(built, as_json, _built)


def _into_a_new_file(home: Path) -> tuple[dict[str, int], str]:
    """Move what can be read into a new file, which takes the old one's place at the end."""
    old, new = home / DATABASE, home / f"{DATABASE}.new"
    for path in (new, Path(f"{new}-wal"), Path(f"{new}-shm")):
        path.unlink(missing_ok=True)
    unreadable = salvage(old, new)
    kept = home / f"{REPLACED}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    kept.mkdir(mode=0o700)
    for name in (DATABASE, f"{DATABASE}-wal"):
        if (home / name).exists():
            (kept / name).hardlink_to(home / name)  # there is a database in its place all the time
    for suffix in ("-wal", "-shm"):
        Path(f"{old}{suffix}").unlink(missing_ok=True)
    new.replace(old)
    synchronise(home)
    return unreadable, str(kept)


def _checked(found: DatabaseCheck) -> str:
    rows: list[tuple[str, object]] = [("segments", found.segments), ("healed", found.healed)]
    rows += [("damaged", f"record {one.index} of {one.log}") for one in found.damaged]
    rows += [("damaged", part) for part in found.in_cases]
    rows += [("fault", fault) for fault in found.faults]
    end = words("db.holds", "all of it is as it was written") if found.holds else _what_next(found)
    return pairs(rows) + "\n" + end


def _what_next(found: DatabaseCheck) -> str:
    if found.faults:
        return words(
            "db.broken",
            "set a server's setting there; for a broken file stop the node, copy the folder, then: `xstock db rebuild`",
        )
    return words("db.waits", "start the node: peers give damaged records and messages again")


def _built(built: RebuiltDatabase) -> str:
    rows: list[tuple[str, object]] = [("logs", built.logs), ("records", built.records), ("offers", built.offers)]
    rows += [(f"unreadable in {table}", count) for table, count in built.unreadable.items()]
    rows += [("old one kept", built.kept)] if built.kept else []
    return pairs(rows)
