"""Looking through the whole database at somebody's word: the engine's own files, and every record of every log."""

import msgspec

from xstock_node.services.office import Actor, Office
from xstock_node.services.scrubbing import Scrubbing


class DamagedView(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is damaged on disk."""

    log: str
    index: int


class DatabaseCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at and found. `healed` records came back from peers just now; `damaged` are still to be found;
    `faults` is what the engine says of its own files.
    """

    segments: int
    healed: int
    damaged: list[DamagedView]
    faults: list[str]
    holds: bool


async def check_database(office: Office, actor: Actor, request: None = None) -> DatabaseCheck:
    """Hash everything, heal from peers what a running node can, and tell what is left."""
    node = office.node
    scrubbing, before = Scrubbing(node), node.damage.healed
    segments = await scrubbing.sweep()
    await scrubbing.heal_all()
    parts = await node.engine.read(lambda tx: tx.cases.damaged())
    faults = [*await node.engine.faults(), *(f"{part.what} in case {part.case} is damaged" for part in parts)]
    return DatabaseCheck(
        segments=segments,
        healed=node.damage.healed - before,
        damaged=[DamagedView(log=str(log), index=index) for log, index in node.damage.records],
        faults=faults,
        holds=not faults and not node.damage.known,
    )
