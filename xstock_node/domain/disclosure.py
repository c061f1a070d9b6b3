"""Disclosure tiers: what all members see of an offer whose exact figure is only for an audience.

A coarse offer states a band of 1-2-5 steps, a place rounded to a degree, and days instead of seconds; it is worth a
new record only when its band changes. Nothing but the exact twin links the two.
"""

import msgspec

from xstock_node.protocol.records import Offer

STEPS = (1, 2, 5)
DAY = 86_400
DEGREE = 1_000_000


def band(quantity: tuple[int, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """The lower and upper end of the 1-2-5 band that holds a quantity; both with the same power of ten."""
    number, power = quantity
    if number <= 0:
        raise ValueError("a band of nothing")
    digits = len(str(number)) - 1
    scaled, power = number, power + digits
    lower = max(step for step in STEPS if step * 10**digits <= scaled)
    upper = STEPS[STEPS.index(lower) + 1] if lower != STEPS[-1] else 10
    while power > 9:
        lower, upper, power = lower * 10, upper * 10, power - 1
    return (lower, power), (upper, power)


def coarse(exact: Offer, offer_id: str, salt: str, now: int, exp: int) -> Offer:
    """The twin that all members see. `now` and `exp` are unix seconds; dates are rounded down to the day.

    See xs1 15.4, 15.5.
    """
    lower, upper = band(exact.qty)
    at = None if exact.at is None else (_rounded(exact.at[0]), _rounded(exact.at[1]))
    return msgspec.structs.replace(
        exact,
        id=offer_id,
        n=salt,
        ts=now - now % DAY,
        exp=exp - exp % DAY,
        asof=exact.asof - exact.asof % DAY,
        qty=lower,
        band=upper,
        mult=(1, 0),
        place="",
        at=at,
        best=None,
        src="banded",
        of=None,
    )


def says_the_same(new: Offer, old: Offer) -> bool:
    """Whether a coarse offer says nothing that the one published does not: a new date alone is no news."""
    bare = msgspec.structs.replace(new, ts=old.ts, exp=old.exp, n=old.n, asof=old.asof)
    return bare == old


def _rounded(microdegrees: int) -> int:
    return round(microdegrees / DEGREE) * DEGREE
