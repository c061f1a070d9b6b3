"""What each kind of case asks of this program: one function a `check`, from a case to the values that it gives."""

from tests.vectors.checks import cases, logs, membership, signed, small, transcripts, trees
from tests.vectors.checks.form import Check

CHECKS: dict[str, Check] = {
    **small.CHECKS,
    **trees.CHECKS,
    **logs.CHECKS,
    **signed.CHECKS,
    **membership.CHECKS,
    **cases.CHECKS,
    **transcripts.CHECKS,
}
