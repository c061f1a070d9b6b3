"""Values as workbooks store them, to cells: numbers that a format may show as days, ISO days, errors."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from xstock_spreadsheet.grid import Cell, clean, is_error
from xstock_spreadsheet.styles import shows_day

EPOCH: Final = date(1899, 12, 30)
EPOCH_1904: Final = date(1904, 1, 1)
_EXACT_DIGITS: Final = 15
_LARGEST: Final = Decimal("1e30")


def number_cell(raw: str, form: str, indent: int, epoch: date) -> Cell:
    """The cell of a stored number under its number format; an error cell where `raw` is no number."""
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return Cell(clean(raw), error=True)
    if not number.is_finite() or abs(number) > _LARGEST:
        return Cell(clean(raw), error=True)
    if len(number.as_tuple().digits) > _EXACT_DIGITS:
        number = Decimal(format(float(raw), f".{_EXACT_DIGITS}g"))  # what a spreadsheet shows of 0.30000000000000004
    if shows_day(form):
        return day_cell(number, form, epoch)
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    shown = text.zfill(len(form)) if form and not form.strip("0") else text
    return Cell(shown, Decimal(text), form=form, indent=indent)


def day_cell(number: Decimal, form: str, epoch: date) -> Cell:
    """The cell of a day stored as a number of days since `epoch`."""
    try:
        day = epoch + timedelta(days=int(number))
    except OverflowError:
        return Cell(str(number), error=True)
    return Cell(day.isoformat(), day=day, form=form)


def iso_day(raw: str, form: str) -> Cell:
    """The cell of a day stored as ISO text, its time left out."""
    try:
        day = date.fromisoformat(raw.strip()[:10])
    except ValueError:
        return Cell(clean(raw), error=True)
    return Cell(day.isoformat(), day=day, form=form)


def text_of(raw: str, form: str = "", indent: int = 0) -> Cell | None:
    """The cell of a stored text, leading blanks kept as indent; None where it shows nothing."""
    text = clean(raw)
    if not text:
        return None
    return Cell(text, form=form, error=is_error(text), indent=indent + len(raw) - len(raw.lstrip(" \u00a0")))
