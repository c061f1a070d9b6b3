"""Reacting: what the node does by itself in operations, each time as a step that it signs.

- it confirms an acceptance while the hold stands: a person released the offer, and the bound is checked once more;
- it lets go what nobody had accepted once the requester stood down: the hold ends, and nothing is taken from anybody;
- it signs the end of a hold that ran out before an acceptance was seen: nothing follows from a clock alone;
- it sends what everybody had signed when a crash came between, and expects no further signature;
- where the settings say so, it tells those who promised nothing that a request is covered;
- it opens the cases of requests that a crash cut short, and puts the hashes of acts into the audit log;
- it drops what nobody signed within a week;
- after a restore it ends one-time codes and makes own requests again that were lost.
"""

import asyncio
from typing import Any, Final

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BEFORE, State
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import approving, asking, dossier, gates, links, operating, pausing
from xstock_node.services.accounting import hash_acts
from xstock_node.services.approving import ASK, Draft
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.regaining import regain_requests
from xstock_node.services.request_views import REQUESTS
from xstock_node.services.requesting import send_out
from xstock_node.services.standing_down import stand_down_covered
from xstock_node.services.stock_bound import stock_bound
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction

NODE: Final = Actor("node", "itself")
EVERY = 30.0


class Reacting:
    """The node's own part in its operations; `changed` is told of each case that moved."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._cases: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._cleaned = office.node.clock.steady()
        self._codes_ended = False

    async def start(self) -> None:
        """Begin; the own stock becomes the bound of what is promised."""
        catalogue = await self._office.catalogue()
        self._office.node.correspondence.bound = lambda tx: stock_bound(self._office, tx, catalogue)
        self._office.node.correspondence.arrived = self._arrived
        self._office.node.correspondence.going = pausing.expect_going
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self, cases: set[str] | None = None) -> int:
        """React to some cases, or to all open ones; how many steps were taken."""
        waiting = await self._office.node.engine.read(lambda tx: self._open(tx, cases))
        return sum([await self._react(case, operation) for case, operation in waiting])

    def _arrived(self, case: str) -> None:
        self._cases.add(case)
        self._office.changes.tell(case)
        self._wake.set()

    async def _run(self) -> None:
        await self._guarded(self.chores())
        await self._guarded(self._send_signed())
        await self._turn(None)
        while True:
            try:
                async with asyncio.timeout(EVERY):  # wait_for may swallow the end that `stop` asks for
                    await self._wake.wait()
                cases: set[str] | None = set(self._cases)
            except TimeoutError:
                cases = None
            self._cases.clear()
            self._wake.clear()
            await self._turn(cases)

    async def _turn(self, cases: set[str] | None) -> None:
        steady = self._office.node.clock.steady()
        if steady - self._cleaned >= EVERY:
            self._cleaned = steady
            await self._guarded(self.chores())
        await self._guarded(self.look(cases))
        await self._guarded(stand_down_covered(self._office, NODE))
        await self._guarded(hash_acts(self._office))

    async def chores(self) -> None:
        """What is done now and then, also while much is going on: see the head of this file."""
        bureaus = [self._office.node.correspondence.of(name) for name in self._office.node.networks]
        if not self._codes_ended and any(bureau.casework.was_doubted for bureau in bureaus):
            self._codes_ended = True
            await self._guarded(links.end_codes(self._office, NODE))
        await self._guarded(asking.lapse(self._office, NODE))
        await self._guarded(regain_requests(self._office, NODE))
        for request in await self._office.node.engine.read(REQUESTS.list):
            open_ = not (request.ended or request.waits or asking.in_doubt(self._office, request.network))
            member = self._office.node.network(request.network).membership.is_member
            if open_ and any(member(name) for name in request.to if name not in request.cases):
                await self._guarded(send_out(self._office, NODE, request))

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except (ProtocolError, StorageError, Refusal) as error:
            self._office.node.trace.info("not-reacted", why=str(error))
        except Exception as error:  # looked at again at the next turn
            self._office.node.trace.error("defect", why=f"{type(error).__name__}: {error}")

    async def _send_signed(self) -> None:
        now = self._office.node.clock.now()
        for pending in await self._office.node.engine.read(lambda tx: approving.live(tx, now)):
            if not pending.missing and pending.verb != ASK:
                await self._guarded(operating.send_signed(self._office, NODE, pending))

    def _open(self, tx: Transaction, cases: set[str] | None) -> list[tuple[str, Operation]]:
        """Own cases as supplier, all or these, that wait for a decision that the node may take."""
        own, found = self._office.node.identity.name, []
        for network in self._office.node.networks:
            for row in tx.cases.all(network):
                if row.supplier == own and (cases is None or row.id in cases):
                    held = dossier.read(tx, row)
                    if held.state() in BEFORE | {State.OFFERED}:
                        found.append((row.id, held.operation()))
        return found

    async def _react(self, case: str, operation: Operation) -> int:
        now = self._office.node.clock.now()
        accepted = [e for e in operation.proposals if isinstance(e.body, steps.Accept)]
        draft = None
        if accepted and (not operation.hold_until or now <= operation.hold_until):
            said = msgspec.to_builtins(accepted[-1].body)
            draft = Draft(case, "confirm", {k: said[k] for k in ("terms", "lines", "due") if k in said})
        elif not accepted and (stood_down := [e for e in operation.proposals if e.verb == "cancel"]):
            draft = Draft(case, "cancelled", {"reason": stood_down[-1].body.reason})
        elif not accepted and operation.hold_until and now > operation.hold_until:
            draft = Draft(case, "expire", {"reason": "hold-ended"})
        if draft is None:
            return 0
        try:
            row, found = await operating.held(self._office, case)
            operating.check(self._office, found, draft)  # the other side may have accepted what was never offered
            await self._office.node.engine.read(lambda tx: gates.check(self._office, tx, draft))
            await operating.send(self._office, NODE, row, draft)
        except (Refusal, ProtocolError) as error:
            self._office.node.trace.warning("not-confirmed", case=case, why=str(error))
            return 0
        return 1
