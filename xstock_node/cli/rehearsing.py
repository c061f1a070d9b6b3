"""The rehearsal of a restore: a node is put together from what was unpacked, without its keys, and looked through."""

import secrets
import time
from pathlib import Path
from random import SystemRandom

import msgspec

from xstock_node.cli.assembly import pinned, read_identity, settings_of
from xstock_node.cli.host import plugin_host
from xstock_node.config import load
from xstock_node.protocol.keys import Signer
from xstock_node.services.backup.archive import DATABASE, Manifest
from xstock_node.services.checks import verify_logs
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.services.office import OPERATOR, Office
from xstock_node.services.rebuilding import rebuild_all
from xstock_node.services.times import iso
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.sqlite.snapshot import faults_of, rows_of
from xstock_node.trace import Trace


class Rehearsal(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore of a back-up would give. `replayed` records were read and indexed anew; `offers` are live."""

    file: str
    node: str
    created: str
    records: int
    logs: int
    replayed: int
    offers: int
    faults: list[str]
    holds: bool
    seconds: float


async def rehearse(folder: Path, manifest: Manifest, file: str, began: float) -> Rehearsal:
    """Look through an unpacked back-up: SQLite's own checks, signed heads against records, and a replay of all logs."""
    database = folder / DATABASE
    faults = faults_of(database)
    if (rows := rows_of(database)) != manifest.rows:
        wrong = sorted(set(rows.items()) ^ set(manifest.rows.items()))[0][0]
        faults.append(f"table {wrong} has other rows than the manifest says")
    office = await _office(folder)
    try:
        verified = await verify_logs(office, OPERATOR)
        faults += [f"log {found.log}: {found.why}" for found in verified if not found.holds]
        rebuilt = await rebuild_all(office.node.engine, office.node.clock.now())
        faults += [f"log {one.log}: {one.changed} offers differ after a replay" for one in rebuilt if one.changed]
    finally:
        await office.node.engine.close()
    return Rehearsal(
        file=file,
        node=manifest.node,
        created=iso(manifest.created),
        records=manifest.rows.get("record", 0),
        logs=len(verified),
        replayed=sum(one.records for one in rebuilt),
        offers=sum(one.offers for one in rebuilt),
        faults=faults,
        holds=not faults,
        seconds=round(time.monotonic() - began, 1),
    )


async def _office(folder: Path) -> Office:
    """An office that can read and verify; its signer is a new one, of which nothing leaves this process."""
    config = load(folder)
    own = read_identity(folder)
    node = Node(
        own,
        Signer(own.name, secrets.token_bytes(32)),
        config.log(),
        SqliteEngine(folder / DATABASE, threads=False),
        pinned(folder, config),
        SystemClock(),
        SystemRandom(),
        Trace(own.name),
    )
    await node.load()
    return Office(node, settings_of(config, folder), plugin_host(config, folder), folder)
