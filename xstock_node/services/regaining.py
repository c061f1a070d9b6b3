"""Regaining own requests: after a restore the copy may be older than what was asked since.

The cases come back from the members that were asked (xs1 16.14). The request that they belong to is this node's own
paper and stands in no log; it is made again from the first step of each case, and says so. It is the organisation's:
which branch it belonged to stood in the lost paper alone.
"""

from collections.abc import Iterable

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.operation import Event
from xstock_node.services import asking, branches, dossier
from xstock_node.services.office import Actor, Office
from xstock_node.services.request_views import REQUESTS, Request
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCase

BY = "regained"


async def regain_requests(office: Office, actor: Actor) -> int:
    """Put own cases that no request names under theirs, made again where it is lost; how many cases there were."""

    def work(tx: Transaction) -> int:
        found = [*_lost(office, tx)]
        for row, asked in found:
            assert isinstance(asked.body, steps.Ask)
            now, id_ = office.node.clock.now(), asked.body.request
            asking.freed(tx, id_, now)  # it was approved and sent after the copy was made
            held = REQUESTS.get(tx, id_) or _made(row, asked, asked.body)
            to = held.to if row.supplier in held.to else (*held.to, row.supplier)
            REQUESTS.put(tx, id_, msgspec.structs.replace(held, to=to, cases={**held.cases, row.supplier: row.id}), now)
            branches.put(tx, row.id, branches.site_of(tx, id_), now)
            office.record(tx, actor, "request.regained", id_, row.id)
        return len(found)

    if not await office.node.engine.read(lambda tx: next(iter(_lost(office, tx)), None)):
        return 0
    return await office.node.engine.write(work, durable=True)


def _lost(office: Office, tx: Transaction) -> Iterable[tuple[StoredCase, Event]]:
    """Own cases of requests that do not name them, each with its first step; what no request asked is left out."""
    own, requests = office.node.identity.name, REQUESTS.list(tx)
    named = {case for request in requests for case in request.cases.values()}
    taken = {(request.id, supplier) for request in requests for supplier in request.cases}
    for network in office.node.networks:
        for row in tx.cases.all(network):
            if row.requester != own or row.id in named:
                continue
            asked = next(iter(dossier.read(tx, row).operation().events), None)
            if asked is None or asked.side != "requester" or not isinstance(asked.body, steps.Ask):
                continue
            if asked.body.request and (asked.body.request, row.supplier) not in taken:
                yield row, asked


def _made(row: StoredCase, asked: Event, body: steps.Ask) -> Request:
    """The request as its first case tells it: what is said to one supplier alone is left out."""
    whole = msgspec.structs.replace(body, agreement="")
    notify = asked.verb == "notify"
    return Request(id=body.request, network=row.network, at=asked.time, by=BY, body=whole, to=(), notify=notify)
