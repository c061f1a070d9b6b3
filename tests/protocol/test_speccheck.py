"""The twelve cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), made here by an own generator.

Each case is a signature on which known verifiers differ. It is shown to be what it says by the lax verifier that
takes it; our rule (cofactorless, S < L, canonical A and R, A not of small order) then has its one verdict, and a
control, the same without what is odd about it, is taken.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.protocol.edwards import BASE, L, Lax, P, Point, challenge, decoded, small
from xstock_node.protocol import keys
from xstock_node.protocol.errors import BadSignature

COFACTORED, COFACTORLESS = Lax(cofactor=8), Lax()
# y = 1 and -1 with a sign that x = 0 does not have, and y + p where that fits into 255 bits.
NON_CANONICAL = {
    "identity with a sign": 1 | 1 << 255,
    "order 2 with a sign": P - 1 | 1 << 255,
    "order 4 as y = p": P,
    "order 4 as y = p with a sign": P | 1 << 255,
    "identity as y = p + 1": P + 1,
    "identity as y = p + 1 with a sign": P + 1 | 1 << 255,
}


class Signed(NamedTuple):
    """A public key, a signature and what it signs."""

    public: bytes
    signature: bytes
    message: bytes


class Case(NamedTuple):
    """What is odd, a verifier that takes it, one that does not (or None), whether we take it, and its control."""

    odd: Signed
    taken_by: Lax
    refused_by: Lax | None
    ours: bool
    control: Signed


def scalar(label: str) -> int:
    """A secret number made from a label, so that every run is the same."""
    return int.from_bytes(hashlib.sha512(label.encode()).digest(), "little") % L


def messages() -> Iterator[bytes]:
    """As many messages as it takes until one gives the challenge that a case needs."""
    return (b"case message %d" % number for number in range(10_000))


def response(r: int, a: int, h: int) -> bytes:
    """S = r + h a."""
    return ((r + h * a) % L).to_bytes(32, "little")


def search(
    a: int, a_small: Point, r: int, r_small: Point, wanted: Callable[[Point, int], bool], a_sent: bytes, r_sent: bytes
) -> Signed:
    """A signature under A = a B + a_small with R = r B + r_small; `wanted` is told the small part that is left over."""
    for message in messages():
        h = challenge(r_sent, a_sent, message)
        if wanted(r_small + a_small.times(h), h):
            return Signed(a_sent, r_sent + response(r, a, h), message)
    raise AssertionError("no message gives the challenge")


def made(a: int, a_small: Point, r: int, r_small: Point, wanted: Callable[[Point, int], bool]) -> Signed:
    """`search` with both points sent canonically."""
    a_point, r_point = BASE.times(a) + a_small, BASE.times(r) + r_small
    return search(a, a_small, r, r_small, wanted, a_point.encoded(), r_point.encoded())


def cancels(left: Point, h: int) -> bool:
    """The small parts of R and h A cancel: the equation holds without a cofactor."""
    return left == small(0) and h % 8 != 0


def remains(left: Point, h: int) -> bool:
    """They do not: only the cofactored equation holds."""
    return left != small(0)


def honest(label: str) -> Signed:
    """A signature as RFC 8032 makes it."""
    return made(scalar(f"a {label}"), small(0), scalar(f"r {label}"), small(0), lambda left, h: True)


A, R = scalar("a"), scalar("r")


def small_a_small_r() -> Case:
    """0: S = 0, A and R of small order: the signature of everything."""
    odd = made(0, small(1), 0, small(3), cancels)
    assert odd.signature[32:] == bytes(32)
    return Case(odd, COFACTORLESS, None, False, honest("0"))


def small_a_mixed_r() -> Case:
    """1: A of small order, R of mixed order: nobody holds a secret."""
    return Case(made(0, small(1), R, small(3), cancels), COFACTORLESS, None, False, honest("1"))


def mixed_a_small_r() -> Case:
    """2: A of mixed order, R of small order. The rule asks nothing of R but its form: taken."""
    return Case(made(A, small(1), 0, small(3), cancels), COFACTORLESS, None, True, honest("2"))


def mixed_a_mixed_r() -> Case:
    """3: A and R of mixed order whose small parts cancel: taken."""
    return Case(made(A, small(1), R, small(3), cancels), COFACTORLESS, None, True, honest("3"))


def cofactored_only() -> Case:
    """4: A and R of mixed order whose small parts do not cancel: only a cofactored verifier takes it."""
    odd, control = (made(A, small(1), R, small(3), wanted) for wanted in (remains, cancels))
    return Case(odd, COFACTORED, COFACTORLESS, False, control)


def cofactored_unreduced() -> Case:
    """5: R of full order, A mixed: fails even a cofactored verifier that reduces 8 h first."""

    def wanted(left: Point, h: int) -> bool:
        return left != small(0) and 8 * h // L % 8 != 0

    odd = made(A, small(1), R, small(0), wanted)
    assert not Lax(reduced_cofactor=True).takes(*odd)
    return Case(odd, COFACTORED, COFACTORLESS, False, made(A, small(4), R, small(0), lambda left, h: h % 2 == 0))


def shifted(factor: int) -> Case:
    """S with a multiple of L added; the control is the same with S itself."""
    control = honest("6")
    s = int.from_bytes(control.signature[32:], "little") + factor * L
    odd = control._replace(signature=control.signature[:32] + s.to_bytes(32, "little"))
    return Case(odd, Lax(any_s=True), COFACTORLESS, False, control)


def s_above_l() -> Case:
    """6: S = s + L, within 253 bits: a sloppy look at the three top bits does not see it."""
    case = shifted(1)
    assert case.odd.signature[63] < 32
    return case


def s_far_above_l() -> Case:
    """7: S far above L, with a top bit set."""
    case = shifted(15)
    assert case.odd.signature[63] >= 128
    return case


def odd_r(form: bytes, reserialise: bool) -> Case:
    """R of small order in a form that is not canonical, hashed as written anew or as sent."""
    r_small = decoded(form)
    hashed = r_small.encoded() if reserialise else form
    a_small = small(0) if r_small == small(0) else r_small
    a_sent = (BASE.times(A) + a_small).encoded()
    found = search(A, a_small, 0, r_small, lambda left, h: left == small(0), a_sent, hashed)
    odd = found._replace(signature=form + found.signature[32:])
    control = search(A, a_small, 0, r_small, lambda left, h: left == small(0), a_sent, r_small.encoded())
    return Case(odd, Lax(reserialise=reserialise), None, False, control)


def odd_a(form: bytes, reserialise: bool) -> Case:
    """A of small order in a form that is not canonical, hashed as written anew or as sent."""
    a_small = decoded(form)
    r_small = small(0) if a_small == small(0) else a_small
    hashed = a_small.encoded() if reserialise else form
    r_sent = (BASE.times(R) + r_small).encoded()
    found = search(0, a_small, R, r_small, lambda left, h: left == small(0), hashed, r_sent)
    return Case(found._replace(public=form), Lax(reserialise=reserialise), None, False, honest("10"))


def cases() -> Iterator[tuple[str, Callable[[], Case]]]:
    """All twelve; 8 to 11 in each of the forms that are not canonical."""
    plain = (small_a_small_r, small_a_mixed_r, mixed_a_small_r, mixed_a_mixed_r, cofactored_only, cofactored_unreduced)
    for number, maker in enumerate((*plain, s_above_l, s_far_above_l)):
        yield f"{number} {maker.__name__}", maker
    for number, kind, reserialise in ((8, odd_r, True), (9, odd_r, False), (10, odd_a, True), (11, odd_a, False)):
        for name, value in NON_CANONICAL.items():
            form = value.to_bytes(32, "little")
            yield f"{number} {kind.__name__}: {name}", lambda k=kind, f=form, s=reserialise: k(f, s)


CASES = dict(cases())


@pytest.mark.parametrize("make", CASES.values(), ids=CASES.keys())
def test_a_case_has_the_verdict_of_our_rule_and_its_control_is_taken(make: Callable[[], Case]) -> None:
    case = make()
    assert case.taken_by.takes(*case.odd), "the case is not what it says"
    assert case.refused_by is None or not case.refused_by.takes(*case.odd)
    if case.ours:
        keys.check_public(case.odd.public)
        keys.verify(*case.odd)
    else:
        with pytest.raises(BadSignature):
            keys.verify(*case.odd)
    keys.check_public(case.control.public)
    keys.verify(*case.control)


@pytest.mark.parametrize("number", [0, 1, 10, 11])
def test_a_key_of_small_order_is_refused_at_enrolment_too(number: int) -> None:
    for name, make in CASES.items():
        if name.split(" ")[0] == str(number):
            with pytest.raises(BadSignature):
                keys.check_public(make().odd.public)


def test_the_orders_are_what_the_cases_say() -> None:
    assert [small(n).order() for n in range(8)] == [1, 8, 4, 8, 2, 8, 4, 8]
    assert BASE.order() == L
    odd = {name.split(" ")[0]: make().odd for name, make in CASES.items()}
    orders = {n: (decoded(s.public).order(), decoded(s.signature[:32]).order()) for n, s in odd.items()}
    assert [orders[str(n)] for n in range(8)] == [
        *((8, 8), (8, 8 * L), (8 * L, 8), (8 * L, 8 * L), (8 * L, 8 * L), (8 * L, L), (L, L), (L, L)),
    ]


def test_the_arithmetic_agrees_with_the_library() -> None:
    for label in ("one", "two"):
        signed = honest(label)
        keys.verify(*signed)
        assert COFACTORLESS.takes(*signed) and COFACTORED.takes(*signed)
        assert decoded(signed.public).encoded() == signed.public
