"""The exchange of cases: after a doubtful start both sides bring each other what the other lacks (xs1 16.14).

A start is doubtful after a restore, or when a peer shows messages of ours that are not held here.
"""

import asyncio
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.protocol import bundle, limits, messages
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import BadSignature, NotFound, ProtocolError
from xstock_node.protocol.names import number
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.recordtypes import Hash, Index, NodeName, RecordId
from xstock_node.services import dossier
from xstock_node.services.casework import Casework, pack
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Outgoing, StoredCase, StoredMessage

CASES = 2_000
BODY = 4 * limits.MIB
SUSPECT_EVERY = 60.0
AGAIN_AFTER = 5.0


class ChainEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The last message of one writer that is held: start, counter, hash."""

    writer: NodeName
    start: Index
    n: Index
    hash: Hash


class CaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """A case with one other party, and how far both chains are held."""

    case: RecordId
    network: Annotated[str, Meta(max_length=32)]
    requester: NodeName
    supplier: NodeName
    chains: Annotated[tuple[ChainEnd, ...], Meta(max_length=2)] = ()


class CaseList(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/xs/1/cases`."""

    cases: Annotated[tuple[CaseLine, ...], Meta(max_length=CASES)] = ()


class Exchange:
    """Both sides of the exchange in one network."""

    def __init__(self, casework: Casework) -> None:
        self._casework, self._node, self._network = casework, casework.node, casework.network
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._settled = False
        self._suspected: dict[str, float] = {}
        casework.suspects = self.suspect

    async def answer(self, caller: str, args: dict[str, str]) -> bytes:
        """The cases with the caller, or all messages of one as a bundle's entries (xs1 10.10)."""
        if args.get("with") != caller:
            raise NotFound("the caller's own name in `with`", args.get("with"))
        wanted, start = args.get("case", ""), number(args.get("start", "0"))
        if start:
            await self._note_start(caller, start)

        def work(tx: Transaction) -> bytes:
            rows = [r for r in tx.cases.all(self._network.name) if caller in (r.requester, r.supplier)]
            if not wanted:
                return msgspec.json.encode(CaseList(cases=tuple(_line(tx, row) for row in rows[-CASES:])))
            row = next((r for r in rows if r.id == wanted), None)
            if row is None:
                raise NotFound("a case with the caller", wanted)
            signed = self._casework.under_newest_key
            found = [Entry("message", signed(m.raw)) for m in tx.cases.messages(row.id) if not m.void]
            return b"".join(bundle.pieces(found))

        return await self._node.engine.read(work)

    async def _note_start(self, caller: str, start: int) -> None:
        """The caller began anew: that is durable before it is answered, and it is asked back (xs1 16.14)."""

        def work(tx: Transaction) -> bool:
            known = tx.cases.start_of(self._network.name, caller)
            tx.cases.note_start(self._network.name, caller, start)
            return start > known

        if await self._node.engine.write(work, durable=True):
            self._ask_soon(caller, fresh=False)

    def suspect(self, name: str) -> None:
        """A peer speaks of what is not held here: compare with it. Only what this node signed itself is evidence of a
        lost start, so that nobody can make it doubt with words alone."""
        now = self._node.clock.steady()
        if now - self._suspected.get(name, -SUSPECT_EVERY) >= SUSPECT_EVERY:
            self._suspected[name] = now
            self._ask_soon(name, fresh=False)

    def _ask_soon(self, name: str, fresh: bool) -> None:
        peer, running = self._network.gossip.peers.get(name), self._asking.get(name)
        if running is not None and not running.done():  # one at a time, whatever a peer says
            self._again.add(name)
        elif peer is not None:
            self._asking[name] = asyncio.get_running_loop().create_task(self._ask_back(peer, fresh))

    async def close(self) -> None:
        """Stop asking back."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask_back(self, peer: Peer, fresh: bool) -> None:
        while True:
            self._again.discard(peer.name)
            try:
                await self.ask(peer, fresh)
            except (ProtocolError, StorageError, Refusal) as error:
                self._node.trace.info("cases-not-compared", peer=peer.name, why=str(error))
            if peer.name not in self._again:
                return
            await asyncio.sleep(AGAIN_AFTER)

    async def ask(self, peer: Peer, fresh: bool = True) -> int:
        """Compare all cases with a peer and mend both sides; how many messages were brought back here.

        `fresh` tells the peer the number of this start: what is still under way from an older one counts no longer.
        """
        own, count = self._node.identity.name, 0
        told = f"&start={self._node.start_number}" if fresh else ""
        raw = await peer.ask("GET", f"/xs/1/cases?with={own}{told}", most=BODY)
        for line in decode(raw, CaseList, BODY).cases:
            if line.network != self._network.name or {line.requester, line.supplier} != {own, peer.name}:
                continue
            held = await self._node.engine.read(lambda tx, case=line.case: tx.cases.get(case))  # type: ignore[misc]
            here = await self._node.engine.read(lambda tx, row=held: _line(tx, row) if row else None)  # type: ignore[misc]
            if here != line:
                count += await self._bring_back(peer, line)
        await self._send_again(peer)
        if fresh:  # only who knows the number of this start takes no older message any more (xs1 16.14)
            self._casework.doubted.discard(peer.name)
        return count

    def doubt(self, why: str) -> None:
        """From now on nothing is promised until every member was asked (`settle`); `why` is told to the operator."""
        own = self._node.identity.name
        self._node.trace.warning("doubtful-start", network=self._network.name, why=why)
        members = self._network.membership.standings()
        self._casework.doubted = {n for n, s in members.items() if s.is_member and n != own}
        self._casework.was_doubted = True
        self._settled = True

    def doubt_once(self, why: str) -> None:
        """What this start lacked turned up later: doubt it now, unless it was doubted before."""
        if not self._settled:
            self.doubt(why)

    async def settle(self) -> None:
        """Ask everybody who was not reached yet."""
        for name in sorted(self._casework.doubted):
            peer = self._network.gossip.peers.get(name)
            if peer is None:
                continue
            try:
                await self.ask(peer)
            except ProtocolError as error:
                self._node.trace.info("cases-not-compared", peer=name, why=error.sentence())

    async def _bring_back(self, peer: Peer, line: CaseLine) -> int:
        """Take the messages of a case that are missing here: theirs as if they sent them, ours as they were signed."""
        path = f"/xs/1/cases?with={self._node.identity.name}&case={line.case}"
        raw = await peer.ask("GET", path, most=BODY)
        row = StoredCase(line.case, line.network, line.requester, line.supplier, self._node.clock.now())
        own, count = self._node.identity.name, 0
        found = [messages.parse(entry.data) for entry in bundle.entries(raw) if entry.kind == "message"]
        if any(message.case != line.case for message in found):
            raise ProtocolError(f"messages of case {line.case}", "another case")
        # Our own first: what the other side wrote may answer them.
        for message in sorted(found, key=lambda m: (m.sender != own, m.link.n)):
            if message.sender == own:
                taken = await self._take_own(row, message)
                if taken:
                    self.doubt_once(f"{peer.name} holds a message of ours, {message.link.n} of case {line.case}")
                count += taken
                continue
            held = await self._node.engine.read(lambda tx: tx.cases.messages(line.case))
            if all(m.link != message.link for m in held):
                await self._casework.take(peer.name, pack(message.raw), in_exchange=True)
                count += 1
        return count

    async def _take_own(self, row: StoredCase, message: messages.Message) -> int:
        """A message that this node signed and lost: back where it stood, if it still fits."""
        try:
            self._node.directory.verify(message.sender, message.note)
        except BadSignature:
            return 0  # by a key that was given up: it stands where it is held, and is not taken anew

        def work(tx: Transaction) -> list[bytes]:
            tx.cases.put(row)
            held = dossier.read(tx, row).chain(message.sender)
            links = [entry.message.link for entry in held]
            if message.link in links:
                return []
            # What was written since without knowing of it, and nobody took, gives way.
            late = [entry.message.link for entry in held if entry.message.link.n >= message.link.n]
            if any(entry.receipted for entry in held if entry.message.link in late):
                return []
            last = next((link for link in links[::-1] if link not in late), messages.NOTHING)
            if (message.link.n, message.previous) != (last.n + 1, last.hash):
                return []
            tx.cases.void(row.id, message.sender, late)
            for link in late:
                tx.cases.drop_outgoing(row.id, link)
            now = self._node.clock.now()
            tx.cases.put_message(StoredMessage(row.id, message.sender, message.link, now, False, message.raw))
            tx.cases.put_outgoing(Outgoing(row.id, message.recipient, message.link, now))
            return [message.raw]

        before = await self._node.engine.read(lambda tx: len(tx.cases.messages(row.id)))
        await self._casework.audit.keep(work)
        return await self._node.engine.read(lambda tx: len(tx.cases.messages(row.id))) - before

    async def _send_again(self, peer: Peer) -> None:
        """Put into the outbox what the peer does not hold of ours, receipt or not: it may have been restored too."""
        raw = await peer.ask("GET", f"/xs/1/cases?with={self._node.identity.name}", most=BODY)
        theirs = {line.case: line for line in decode(raw, CaseList, BODY).cases}
        own, now = self._node.identity.name, self._node.clock.now()

        def work(tx: Transaction) -> None:
            for row in tx.cases.all(self._network.name):
                if {row.requester, row.supplier} != {own, peer.name}:
                    continue
                line = theirs.get(row.id)
                held = next((c.n for c in line.chains if c.writer == own), 0) if line else 0
                for link in dossier.read(tx, row).links(own):
                    if link.n > held:
                        tx.cases.put_outgoing(Outgoing(row.id, peer.name, link, now))

        await self._node.engine.write(work, durable=True)


def _line(tx: Transaction, row: StoredCase) -> CaseLine:
    found = dossier.read(tx, row)
    ends = []
    for writer in (row.requester, row.supplier):
        last = found.last(writer)
        if last.n:
            ends.append(ChainEnd(writer=writer, start=last.start, n=last.n, hash=last.hash))
    return CaseLine(
        case=row.id, network=row.network, requester=row.requester, supplier=row.supplier, chains=tuple(ends)
    )
