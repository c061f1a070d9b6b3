"""Files on the command line that are attached to an operation."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import cast

from xstock_node.cli.session import Session
from xstock_node.domain.attachments.media import Kind
from xstock_node.protocol import limits
from xstock_node.services.attaching import AttachmentView, AttachRequest
from xstock_node.services.errors import Refusal

_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


async def attach_all(session: Session, case: str, texts: Iterable[str]) -> list[AttachmentView]:
    """Attach files written `FILE` or `KIND=FILE`, each read before the first is sent."""
    read = []
    for text in texts:
        kind, mark, name = text.partition("=")
        known = bool(mark) and kind in list(Kind)
        read.append((Kind(kind) if known else Kind.OTHER, content_of(Path(name if known else text))))
    return [await attach_one(session, case, content, kind) for kind, content in read]


async def attach_one(session: Session, case: str, content: bytes, kind: Kind) -> AttachmentView:
    """Attach one file."""
    return cast(AttachmentView, await session.call("op.attach", AttachRequest(case=case, kind=kind, content=content)))


def content_of(path: Path) -> bytes:
    """A file's bytes; raises Refusal where there is none, or it is longer than may be attached."""
    try:
        with path.open("rb") as opened:
            content = opened.read(limits.BLOB + 1)
    except OSError as error:
        raise Refusal("no-file", f"a file at {path}", error.strerror or "", "check the path", 2) from None
    if len(content) > limits.BLOB:
        most = f"a file of at most {limits.BLOB} bytes ({limits.BLOB >> 20} MiB)"
        raise Refusal("too-large", most, f"{path.stat().st_size} bytes", "save it smaller", 2)
    return content


def digest_of(text: str) -> str:
    """A SHA-256 as typed; raises Refusal for something else."""
    if not _HASH.fullmatch(text.lower()):
        raise Refusal("bad-hash", "a SHA-256 of 64 hex digits", text, "see `xstock op attachments`", 2)
    return text.lower()
