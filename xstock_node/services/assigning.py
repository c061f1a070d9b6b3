"""Assigning: an operation is given to a branch, whose people see it, act on it and are called for it from then on."""

import msgspec

from xstock_node.protocol.recordtypes import ShortText
from xstock_node.services import branches, duty_desk
from xstock_node.services.branches import Placed, row_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.request_views import REQUESTS, Request
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction


class Assign(msgspec.Struct, frozen=True, kw_only=True):
    """An operation for a site; an empty site gives it back to the whole organisation."""

    case: str
    site: ShortText = ""


async def assign(office: Office, actor: Actor, request: Assign) -> Placed:
    """Give an operation to a branch. One of an own request goes with the request and its other operations.

    What was told or taken of it is forgotten: it is news to the people of the branch.
    """
    now, site, catalogue = office.node.clock.now(), plain(request.site, "site"), await office.catalogue()

    def work(tx: Transaction) -> list[str]:
        row = row_of(office, tx, request.case)
        asked = _request_of(tx, row.id)
        moved = [row.id] if asked is None else [asked.id, *asked.cases.values()]
        for id_ in moved:
            branches.put(tx, id_, site, now)
        told = {one.id: one for one in duty_desk.TOLD.list(tx)}
        for thing in duty_desk.things(office, tx, catalogue, told):
            if thing.case in moved or thing.request in moved:
                duty_desk.TOLD.drop(tx, thing.id)
        office.record(tx, actor, "op.assign", row.id, site)
        return moved

    for id_ in await office.node.engine.write(work, durable=True):
        office.changes.tell(id_)
    return Placed(id=request.case, site=site)


def _request_of(tx: Transaction, case: str) -> Request | None:
    """The own request that an operation is of."""
    return next((one for one in REQUESTS.list(tx) if case in one.cases.values()), None)
