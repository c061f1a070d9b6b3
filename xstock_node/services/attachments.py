"""Attachments of cases: kept under their hash, fetched from the other side, handed to the parties of their case alone.

- bytes are kept only where their hash was named, they are a PNG, JPEG or PDF by content, and the case has room;
- what was erased or refused here is never fetched again; what could not be fetched is asked for later (xs1 16.18).
"""

import asyncio
import hashlib
from collections.abc import Iterable

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.attachments.media import Media, media_of
from xstock_node.domain.fields import FieldError
from xstock_node.domain.steps import Attached
from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound, ProtocolError, TooLarge, Unreachable
from xstock_node.protocol.names import hex_hash
from xstock_node.services import cleaning, dossier
from xstock_node.services.casework import Casework
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.shelf import Shelf
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCase

RETRY_FIRST, RETRY_MAX = 30.0, 6 * 3600.0


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attachment that is or was here; `by` a person of this node, empty where the other side sent it.

    `erased` unix seconds, 0 while its bytes are kept; `refused` why bytes of that hash are not taken.
    """

    case: str
    sha256: str
    kind: str = ""
    media: str = ""
    size: int = 0
    at: int = 0
    by: str = ""
    erased: int = 0
    refused: str = ""

    @property
    def attached(self) -> Attached:
        """What a step says of it."""
        return Attached(sha256=self.sha256, kind=self.kind, media=self.media, size=self.size)


KEPT: Shelf[Kept] = Shelf("attachment", Kept)


def kept(tx: Transaction, case: str, digest: str) -> Kept | None:
    """What is known here of an attachment."""
    return KEPT.get(tx, f"{case} {digest}")


def keep(tx: Transaction, one: Kept, data: bytes, now: int) -> None:
    """Keep an attachment; raises TooLarge where it or its case grows beyond the bounds (xs1 16.22)."""
    others = sum(size for digest, size in tx.cases.blob_sizes(one.case).items() if digest != one.sha256)
    if len(data) > limits.BLOB:
        raise TooLarge(f"an attachment of at most {limits.BLOB} bytes (5 MiB)", len(data))
    if others + len(data) > limits.CASE_BLOBS:
        came = f"{len(data)} bytes beside {others} that are held"
        raise TooLarge(f"at most {limits.CASE_BLOBS} bytes (50 MiB) of attachments a case", came, "erase one first")
    tx.cases.put_blob(one.case, one.sha256, data)
    KEPT.put(tx, f"{one.case} {one.sha256}", one, now)


def erase(tx: Transaction, case: str, digest: str, now: int) -> None:
    """Erase the bytes of an attachment, for good: they are never fetched again (xs1 16.23)."""
    base = kept(tx, case, digest) or Kept(case=case, sha256=digest)
    tx.cases.erase_blob(case, digest)
    KEPT.put(tx, f"{case} {digest}", msgspec.structs.replace(base, erased=now), now)


def named(tx: Transaction, case: str, digests: Iterable[str]) -> list[Attached]:
    """What a step says of attachments that it names; raises Refusal `no-attachment` for one that is not held here."""
    held, found = tx.cases.blob_sizes(case), []
    for digest in digests:
        one = kept(tx, case, digest)
        if digest not in held or one is None:
            raise Refusal("no-attachment", "an attachment held for this operation", digest, "see `xstock op attach`")
        found.append(one.attached)
    return found


class Attachments:
    """The attachments of one network's cases."""

    def __init__(self, casework: Casework) -> None:
        self._casework, self._node, self._network = casework, casework.node, casework.network
        self._due: dict[str, tuple[float, float]] = {}  # case: when to ask, and the pause after that
        self._wake = asyncio.Event()

    async def keep(self, case: str, data: bytes) -> str:
        """Keep an attachment for a case; its hash goes into `blobs` of the step that sends it."""
        now, digest = self._node.clock.now(), hashlib.sha256(data).hexdigest()
        one = Kept(case=case, sha256=digest, media=media_text(data), size=len(data), at=now)
        await self._node.engine.write(lambda tx: keep(tx, one, data, now), durable=True)
        return digest

    def want(self, case: str) -> None:
        """Fetch what a case names as soon as may be."""
        self._due[case] = (0.0, RETRY_FIRST)
        self._wake.set()

    async def run(self) -> None:
        """Fetch what is named and not held, at first and then whenever something is named; again later what failed."""
        for case in await self._node.engine.read(self._unfetched):
            self.want(case)
        while True:
            self._wake.clear()
            now = asyncio.get_running_loop().time()
            for case, pause in [(case, pause) for case, (when, pause) in self._due.items() if when <= now]:
                del self._due[case]
                if not await self._try(case):
                    self._due.setdefault(case, (now + pause, min(pause * 2, RETRY_MAX)))
            soonest = min((when for when, _ in self._due.values()), default=None)
            try:
                async with asyncio.timeout_at(soonest):  # wait_for may swallow the end that a stop asks for
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def fetch(self, case: str) -> int:
        """Fetch what the other side's messages name and is not held yet; how many came.

        Raises ProtocolError where one could not be fetched, after all others were tried.
        """
        found = await self._casework.read(case)
        other, count = found.other(self._node.identity.name), 0
        wanted = await self._node.engine.read(lambda tx: self._wanted(tx, found))
        peer = self._network.gossip.peers.get(other)
        failed: ProtocolError | None = None
        for one in wanted:
            try:
                if peer is None:
                    raise Unreachable(f"a line to {other}", "none")
                data = await peer.ask("GET", f"/xs/1/blob/{one.sha256}", most=limits.BLOB)
                count += await self._take(one, data)
            except ProtocolError as error:
                failed = error
        if failed is not None:
            raise failed
        return count

    async def answer(self, caller: str, args: dict[str, str]) -> bytes:
        """An attachment that a message to the caller names; else it is as if there were none."""
        digest = hex_hash(args["hash"])

        def work(tx: Transaction) -> bytes:
            for case in tx.cases.cases_with_blob(digest):
                row = tx.cases.get(case)
                if row is None or caller not in (row.requester, row.supplier) or row.network != self._network.name:
                    continue
                found = dossier.read(tx, row)
                named = {h for e in found.chain(found.other(caller)) for h in e.message.step.blobs}
                data = tx.cases.blob(case, digest)
                if digest in named and data is not None:
                    return data
            raise NotFound("an attachment held here", digest)

        return await self._node.engine.read(work)

    async def _try(self, case: str) -> bool:
        """Whether nothing is left to fetch of a case."""
        try:
            await self.fetch(case)
        except (ProtocolError, StorageError, Refusal) as error:
            self._node.trace.info("attachment-waits", case=case, why=str(error))
            return False
        except Exception as error:  # asked for again later; the loop goes on
            self._node.trace.error("defect", why=f"{type(error).__name__}: {error}")
            return False
        return True

    async def _take(self, one: Kept, data: bytes) -> int:
        """Keep bytes that were fetched: what the message named, and a file that may be attached (xs1 16.22)."""
        now, why = self._node.clock.now(), ""
        if hashlib.sha256(data).hexdigest() != one.sha256:
            raise ProtocolError(f"the attachment {one.sha256[:16]}", "other bytes")
        try:
            cleaned = await cleaning.clean(data)
            if cleaned.data != data and cleaned.media is not Media.PDF:
                why = "expected a picture without metadata; came more than shows it; ask for a cleaned one"
        except Refusal as error:
            why = "" if error.code == "no-pypdf" else str(error)  # it is never opened here, only handed on
        one = msgspec.structs.replace(one, media=media_text(data), size=len(data), at=now, refused=why)

        def work(tx: Transaction) -> None:
            if why:
                KEPT.put(tx, f"{one.case} {one.sha256}", one, now)
            else:
                keep(tx, one, data, now)

        await self._node.engine.write(work, durable=True)
        if why:
            self._node.trace.warning("attachment-refused", case=one.case, hash=one.sha256, why=why)
        return not why

    def _unfetched(self, tx: Transaction) -> list[str]:
        """Cases that name something that is not held."""
        return [row.id for row in tx.cases.all(self._network.name) if self._names(tx, row)]

    def _names(self, tx: Transaction, row: StoredCase) -> bool:
        if not any(b'"blobs"' in message.raw for message in tx.cases.messages(row.id)):
            return False  # most cases: nothing of them is parsed
        try:
            return bool(self._wanted(tx, dossier.read(tx, row)))
        except ProtocolError:
            return False  # a message is damaged on disk: whoever heals it names it

    def _wanted(self, tx: Transaction, found: Dossier) -> list[Kept]:
        """What the other side named and is neither held here nor erased or refused."""
        held = tx.cases.blob_sizes(found.case.id)
        wanted = {}
        for entry in found.chain(found.other(self._node.identity.name)):
            for one in described(found.case.id, entry):
                known = kept(tx, one.case, one.sha256)
                if one.sha256 not in held and not (known and (known.erased or known.refused)):
                    wanted[one.sha256] = one
        return list(wanted.values())


def described(case: str, entry: dossier.Entry) -> list[Kept]:
    """The attachments that a message names, with what it says of them; what it describes and does not name is none."""
    said = {one.sha256: one for one in steps.body_of(entry.verb, entry.message.body).attached}
    blank = Attached(sha256="")
    every = [(digest, said.get(digest, blank)) for digest in dict.fromkeys(entry.message.step.blobs)]
    return [Kept(case=case, sha256=d, kind=one.kind, media=one.media, size=one.size) for d, one in every]


def media_text(data: bytes) -> str:
    """The media type of bytes by their content; empty for another than may be attached."""
    try:
        return media_of(data)
    except FieldError:
        return ""
