"""Declaring: a short-lived signed list of the plates of one corridor's convoys, for the operator of a camera."""

import msgspec

from xstock_node.domain.declared import LONGEST, MOST, DeclaredList, Entry, entry
from xstock_node.plugins.declared_lists import ListFile
from xstock_node.protocol import notes
from xstock_node.protocol.messages import SideLine
from xstock_node.protocol.recordtypes import Time
from xstock_node.services.convoys import CORRIDORS, Underway, remember, secret_of, underway
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction


class DeclareRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A list for a corridor; `begins` 0 is now, both times unix seconds."""

    corridor: str
    begins: Time = 0
    ends: Time


class DeclaredView(msgspec.Struct, frozen=True, kw_only=True):
    """The list: `content` is the file; `without` are consignments whose vehicle has no plate here.

    `digits` are what the operator of the camera compares by voice before the first list.
    """

    corridor: str
    begins: str
    ends: str
    convoys: int
    plates: int
    without: list[str]
    digits: str
    content: str


async def declare(office: Office, actor: Actor, request: DeclareRequest) -> DeclaredView:
    """Sign a list; no plate stands in it, nor in the act. Refusal `threat` on a corridor in threat mode."""
    now, salt = office.node.clock.now(), office.node.random.randbytes(16).hex()
    begins = request.begins or now
    if not (begins < request.ends <= begins + LONGEST and request.ends > now):
        came = f"{iso(begins)} to {iso(request.ends)}"
        raise Refusal("bad-time", f"an end within {LONGEST // 3600} hours of the beginning", came, "shorten it", 2)

    def work(tx: Transaction) -> tuple[list[tuple[str, str]], list[str], int]:
        corridor = CORRIDORS.get(tx, request.corridor)
        if corridor is None:
            raise Refusal("no-corridor", "a corridor of this node", request.corridor, "see `xstock corridor list`")
        secret_of(office, tx)
        ours = [one for one in underway(office, tx) if corridor in one.corridors]
        remember(tx, ours, now)
        if any(one.threat for one in ours) or corridor.threat:
            raise Refusal("threat", "a corridor that is calm", f"{corridor.name} in threat mode", "scan codes instead")
        held = {one.id: _plates(tx, one) for one in ours}
        plates = [(one.id, plate) for one in ours for plate in held[one.id]]
        if len(plates) > MOST:
            raise Refusal("too-many", f"at most {MOST} plates in a list", str(len(plates)), "watch a narrower corridor")
        office.record(tx, actor, "convoy.declare", corridor.name, f"{len(plates)} plates until {iso(request.ends)}")
        return plates, [one.convoy.consignment for one in ours if not held[one.id]], len(ours)

    plates, without, count = await office.node.engine.write(work, durable=True)
    entries: list[Entry] = [found for id_, plate in plates if (found := entry(plate, salt, id_)) is not None]
    said = DeclaredList(
        node=office.node.identity.name,
        corridor=request.corridor,
        begins=begins,
        ends=request.ends,
        salt=salt,
        entries=tuple(sorted(entries, key=lambda one: one.exact)),
    )
    note = notes.sign(msgspec.json.encode(said).decode() + "\n", office.node.signer)
    file = ListFile(identity=office.node.identity.raw.decode(), list=note.decode())
    return DeclaredView(
        corridor=request.corridor,
        begins=iso(begins),
        ends=iso(request.ends),
        convoys=count,
        plates=len(entries),
        without=without,
        digits=office.node.identity.digits(),
        content=msgspec.json.encode(file).decode(),
    )


def _plates(tx: Transaction, one: Underway) -> list[str]:
    """The plates of a convoy's side line; those of a truck and its trailer stand with a slash between them."""
    raw = tx.cases.side_lines(one.row.id).get(one.convoy.vehicle) if one.convoy.vehicle else None
    if raw is None:
        return []
    line = msgspec.json.decode(raw, type=SideLine)
    return [part.strip() for part in line.text.split("/") if part.strip()] if line.kind == "plate" else []
