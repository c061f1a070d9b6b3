"""Bundles: what a peer or a cut-off part of the network misses, on a stick or by mail, and taking one in.

- An entry is judged as if it had come over HTTP, from a carrier that is nobody's origin.
- What is not for all members is sealed to its reader, and nothing else is. Who sealed it is only a claim: it tells
  whether the log may be known to that name, and neither makes the records its word nor is held against it.
"""

import hashlib
from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.protocol import bundle, frames, heads, limits, messages, sealing
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import Gap, NotFound, ProtocolError
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import AUDIT, node_name
from xstock_node.services import enrolling
from xstock_node.services.casework import pack, sides_of
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.pushing import with_roots
from xstock_node.services.serving import serve_pull
from xstock_node.storage.interfaces import Transaction

SEALED_CHUNK = 40 * limits.KIB
CARRIER = "bundle"


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to pack: for one peer (its messages and audience logs sealed to it), or for everybody."""

    to: str = ""
    network: str = ""


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle, what is in it, and whether it is of an exercise: then nothing in it is real."""

    content: bytes
    entries: dict[str, int]
    exercise: bool


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle that somebody carried here."""

    content: Annotated[bytes, Meta(max_length=limits.BUNDLE)]


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the entries of a bundle, by kind; each refusal says why."""

    taken: dict[str, int]
    known: dict[str, int]
    refused: list[str]
    records: int


async def export(office: Office, actor: Actor, request: ExportRequest) -> Bundle:
    """Charters, identities, heads with their records, forks; for one peer also what is sealed for it."""
    node, network = office.node, office.node.network(request.network)
    entries = [Entry("charter", c.raw) for c in network.membership.charters]
    standings = network.membership.standings()
    known = [found for name in sorted(standings) if (found := node.directory.get(name)) is not None]
    entries += [Entry("identity", found.raw) for found in known]
    shown = await node.engine.read(lambda tx: tx.governance.forks())
    entries += [
        Entry("fork", f.raw) for f in shown if f.log.name.network == network.name and f.log.name.is_for_all
    ]  # xs1 20.3
    logs = sorted(network.replicas.heads.values(), key=lambda h: (h.log.log != f"{network.name}.net", h.log))
    for head in logs:
        if head.log.name.is_for_all and head.log.name not in network.replicas.frozen:
            entries += await _log_entries(office, network, head, limits.PUSH_BYTES)
    if request.to:
        entries += await _sealed_entries(office, network, request.to)
    counted: dict[str, int] = {}
    for entry in entries:
        counted[entry.kind] = counted.get(entry.kind, 0) + 1
    await node.engine.write(
        lambda tx: office.record(tx, actor, "bundle.export", request.to or "all", str(counted)), durable=True
    )
    return Bundle(content=b"".join(bundle.write(entries)), entries=counted, exercise=network.shared.is_exercise)


async def import_(office: Office, actor: Actor, request: ImportRequest) -> Imported:
    """Take in a bundle, entry by entry; one that is refused does not stop the others (xs1 20.2)."""
    desk = _Desk(office)
    for entry in bundle.parse(request.content):
        await desk.take(entry)
    await desk.finish()
    await office.node.engine.write(
        lambda tx: office.record(tx, actor, "bundle.import", CARRIER, f"{desk.taken}, {len(desk.refused)} refused"),
        durable=True,
    )
    return Imported(taken=desk.taken, known=desk.known, refused=desk.refused, records=desk.records)


class _Desk:
    """Takes entries in; a head waits for the frames that follow it."""

    def __init__(self, office: Office) -> None:
        self.taken: dict[str, int] = {}
        self.known: dict[str, int] = {}
        self.refused: list[str] = []
        self.records = 0
        self._office, self._node = office, office.node
        self._head = b""
        self._waiting: list[Frame] = []
        self._sender = ""  # who claims to have sealed the entry at hand

    async def take(self, entry: Entry) -> None:
        """One entry."""
        try:
            new = await self._take(entry)
        except (ProtocolError, Refusal) as error:
            self.refused.append(f"{entry.kind}: {error}")
            return
        book = self.taken if new else self.known
        book[entry.kind] = book.get(entry.kind, 0) + 1

    async def finish(self) -> None:
        """What waited for somebody's standing is tried again."""
        self._end_log()
        for network in self._node.networks.values():
            await network.membership.refresh()
            await network.gossip.take_up()

    async def _take(self, entry: Entry) -> bool:
        if entry.kind in ("charter", "identity", "fork"):
            return await self._note(entry)
        if entry.kind == "head":
            self._placed(heads.parse(entry.data)[0])
            if entry.data == self._head:
                return False
            self._end_log()
            self._head = entry.data
            return await self._note(entry)
        if entry.kind == "frames":
            return await self._frames(entry.data)
        if entry.kind == "sealed":
            return await self._sealed(entry.data)
        if entry.kind == "application":
            await enrolling.take(self._node, decode(entry.data, enrolling.ApplicationBody, limits.APPLICATION))
            return True
        raise ProtocolError("an entry that may travel open", entry.kind, "messages travel sealed")

    async def _note(self, entry: Entry) -> bool:
        """A note of the feed, learned as from a peer that vouches for nothing."""
        before = await self._node.engine.read(lambda tx: tx.journal.last())
        text = entry.data.decode("utf-8", "replace")
        for network in self._node.networks.values():
            refusals = (await network.peering.state(CARRIER)).refusals
            await network.learning.learn(CARRIER, [text], reader=self._sender)
            book = await network.peering.state(CARRIER)
            if book.refusals > refusals:
                raise ProtocolError("an entry that holds", book.last_refusal)
        return await self._node.engine.read(lambda tx: tx.journal.last()) > before

    async def _frames(self, data: bytes) -> bool:
        """Records of the head before them; they wait for the last one, or for roots that tell which ones are right."""
        head = heads.parse(self._head)[0]
        network = self._placed(head)
        if head.log.name in network.logs or network.replicas.raw.get(head.log.name) == self._head:
            return False
        found = list(frames.parse(data))
        if any(frame.log != head.log for frame in found):
            raise ProtocolError(f"frames of {head.log}", "others")
        self._waiting += found
        if not any(frame.roots or frame.start + len(frame.lines) == head.size for frame in found):
            return True
        waiting, self._waiting = self._waiting, []
        count = await network.replicas.pushed(CARRIER, self._head, with_roots(waiting))
        self.records += count
        if head.log.name.label == "net":
            await network.membership.refresh()
            await network.gossip.take_up()
        return count > 0

    def _placed(self, head: Head) -> Network:
        """The network of a log that comes as it may: an audience's in a seal of who may read it, any other open."""
        log = head.log.name
        network = self._node.networks.get(log.network)
        if network is None:
            raise NotFound("a network of this node", log.network)
        if log.is_for_all == bool(self._sender):  # xs1 20.3
            raise ProtocolError("an audience log inside a seal, any other log outside", str(head.log))
        if self._sender and network.membership.is_ruled(log) and not network.membership.sees(self._sender, log):
            raise NotFound("a head that its sender may read", str(head.log))
        return network

    def _end_log(self) -> None:
        """No more records of a log come: those that wait for the last one wait in vain."""
        if self._waiting:
            log, held = self._waiting[0].log, sum(len(frame.lines) for frame in self._waiting)
            self.refused.append(f"frames: {Gap(f'all records of {log}', f'{held}', 'let it be exported again')}")
            self._waiting = []

    async def _sealed(self, data: bytes) -> bool:
        """`<sender> <recipient>`, a newline and a blob; what is inside is judged as its own kind (xs1 20.3)."""
        line, _, blob = data.partition(b"\n")
        sender, _, recipient = line.decode("ascii", "replace").partition(" ")
        if recipient != self._node.identity.name:
            return False
        plain = self._node.correspondence.of().delivering.open(node_name(sender), blob)
        inner = list(bundle.entries(plain))
        if inner and inner[0].kind in ("message", "receipt"):
            bureau = self._node.correspondence.of(await self._network_of(inner[0]))
            await bureau.delivering.unseal(sender, blob)
            return True
        if any(entry.kind not in ("head", "frames") for entry in inner):
            raise ProtocolError("heads and frames, or a message, inside a seal", inner[0].kind if inner else "nothing")
        self._sender = sender
        try:
            for entry in inner:
                await self.take(entry)
        finally:
            self._sender = ""
        return True

    async def _network_of(self, entry: Entry) -> str:
        """The network of a message, or of the case of a receipt; the home network where the case is not known."""
        if entry.kind == "message":
            return messages.parse(entry.data).network
        case = messages.parse_receipt(entry.data).case
        row = await self._node.engine.read(lambda tx: tx.cases.get(case))
        return row.network if row else ""


async def _log_entries(office: Office, network: Network, head: Head, most: int) -> list[Entry]:
    """A head and its records in order, in frames of at most `most` bytes each; of an audit log the head alone."""
    entries = [Entry("head", network.replicas.raw[head.log.name])]
    start = head.size if head.log.name.label == AUDIT else 0
    while start < head.size:
        wanted = PullRequest((Range(log=str(head.log), start=start, count=head.size - start),))
        body = await office.node.engine.read(lambda tx, asked=wanted: serve_pull(tx, asked, most))  # type: ignore[misc]
        count = sum(len(frame.lines) for frame in frames.parse(body))
        if not count:
            break
        entries.append(Entry("frames", body))
        start += count
    return entries


async def _sealed_entries(office: Office, network: Network, to: str) -> list[Entry]:
    """The messages that wait for a peer, and audience logs that it may read, sealed to it: each part with its head."""
    node, reader = office.node, office.node.directory.get(to)
    if reader is None:
        raise Refusal("no-peer", "the name of a known peer", to, "see `xstock peer list`")
    exercise = network.shared.is_exercise
    plain = list(await node.engine.read(lambda tx: list(_messages(tx, to, exercise))))
    for head in network.replicas.heads.values():
        if not head.log.name.is_for_all and network.membership.sees(to, head.log.name):
            note, *parts = await _log_entries(office, network, head, SEALED_CHUNK)
            plain += [b"".join(bundle.pieces((note, part))) for part in parts]
    return [Entry("sealed", _sealed(node.identity, reader, part)) for part in plain]


def _messages(tx: Transaction, to: str, exercise: bool) -> Iterator[bytes]:
    """What waits for a peer: of real cases, or of exercises; the two never travel in one bundle."""
    for outgoing in tx.cases.outbox():
        if outgoing.recipient == to and outgoing.case.startswith("x") == exercise:
            held = next((m for m in tx.cases.messages(outgoing.case) if m.link == outgoing.link), None)
            if held is None:
                continue  # cut off by a newer start since it was put out
            yield pack(held.raw, sides_of(held.raw, tx.cases.side_lines(outgoing.case)))


def _sealed(own: Identity, reader: Identity, plain: bytes) -> bytes:
    key = sealing.choose(reader.sealing_keys(), own.sealing_keys())
    return f"{own.name} {reader.name}\n".encode() + sealing.seal(plain, key, own.name, reader.name)


def digest(content: bytes) -> str:
    """What both ends of a stick may compare."""
    return hashlib.sha256(content).hexdigest()
