"""A doubtful start is remembered until every member told its cases, or a person said that it need not, however often
the node is started until then.
"""

import msgspec

from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import StoredObject

KIND, ID = "doubt", "pending"


class Doubt(msgspec.Struct, frozen=True):
    """Why the cases held here may be older than what others hold."""

    why: str


def note_restored(tx: Transaction, created: int, now: int) -> None:
    """The database is a copy from the time `created`: cursors into its journal are void, its starts are doubtful."""
    _put(tx, f"restored from a back-up of {iso(created)}", now)
    tx.journal.renew()


def note_lost(tx: Transaction, now: int) -> None:
    """Part of the database could not be read and was lost: its starts are doubtful like those of an older copy."""
    _put(tx, "part of the database could not be read and was lost", now)
    tx.journal.renew()


async def remember_doubt(engine: Engine, why: str, now: int) -> str:
    """Keep a new reason, or find one that was kept; empty where there is none."""

    def work(tx: Transaction) -> str:
        held = tx.objects.get(KIND, ID)
        if held is not None:
            return msgspec.json.decode(held.body, type=Doubt).why
        if why:
            _put(tx, why, now)
        return why

    return await engine.write(work, durable=True)


async def forget_doubt(engine: Engine) -> None:
    """Everybody told its cases."""
    if await engine.read(lambda tx: tx.objects.get(KIND, ID)) is not None:
        await engine.write(lambda tx: tx.objects.drop(KIND, ID), durable=True)


def _put(tx: Transaction, why: str, now: int) -> None:
    tx.objects.put(StoredObject(KIND, ID, now, msgspec.json.encode(Doubt(why))))
