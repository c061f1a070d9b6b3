"""On which terms goods change hands, under which customs regime they travel, and how old a customs fact may grow."""

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

STALE_AFTER: Final = timedelta(days=90)


class Terms(StrEnum):
    """What the requester owes afterwards: the same goods, nothing, goods in kind, or money."""

    LOAN = "loan"
    DONATION = "donation"
    REPLACEMENT = "replacement"
    COST_RECOVERY = "cost-recovery"


class Regime(StrEnum):
    """Under what the goods are in one customs territory on the way.

    NONE: Union goods inside the Union. T2 and T1: common or Union transit with and without Union status; TIR where a
    country on the way is no party to the Common Transit Convention. TEMPORARY_EXPORT: export with the return
    foreseen. ORAL: temporary admission into the Union by an oral declaration. RELIEF: free circulation without duty.
    RETURNED_GOODS: the relief that an own loan finds at home.
    """

    NONE = "none"
    EXPORT = "export"
    TEMPORARY_EXPORT = "temporary_export"
    T2 = "t2"
    T1 = "t1"
    TIR = "tir"
    IMPORT = "import"
    RELIEF = "relief"
    TEMPORARY_ADMISSION = "temporary_admission"
    ORAL = "oral"
    REEXPORT = "reexport"
    RETURNED_GOODS = "returned_goods"


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a fact stands, and the day when somebody last looked; None is never, and therefore stale."""

    text: str
    checked: date | None = None

    def is_stale(self, today: date) -> bool:
        """Whether the fact is older than 90 days and has to be shown as stale."""
        return stale(self.checked, today)


def stale(checked: date | None, today: date) -> bool:
    """Whether what was looked up on `checked` is older than 90 days, or was never looked up."""
    return checked is None or today - checked > STALE_AFTER
