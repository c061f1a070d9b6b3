"""Erasing who drove: the side lines of an operation, names and plates, are gone here; their hashes stay signed."""

import msgspec

from xstock_node.protocol.recordtypes import ShortText
from xstock_node.services.branches import row_of
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.storage.interfaces import Transaction


class EraseLines(msgspec.Struct, frozen=True, kw_only=True):
    """An operation whose side lines are to go, and why."""

    case: str
    reason: ShortText = ""


class LinesErased(msgspec.Struct, frozen=True, kw_only=True):
    """How many side lines were erased here; the other side's copy is theirs to erase."""

    case: str
    erased: int


async def erase_lines(office: Office, actor: Actor, request: EraseLines) -> LinesErased:
    """Erase the side lines of an operation here, for good; papers drawn later show their hashes instead."""

    def work(tx: Transaction) -> LinesErased:
        row = row_of(office, tx, request.case)
        if any(waiting.case == row.id for waiting in tx.cases.outbox()):
            raise Refusal("undelivered", "an operation whose messages have all arrived", row.id, "erase once they have")
        count = tx.cases.erase_side_lines(row.id)
        office.record(tx, actor, "op.erase", row.id, f"{count} side lines {request.reason}".strip())
        return LinesErased(case=row.id, erased=count)

    erased = await office.node.engine.write(work, durable=True)
    await office.node.engine.compact()  # no copy is left in free pages or in the log ahead
    return erased
