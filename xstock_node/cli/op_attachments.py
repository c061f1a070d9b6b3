"""`xstock op attach`, `attachments`, `attachment`: photos of damage, stamped papers, the text on liability."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.attached_files import attach_one, content_of, digest_of
from xstock_node.cli.op import op
from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.attachments.media import SUFFIXES, Kind, Media
from xstock_node.services.attaching import AttachmentFile, AttachmentId, AttachmentView, EraseAttachment
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import CaseId


class AttachmentSaved(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was written."""

    file: str
    media_type: str
    sha256: str
    size: int


@op.command("attach")
@click.argument("case")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--kind",
    type=click.Choice([one.value for one in Kind]),
    default=Kind.OTHER.value,
    help="What it is.",
    show_default=True,
)
@verb
async def attach(as_json: bool, home: Path | None, case: str, file: Path, kind: str) -> None:
    """Clean a photo or paper of metadata and keep it; a step names it by --attachment SHA256."""
    content = content_of(file)
    async with open_session(home) as session:
        emit(await attach_one(session, case, content, Kind(kind)), as_json, _attached)


@op.command("attachments")
@click.argument("case")
@verb
async def attachments(as_json: bool, home: Path | None, case: str) -> None:
    """What is attached to an operation by either side, and whether it is here."""
    async with open_session(home) as session:
        emit(await session.call("op.attachments", CaseId(case=case)), as_json, _list)


@op.command("attachment")
@click.argument("case")
@click.argument("sha256")
@click.option("--out", type=click.Path(path_type=Path), help="Where to; a name of its hash here by default.")
@click.option("--erase", is_flag=True, help="Erase its bytes here for good; the step that names it stays.")
@click.option("--reason", default="", help="Why it is erased; it stays in the list of acts.")
@verb
async def attachment(
    as_json: bool, home: Path | None, case: str, sha256: str, out: Path | None, erase: bool, reason: str
) -> None:
    """Save an attachment as a file, or erase it here."""
    if erase and out is not None:
        raise Refusal("bad-use", "--out or --erase", "both", "save it first, then erase it", 2)
    digest = digest_of(sha256)
    async with open_session(home) as session:
        if erase:
            request = EraseAttachment(case=case, sha256=digest, reason=reason)
            emit(await session.call("op.attachment.erase", request), as_json, _erased)
            return
        found = await session.call("op.attachment", AttachmentId(case=case, sha256=digest))
    emit(_written(case, found, out), as_json, lambda saved: words("op.attachment-saved", "{file}", file=saved.file))


def _written(case: str, found: AttachmentFile, out: Path | None) -> AttachmentSaved:
    suffix = SUFFIXES[Media(found.media_type)] if found.media_type else ""
    path = out or Path(f"{case}-{found.sha256[:16]}{suffix}")
    path.write_bytes(found.content)
    return AttachmentSaved(file=str(path), media_type=found.media_type, sha256=found.sha256, size=len(found.content))


def _attached(found: AttachmentView) -> str:
    return words(
        "op.attached",
        "{media}, {size} bytes without metadata\nSHA-256 {sha256}",
        media=found.media_type,
        size=found.size,
        sha256=found.sha256,
    )


def _erased(found: AttachmentView) -> str:
    return words("op.attachment-erased", "{sha256} is erased here; its name stays", sha256=found.sha256)


def _list(found: list[AttachmentView]) -> str:
    if not found:
        return words("op.nothing-attached", "nothing is attached")
    rows = [(v.sha256, v.kind, v.media_type, _size(v), v.by, ", ".join(v.steps), _stand(v)) for v in found]
    return table(("sha-256", "kind", "type", "bytes", "of", "named by", "here"), rows)


def _size(view: AttachmentView) -> object:
    return words("value.unknown", "unknown") if view.size is None else view.size


def _stand(view: AttachmentView) -> str:
    if view.held:
        return words("op.attachment-here", "here")
    if view.erased:
        return words("op.attachment-gone", "erased {time}", time=view.erased)
    if view.refused:
        return words("op.attachment-refused", "refused: {why}", why=view.refused)
    return words("op.attachment-waits", "not fetched yet")
