"""Attaching: people add photos and papers to an operation, take them out as files, and erase them.

A file is cleaned before it is kept, its own name is never kept, and its bytes are in no list, act or log.
"""

import hashlib

import msgspec

from xstock_node.domain.attachments.media import SUFFIXES, Kind, Media
from xstock_node.domain.operations import BY_VERB
from xstock_node.protocol.errors import TooLarge
from xstock_node.protocol.recordtypes import Hash, ShortText
from xstock_node.services import attachments, cleaning, dossier, people
from xstock_node.services.attachments import KEPT, Kept
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.operating import CaseId, held
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction


class AttachRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file for an operation: PNG, JPEG or PDF by content, at most 5 MiB; 50 MiB an operation."""

    case: str
    kind: Kind = Kind.OTHER
    content: bytes


class AttachmentId(msgspec.Struct, frozen=True, kw_only=True):
    """One attachment of an operation."""

    case: str
    sha256: Hash


class EraseAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment to erase here, and why; the step that names it stays."""

    case: str
    sha256: Hash
    reason: ShortText = ""


class AttachmentView(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as listed: `by` the node it is of, `steps` that name it; `size` in bytes, null where not known.

    `held` says whether its bytes are here; `erased` when they were erased here, `refused` why they are not taken.
    """

    sha256: str
    kind: str
    media_type: str
    size: int | None
    by: str
    steps: list[str]
    held: bool
    erased: str
    refused: str


class AttachmentFile(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as a file; its name is made of its hash."""

    file: str
    media_type: str
    sha256: str
    content: bytes


async def attach(office: Office, actor: Actor, request: AttachRequest) -> AttachmentView:
    """Clean a file of its metadata and keep it for an operation; a step names it by the hash that is answered."""
    _check_may_write(office, actor)
    row, _ = await held(office, request.case)
    media, data = await cleaning.clean(request.content)
    digest, now = hashlib.sha256(data).hexdigest(), office.node.clock.now()
    fresh = Kept(case=row.id, sha256=digest, kind=request.kind, media=media, size=len(data), at=now, by=actor.name)

    def work(tx: Transaction) -> AttachmentView:
        found = dossier.read(tx, row)
        if tx.cases.blob(row.id, digest) is None:
            attachments.keep(tx, fresh, data, now)
            office.record(tx, actor, "op.attach", row.id, f"{digest} {media} {len(data)} bytes")
        return next(view for view in _views(office, tx, found) if view.sha256 == digest)

    try:
        return await office.node.engine.write(work, durable=True)
    except TooLarge as error:
        raise Refusal("too-large", error.expected, error.came, error.do) from None


async def list_attachments(office: Office, actor: Actor, request: CaseId) -> list[AttachmentView]:
    """What is attached to an operation, by either side; without bytes."""
    _, found = await held(office, request.case)
    return await office.node.engine.read(lambda tx: _views(office, tx, found))


async def take_out(office: Office, actor: Actor, request: AttachmentId) -> AttachmentFile:
    """The bytes of an attachment, as a file to save; raises Refusal `no-attachment` where they are not here."""
    _, found = await held(office, request.case)

    def work(tx: Transaction) -> AttachmentFile:
        view, data = _view(office, tx, found, request.sha256), tx.cases.blob(request.case, request.sha256)
        if data is None:
            why = f"erased at {view.erased}" if view.erased else view.refused or "not fetched yet"
            raise Refusal("no-attachment", "an attachment whose bytes are here", why, "ask the other side for it")
        media = attachments.media_text(data)  # never what the other side says of it
        name = f"{request.case}-{request.sha256[:16]}{SUFFIXES[Media(media)] if media else ''}"
        return AttachmentFile(file=name, media_type=media, sha256=request.sha256, content=data)

    return await office.node.engine.read(work)


async def erase(office: Office, actor: Actor, request: EraseAttachment) -> AttachmentView:
    """Erase the bytes of an attachment here, for good; its hash stays in the step that names it (xs1 16.23).

    Who added it may, until a step names it; later a person who may close the operation.
    """
    _, found = await held(office, request.case)
    now = office.node.clock.now()

    def work(tx: Transaction) -> AttachmentView:
        view, known = _view(office, tx, found, request.sha256), attachments.kept(tx, request.case, request.sha256)
        own = known is not None and known.by == actor.name and not view.steps
        if not own and not people.may(actor, "close", now):
            raise Refusal("forbidden", "a person who may close, or who added it to no step yet", actor.name, "ask one")
        attachments.erase(tx, request.case, request.sha256, now)
        office.record(tx, actor, "op.attachment.erase", request.case, f"{request.sha256} {request.reason}".strip())
        return _view(office, tx, found, request.sha256)

    view = await office.node.engine.write(work, durable=True)
    await office.node.engine.compact()  # no copy is left in free pages or in the log ahead
    return view


def _check_may_write(office: Office, actor: Actor) -> None:
    """Raise Refusal `forbidden` for who may take no step at all, as a viewer or an auditor."""
    now = office.node.clock.now()
    if not any(people.may(actor, step.right, now) for step in BY_VERB.values()):
        raise Refusal("forbidden", "a person who may take a step of operations", actor.name, "ask one who may")


def _view(office: Office, tx: Transaction, found: Dossier, digest: str) -> AttachmentView:
    for view in _views(office, tx, found):
        if view.sha256 == digest:
            return view
    raise Refusal("no-attachment", "an attachment of this operation", digest, "see `xstock op attachments`")


def _views(office: Office, tx: Transaction, found: Dossier) -> list[AttachmentView]:
    """Those that steps name, in their order, then those that no step names yet."""
    own, case = office.node.identity.name, found.case.id
    named: dict[str, tuple[Kept, str]] = {}
    steps: dict[str, list[str]] = {}
    for name in (found.case.requester, found.case.supplier):
        for entry in found.chain(name):
            for one in attachments.described(case, entry):
                named.setdefault(one.sha256, (one, name))
                steps.setdefault(one.sha256, []).append(entry.verb)
    known = {one.sha256: one for one in KEPT.list(tx) if one.case == case}
    sizes = tx.cases.blob_sizes(case)
    every = {digest: (one, own) for digest, one in known.items()} | named
    views = []
    for digest, (said, by) in sorted(every.items(), key=lambda pair: (pair[0] not in named, pair[0])):
        here = known.get(digest, said)
        views.append(
            AttachmentView(
                sha256=digest,
                kind=here.kind or said.kind,
                media_type=here.media or said.media,
                size=sizes.get(digest, here.size or said.size) or None,
                by=by,
                steps=steps.get(digest, []),
                held=digest in sizes,
                erased=iso(here.erased) if here.erased else "",
                refused=here.refused,
            )
        )
    return views
