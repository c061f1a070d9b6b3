"""The lines of own stock as people see them: listed with what they are mapped to, and written to a file."""

import base64
import hashlib

import msgspec

from xstock_node.domain.mapping import MappingKey
from xstock_node.domain.stock import StockLine
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.isolation import write_file
from xstock_node.services import branches
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of own stock, where it came from, and what it is mapped to (empty: to nothing yet)."""

    source: str
    ref: str
    code: str
    line: StockLine


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The own stock as a file of this suffix (such as .xlsx), all of it or that of one source."""

    suffix: str
    source: str = ""


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content, and how many lines it has."""

    lines: int
    content: bytes


def line_ref(source: str, line: StockLine) -> str:
    """A short stable name of a line: the same item, unit, place, lot and expiry keep it from file to file."""
    key = MappingKey.of(source, line)
    parts = [*(key.source, key.local, key.unit), line.location or "", line.lot or "", line.expiry or ""]
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


async def list_lines(office: Office, actor: Actor, request: None = None) -> list[LineView]:
    """All lines of own stock."""
    rows, mappings = await office.node.engine.read(lambda tx: (tx.stock.lines(), tx.stock.mappings()))
    here = branches.sites(actor, "stock.see", office.node.clock.now())
    codes = {m.key: m.code for m in mappings if m.state == "confirmed"}
    return [
        LineView(source=source, ref=ref, code=codes.get(MappingKey.of(source, line), ""), line=line)
        for source, ref, line in rows
        if here is None or (line.location or "") in here
    ]


async def export_lines(office: Office, actor: Actor, request: ExportRequest) -> ExportResult:
    """The own stock as a list that reads back as it is."""
    lines = [v.line for v in await list_lines(office, actor) if request.source in ("", v.source)]
    try:
        content = await write_file(office.host, request.suffix.lower(), lines)
    except Defect as error:
        raise Refusal("not-written", f"a file of {len(lines)} lines", str(error), "choose .csv or .xlsx", 2) from None
    return ExportResult(lines=len(lines), content=content)
