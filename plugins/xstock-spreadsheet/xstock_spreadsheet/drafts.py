"""What is gathered while a file is read: draft lines, rejected and skipped lines, questions."""

from dataclasses import dataclass, field
from decimal import Decimal

from xstock_node.domain.stock import Component
from xstock_node.plugins.adapters import RejectedLine
from xstock_spreadsheet.limits import MAX_ASKED

NEGATIVE = "negative"
OVER_RESERVED = "over_reserved"
AVAILABLE_DIFFERS = "available_differs"
CODE_DAMAGED = "code_damaged"
NEEDS_CONFIRMATION = "needs_confirmation"


@dataclass(slots=True)
class Draft:
    """One line of stock while it may still be joined with others."""

    line: int
    sheet: str | None
    item_code: str | None
    item_name: str | None
    quantity: Decimal
    unit: str | None
    location: str | None = None
    lot: str | None = None
    expiry: str | None = None
    expiry_precision: str | None = None
    reserved: Decimal | None = None
    damaged: Decimal | None = None
    incoming: Decimal | None = None
    available: Decimal | None = None
    counts_free: bool = False  # the file has a reserved or damaged column
    pack_factor: Decimal | None = None
    base_unit: str | None = None
    category: str | None = None
    owner: str | None = None
    donor: str | None = None
    status: str | None = None
    storage: str | None = None
    serials: tuple[str, ...] = ()
    components: list[Component] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    damaged_code: str | None = None
    day: str | None = None  # of the movement, on a stock card
    moved: Decimal | None = None  # what came in less what went out, on a stock card that has such columns
    doubted: bool = False  # a remark says that it may not be there to give
    typed: tuple[str, ...] = ()  # the whole line as typed, to notice a line repeated whole
    merged: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """Everything that one file says so far."""

    drafts: list[Draft] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)
    skipped: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    titles: dict[str, None] = field(default_factory=dict)  # every header as written, in order
    as_of: str | None = None

    def ask(self, sentence: str) -> None:
        """Put one thing to a human, once."""
        if sentence not in self.asked and len(self.asked) < MAX_ASKED:
            self.asked.append(sentence)

    def reject(
        self, line: int, reason: str, sheet: str | None, text: str | None = None, column: str = "", cell: str = ""
    ) -> None:
        """Report a line that could not become stock, and of one `cell` under a header what is wrong with it."""
        self.rejected.append(
            RejectedLine(
                line=line, reason=reason, sheet=sheet, text=text, column=column or None, cell=cell[:160] or None
            )
        )


def where(sheet: str | None, lines: list[int] | int) -> str:
    """«sheet Lager, line 3», «lines 2, 5, 8 ...»."""
    listed = [lines] if isinstance(lines, int) else lines
    shown = ", ".join(str(line) for line in listed[:12]) + (" ..." if len(listed) > 12 else "")
    place = f"line{'s' if len(listed) > 1 else ''} {shown}"
    return f"sheet {sheet}, {place}" if sheet else place
