"""The curve of Ed25519 in plain integers, for making keys and signatures that no library makes (RFC 8032, section 5.1).

Slow, not constant in time, and lenient where a test asks for it: never for use outside tests.
"""

import hashlib
from typing import NamedTuple

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
_ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


class Point(NamedTuple):
    """Affine coordinates."""

    x: int
    y: int

    def __add__(self, other: object) -> "Point":
        """The sum; complete, so that every pair of points has one."""
        if not isinstance(other, Point):
            return NotImplemented
        both = D * self.x * other.x * self.y * other.y % P
        x = (self.x * other.y + other.x * self.y) * pow(1 + both, -1, P)
        y = (self.y * other.y + self.x * other.x) * pow(1 - both, -1, P)
        return Point(x % P, y % P)

    def __neg__(self) -> "Point":
        return Point(-self.x % P, self.y)

    def times(self, factor: int) -> "Point":
        """`factor` times the point; the factor is not reduced."""
        found, power = IDENTITY, self
        while factor:
            if factor & 1:
                found += power
            power += power
            factor >>= 1
        return found

    def encoded(self) -> bytes:
        """The canonical 32 bytes."""
        return (self.y | (self.x & 1) << 255).to_bytes(32, "little")

    def order(self) -> int:
        """1, 2, 4, 8, L or a multiple of L."""
        return next(n for n in (1, 2, 4, 8, L, 2 * L, 4 * L, 8 * L) if self.times(n) == IDENTITY)


IDENTITY = Point(0, 1)


def decoded(data: bytes) -> Point:
    """The point of 32 bytes, read leniently: y is reduced, and the sign of x = 0 is ignored."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, (number & (2**255 - 1)) % P
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * _ROOT_OF_MINUS_ONE % P
    if x * x % P != x2:
        raise ValueError("no point of the curve")
    return Point(-x % P if x & 1 != sign else x, y)


BASE = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def torsion() -> Point:
    """A point of order 8: L times a point whose small part is of full order."""
    y = 2
    while True:
        try:
            found = decoded(y.to_bytes(32, "little")).times(L)
        except ValueError:
            found = IDENTITY
        if found.order() == 8:
            return found
        y += 1


TORSION = torsion()


def small(number: int) -> Point:
    """The number-th of the eight points of small order."""
    return TORSION.times(number % 8)


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """SHA-512 over R, A and the message, reduced."""
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


class Lax(NamedTuple):
    """A verifier with its strictness as switches: what it takes and `keys.verify` does not is what a case is about."""

    cofactor: int = 1
    any_s: bool = False
    reserialise: bool = False
    reduced_cofactor: bool = False

    def takes(self, public: bytes, signature: bytes, message: bytes) -> bool:
        """Whether S B = R + h A, or the same times the cofactor."""
        a, r, s = decoded(public), decoded(signature[:32]), int.from_bytes(signature[32:], "little")
        if s >= L and not self.any_s:
            return False
        if self.reserialise:
            h = challenge(r.encoded(), a.encoded(), message)
        else:
            h = challenge(signature[:32], public, message)
        if self.reduced_cofactor:
            return BASE.times(8 * s % L) == r.times(8) + a.times(8 * h % L)
        return BASE.times(s).times(self.cofactor) == (r + a.times(h)).times(self.cofactor)
