"""Casework: sending and taking the messages of cases.

- a message, what it promises, its place in the outbox and its audit leaf are one durable transaction: the commit point;
- what is taken is stored before its receipt is signed (xs1 16.8);
- the supplier never confirms while promised exceeds available, and promises nothing after a doubtful start.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.operations import BY_VERB, Kind, may
from xstock_node.domain.sums import ZERO
from xstock_node.protocol import bundle, chains, limits, messages, notes
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import BadSignature, Fork, Gap, NotFound, ProtocolError, WrongStep
from xstock_node.protocol.messages import Link, Message
from xstock_node.protocol.names import record_id
from xstock_node.services import dossier
from xstock_node.services.auditing import Audit
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.promises import Stock, available, claims, room
from xstock_node.services.site import Site
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Outgoing, StoredCase, StoredMessage, StoredObject

SIGNED_BY = "identity"
PROMISES = frozenset({"standby", "offer", "confirm", "dispatch"})
WITNESSED_SOON = frozenset({"offer", "confirm", "accept", "dispatch", "received", "close"})


class Sent(NamedTuple):
    """A message of ours that is stored and waits to be delivered."""

    case: str
    link: Link
    raw: bytes


Beside = Callable[[Transaction, Sent], Sequence[bytes]]


class Casework:
    """The cases of one network.

    `bound` gives what the own stock allows to promise, None where no stock is kept: then the live offers are the bound;
    `sharing` names the networks that draw on that stock, `doubts` whoever of them has not told its cases. `arrived` is
    told of a case whose other side wrote, `attached` that it named attachments, `written` that a message waits to be
    delivered. `expect` raises where nothing is to be signed now.
    """

    def __init__(self, node: Site, network: Network, audit: Audit) -> None:
        self.node, self.network, self.audit = node, network, audit
        self.doubted: set[str] = set()
        self.was_doubted = False
        self.suspects: Callable[[str], None] = lambda name: None
        self.arrived: Callable[[str], None] = lambda case: None
        self.attached: Callable[[str], None] = lambda case: None
        self.written: Callable[[], None] = lambda: None
        self.bound: Callable[[Transaction], Stock | None] = lambda tx: None
        self.sharing: Callable[[], list[str]] = lambda: [network.name]
        self.doubts: Callable[[], set[str]] = set
        self.expect: Callable[[Transaction], None] = lambda tx: None
        self._own = node.identity.name

    async def open(
        self, to: str, body: dict[str, Any], side: Sequence[bytes] = (), beside: Beside | None = None
    ) -> Sent:
        """Open a case with a supplier; `body` is an opening step, `beside` what is kept with it."""
        exercise = self.network.shared.is_exercise
        case = record_id(self.node.random.randbytes(10))
        while case.startswith("x") != exercise:
            case = "x" + case[1:] if exercise else record_id(self.node.random.randbytes(10))
        if not self.network.membership.is_member(to) or to == self._own:
            raise Refusal("no-member", f"a member of {self.network.name}", to, "see `xstock network members`")
        row = StoredCase(case, self.network.name, self._own, to, self.node.clock.now())
        return await self._write(row, body, side, beside)

    async def send(
        self, case: str, body: dict[str, Any], side: Sequence[bytes] = (), beside: Beside | None = None
    ) -> Sent:
        """The next own message of a case; `beside` keeps more in its transaction and returns further audit leaves."""
        row = await self.node.engine.read(lambda tx: tx.cases.get(case))
        if row is None or row.network != self.network.name:
            raise Refusal("no-case", f"a case of {self.network.name}", case, "see the list of cases")
        return await self._write(row, body, side, beside)

    async def take(self, caller: str, body: bytes, in_exchange: bool = False) -> bytes:
        """A message with its side lines, or a receipt; the answer is the receipt of a message, or nothing.

        `in_exchange`: its writer handed it out just now as part of its chain, so that its start may be an older one.
        See xs1 16.17.
        """
        entries = list(bundle.entries(body))
        if [e.kind for e in entries] == ["receipt"]:
            await self.take_receipt(caller, entries[0].data)
            return b""
        if not entries or entries[0].kind != "message" or any(e.kind != "side" for e in entries[1:]):
            raise ProtocolError("one message, then its side lines; or one receipt", [e.kind for e in entries][:8])
        message = messages.parse(entries[0].data)
        self._check_parties(caller, message)
        _check_body(message.step.step, message.body)
        side = tuple(e.data for e in entries[1:])
        messages.check_side_lines(message.step, side)
        try:
            return await self._store(message, side, in_exchange)
        except Fork:
            now, link = self.node.clock.now(), message.link
            await self.node.engine.write(
                lambda tx: tx.cases.put_fork(message.case, message.sender, link.hash, now, message.raw), durable=True
            )
            raise

    async def take_receipt(self, caller: str, raw: bytes) -> None:
        """The other side stored a message of ours."""
        receipt = messages.parse_receipt(raw)
        if receipt.recipient != self._own or receipt.sender != caller:
            raise ProtocolError("a receipt of its sender for this node", f"{receipt.sender} to {receipt.recipient}")
        self.node.directory.verify(receipt.sender, receipt.note)

        def work(tx: Transaction) -> list[bytes]:
            row = tx.cases.get(receipt.case)
            ours = [m for m in tx.cases.messages(receipt.case) if m.writer == self._own and m.link == receipt.of]
            if row is None or not ours or receipt.sender not in (row.requester, row.supplier):
                raise NotFound("a message of ours", str(receipt.of))
            tx.cases.drop_outgoing(receipt.case, receipt.of)
            if ours[0].receipt:
                return []
            tx.cases.put_receipt(receipt.case, self._own, receipt.of, raw)
            return [raw]

        await self.audit.keep(work)

    def under_newest_key(self, raw: bytes) -> bytes:
        """A message or receipt as it is handed out: an own one under the key that counts now (xs1 16.19)."""
        note = notes.parse(raw, limits.MESSAGE_NOTE)
        lines = note.text.split("\n", 4)
        if f"from {self._own}" not in lines[:4]:  # what others wrote is never signed here
            return raw
        if any(line.key_id == self.node.signer.key_id for line in note.signatures):
            return raw
        return messages.sign(note.text, self.node.signer)

    async def read(self, case: str) -> Dossier:
        """A case as it stands."""

        def work(tx: Transaction) -> Dossier:
            row = tx.cases.get(case)
            if row is None:
                raise Refusal("no-case", "a case held here", case, "see the list of cases")
            return dossier.read(tx, row)

        return await self.node.engine.read(work)

    async def _write(self, row: StoredCase, body: dict[str, Any], side: Sequence[bytes], beside: Beside | None) -> Sent:
        sent: list[Sent] = []
        if not self.node.start_number:
            raise Refusal("starting", "a node that has begun", "one that still asks its peers", "try again in a moment")

        try:
            _check_body(str(body.get("step", "")), body)
        except ProtocolError as error:
            raise Refusal("bad-step", error.expected, error.came, "see protocol/schemas/steps.json") from error

        body = msgspec.json.decode(msgspec.json.encode(body))  # as it travels: what is judged is what is signed

        def work(tx: Transaction) -> list[bytes]:
            self.expect(tx)
            tx.cases.put(row)
            found = dossier.read(tx, row)
            self._may_send(tx, found, body)
            message = self._next(found, body, side)
            tx.cases.put_message(StoredMessage(row.id, self._own, message.link, message.time, False, message.raw))
            for line in side:
                tx.cases.put_side_line(row.id, _hash(line), line)
            self._keep_identity(tx, self._own)
            tx.cases.put_outgoing(Outgoing(row.id, found.other(self._own), message.link, message.time))
            sent.append(Sent(row.id, message.link, message.raw))
            return [message.raw, *(beside(tx, sent[-1]) if beside else ())]

        await self.audit.keep(work, soon=str(body.get("step")) in WITNESSED_SOON)
        self.node.trace.info("message-signed", case=row.id, step=str(body["step"]), n=sent[-1].link.n)
        self.written()
        return sent[-1]

    def _next(self, found: Dossier, body: dict[str, Any], side: Sequence[bytes]) -> Message:
        own, other = found.last(self._own), found.last(found.other(self._own))
        line = msgspec.json.encode(body | ({"side": [_hash(s) for s in side]} if side else {}))
        text = messages.write(
            self.network.name,
            self._own,
            found.other(self._own),
            found.case.id,
            Link(self.node.start_number, own.n + 1, ""),
            own.hash,
            other,
            self.node.clock.now(),
            line,
        )
        message = messages.parse(messages.sign(text, self.node.signer))
        messages.check_side_lines(message.step, tuple(side))
        return message

    def _may_send(self, tx: Transaction, found: Dossier, body: dict[str, Any]) -> None:
        verb, side = str(body.get("step", "")), found.side(self._own)
        step, state = BY_VERB.get(verb), found.state()
        why = may(verb, side, state)
        if not why and step is not None and step.answers:
            seen = found.last(found.case.requester)
            why = "" if found.answered(step.answers, seen) else f"nobody asked for it: {' or '.join(step.answers)}"
        if why:
            raise Refusal("step", "a step that this node may take now", why, f"the case is {state or 'new'}")
        other = found.other(self._own)
        if not self.network.membership.is_member(other) and not (step and step.reduces):
            raise Refusal("former-member", "a step that only reduces an obligation", verb, f"{other} is no member")
        if side == "supplier" and (verb in PROMISES or (verb == "amended" and "lines" in body)):
            self._may_promise(tx, found, body)

    def stock(self, tx: Transaction) -> tuple[Stock, list[str]]:
        """What the store allows to promise, and the networks that draw on it; an exercise never touches what is real.

        The live offers are the bound where no stock is kept here.
        """
        kept = None if self.network.shared.is_exercise else self.bound(tx)
        if kept is None:
            return available(tx, self.network, self.node.clock.now()), [self.network.name]
        return kept, [*self.sharing()]

    def _may_promise(self, tx: Transaction, found: Dossier, body: dict[str, Any]) -> None:
        """Raise while a step would claim more of the store than is available (xs1 16.11).

        Goods that leave are claimed already; where they are more than that, as in place of a load that waits at a
        border, they need stock like a promise. An amendment needs stock for what it adds.
        """
        now, (stock, networks) = self.node.clock.now(), self.stock(tx)
        before, after = found.claim(stock.counted, now).whole, found.claim(stock.counted, now, body).whole
        if body["step"] in ("dispatch", "amended"):
            after = {key: quantity for key, quantity in after.items() if quantity > before.get(key, ZERO)}
            if not after:
                return
        if doubted := self.doubted | self.doubts():
            do = "wait until they answer, or release stock line by line"
            raise Refusal("doubtful-start", "an answer of every member about its cases", ", ".join(sorted(doubted)), do)
        for (item, _), quantity in dossier.lines_of(body).items():
            if quantity <= 0:
                raise Refusal("no-quantity", f"a quantity of {item} above zero", str(quantity), "promise something")
        if not after:
            raise Refusal("no-lines", "lines of item, quantity and unit", "none", "say what is promised")
        left_of = room(stock, claims(tx, networks, self._own, stock, now, found.case.id))
        for key, quantity in after.items():
            if quantity > (left := left_of.get(key, ZERO)):
                do = "offer less, or publish what became free"
                raise Refusal("not-available", f"at most {left} {key[1]} of {key[0]}", str(quantity), do)

    def _check_parties(self, caller: str, message: Message) -> None:
        """Who writes is who called, to this node, both of this network; its signature holds (xs1 16.16)."""
        if message.sender != caller or message.recipient != self._own:
            raise BadSignature(f"a message of {caller} to {self._own}", f"{message.sender} to {message.recipient}")
        if message.network != self.network.name or self.network.membership.standing(caller) is None:
            raise NotFound("a network of this node", message.network)
        self.node.directory.verify(caller, message.note)
        if message.is_exercise != self.network.shared.is_exercise:
            kind = "an exercise" if self.network.shared.is_exercise else "no exercise"
            raise WrongStep(f"a case of {kind}", message.case, "an exercise never touches what is real")

    async def _store(self, message: Message, side: Sequence[bytes], in_exchange: bool) -> bytes:
        now = self.node.clock.now()
        receipts: list[bytes] = []
        doubts: list[str] = []

        def work(tx: Transaction) -> list[bytes]:
            if message.link.n > 1 and tx.cases.get(message.case) is None:
                doubts.append(message.sender)
            row = self._row(tx, message)
            found = dossier.read(tx, row)
            placed = chains.place(found.links(message.sender), message)
            if placed.verdict == "repeated":  # xs1 17.7
                held = next(
                    m for m in tx.cases.messages(row.id) if m.writer == message.sender and m.link == message.link
                )
                receipts.append(self.under_newest_key(held.receipt))
                return []
            started = tx.cases.start_of(self.network.name, message.sender)
            if message.link.start < started and not in_exchange:
                # Its writer began anew since: what was under way then counts only as part of what it holds now.
                doubts.append(message.sender)
                raise Gap(f"messages of start {started}", message.link.start, "it is asked for your cases")
            if message.seen.n and message.seen not in found.links(self._own):
                doubts.append(message.sender)  # it saw a message of ours that is not held here
            self._keep_what_was_answered(found, placed.void)
            tx.cases.void(row.id, message.sender, placed.void)
            self._may_take(tx, dossier.read(tx, row), message)
            receipt = messages.sign(messages.write_receipt(message, now), self.node.signer)
            tx.cases.put_message(StoredMessage(row.id, message.sender, message.link, now, False, message.raw, receipt))
            self._keep_identity(tx, message.sender)
            for line in side:
                tx.cases.put_side_line(row.id, _hash(line), line)
            receipts.append(receipt)
            return [message.raw, receipt]

        try:
            await self.audit.keep(work, soon=message.step.step in WITNESSED_SOON)
        finally:
            if doubts:  # here and not in the write, which runs in the writer's own thread
                self.suspects(doubts[0])
        self.node.trace.info("message-taken", **_about(message))
        self.arrived(message.case)
        if message.step.blobs:
            self.attached(message.case)
        return receipts[-1]

    def _keep_identity(self, tx: Transaction, name: str) -> None:
        """Keep the identity by which something was just signed: evidence shows it when keys were rotated since."""
        found = self.node.directory.get(name)
        if found is not None:
            id_ = f"{name} {found.version:010}"
            if tx.objects.get(SIGNED_BY, id_) is None:
                tx.objects.put(StoredObject(SIGNED_BY, id_, self.node.clock.now(), found.raw))

    def _keep_what_was_answered(self, found: Dossier, void: Sequence[Link]) -> None:
        """Raise where a newer start would cut off what this side has seen and answered: its writer asks first."""
        answered = max((entry.message.seen.n for entry in found.chain(self._own)), default=0)
        cut = [entry.message for entry in found.chain(found.other(self._own)) if entry.message.link in void]
        if any(message.link.n <= answered and self._counts(message) for message in cut):  # xs1 16.7
            raise Gap(f"a message that links to message {answered}, which was answered", "one before it", held=answered)

    def _counts(self, message: Message) -> bool:
        """Whether a key that its writer's newest identity lists signed a message; a stolen one binds nobody."""
        try:
            self.node.directory.verify(message.sender, message.note)
        except BadSignature:
            return False
        return True

    def _row(self, tx: Transaction, message: Message) -> StoredCase:
        """The case of a message; a first one of a member opens it."""
        row = tx.cases.get(message.case)
        parties = {message.sender, self._own}
        if row is not None:
            if {row.requester, row.supplier} != parties or row.network != self.network.name:
                raise NotFound("a case of its sender with this node", message.case)
            return row
        step = BY_VERB.get(message.step.step)
        if step is None or step.kind is not Kind.OPENING or message.link.n != 1:
            raise NotFound("a case held here", message.case)
        row = StoredCase(message.case, self.network.name, message.sender, self._own, self.node.clock.now())
        tx.cases.put(row)
        return row

    def _may_take(self, tx: Transaction, found: Dossier, message: Message) -> None:
        verb, side = message.step.step, found.side(message.sender)
        step = BY_VERB.get(verb)
        # Steps cross: each is judged by what its writer had of the other's chain.
        by = found.state(seen=message.seen) if side == "requester" else found.state(heard=message.seen)
        why = may(verb, side, by)
        if not why and step is not None and step.answers and not found.answered(step.answers, message.seen):
            why = f"{verb} answers no proposal that it had seen"
        if why:
            # xs1 16.13
            raise WrongStep("a step that its writer may take in this state", why, "fold the supplier's chain again")
        if not self.network.membership.is_member(message.sender) and not (  # xs1 14.7
            step is not None and step.reduces and found.state()
        ):
            raise NotFound("a member", message.sender)


def _about(message: Message) -> dict[str, Any]:
    return {"case": message.case, "by": message.sender, "step": message.step.step, "n": message.link.n}


def pack(message: bytes, side: Sequence[bytes] = ()) -> bytes:
    """The body of `/xs/1/inbox` and what is sealed for a relay."""
    return b"".join(bundle.pieces([Entry("message", message), *(Entry("side", line) for line in side)]))


def _check_body(verb: str, body: dict[str, Any]) -> None:
    """Raise where a field of a step is of another type than its schema says (xs1 16.20)."""
    try:
        steps.body_of(verb, body)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"the fields of {verb} as in schemas/steps.json", str(error)) from error


def _hash(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def sides_of(raw: bytes, held: dict[str, bytes]) -> list[bytes]:
    """The side lines of a message that are still kept."""
    return [held[h] for h in messages.parse(raw).step.side if h in held]
