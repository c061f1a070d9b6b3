"""Looking through the whole database at somebody's word: the engine's own files, and every record of every log."""

import msgspec

from xstock_node.services.case_scrubbing import scrub_cases
from xstock_node.services.office import Actor, Office
from xstock_node.services.scrubbing import Scrubbing


class DamagedView(msgspec.Struct, frozen=True, kw_only=True):
    """A record that is damaged on disk."""

    log: str
    index: int


class DatabaseCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at and found. `healed` parts came back from peers just now; `damaged` records are still to be
    found, and what is named `in_cases`; `faults` is what the engine says of its own files.
    """

    segments: int
    healed: int
    damaged: list[DamagedView]
    in_cases: list[str]
    faults: list[str]
    holds: bool


async def check_database(office: Office, actor: Actor, request: None = None) -> DatabaseCheck:
    """Hash everything, heal from peers what a running node can, and tell what is left."""
    node = office.node
    scrubbing, before = Scrubbing(node), node.damage.healed
    segments = await scrubbing.sweep()
    await scrubbing.heal_all()
    left = [one.words() for one in await scrub_cases(node)]
    faults = await node.engine.faults()
    return DatabaseCheck(
        segments=segments,
        healed=node.damage.healed - before,
        damaged=[DamagedView(log=str(log), index=index) for log, index in node.damage.records],
        in_cases=left,
        faults=faults,
        holds=not (faults or left or node.damage.known),
    )
