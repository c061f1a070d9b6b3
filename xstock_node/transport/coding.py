"""gzip within bounds. Strangers' bytes are inflated by us, step by step, never by the HTTP library."""

import hashlib
import zlib

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError, TooLarge, WrongCoding

LEVEL = 6
PIECE = 64 * 1024
SLACK = 1024 * 1024  # bytes that a body may be ahead of its ratio before its end
WORTH_IT = 600
IN_PLACE = 16 * 1024


def deflate(body: bytes) -> bytes:
    """The gzip form of a body, at most `GZIP_RATIO` times smaller, so that the other side takes it."""
    packed = zlib.compress(body, LEVEL, wbits=31)
    return packed if len(packed) * limits.GZIP_RATIO >= len(body) else zlib.compress(body, 0, wbits=31)


class Body:
    """A body as it comes in: bounded, hashed as sent, and inflated piece by piece (xs1 9.7).

    `most` bounds what is sent, and what it inflates to where `inflated` does not. What a piece inflates to is held
    against what came so far: a bomb is known by its first kilobytes and its rest is never kept.
    """

    def __init__(self, coding: str, most: int, inflated: int | None = None) -> None:
        if coding not in ("", "identity", "gzip"):
            raise WrongCoding("gzip or no content coding", coding)
        self.sent = self._size = 0
        self._most, self._sha256, self._parts = most, hashlib.sha256(), list[bytes]()
        self._bound = min(most if inflated is None else inflated, limits.GZIP_BYTES)
        self._inflater = zlib.decompressobj(wbits=31) if coding == "gzip" else None

    def take(self, piece: bytes) -> None:
        """The next bytes as sent, at most `PIECE` or few more. Raises as soon as they are too many."""
        self.sent += len(piece)
        if self.sent > self._most:
            raise TooLarge(f"a body of at most {self._most} bytes", "more")
        self._sha256.update(piece)
        if self._inflater is None:
            self._parts.append(piece)
            return
        bound = min(self._bound, limits.GZIP_RATIO * self.sent + SLACK)
        try:
            # No name of this frame may hold what came out: an error keeps its frames, in circles, for a while.
            self._parts.append(self._inflater.decompress(piece, bound + 1 - self._size))
        except zlib.error as error:
            raise ProtocolError("gzip data", str(error)) from None
        self._size += len(self._parts[-1])
        self._check(bound)
        if self._inflater.unused_data:
            raise ProtocolError("one whole gzip member", "a longer one")

    def sha256(self) -> bytes:
        """The hash of what was sent."""
        return self._sha256.digest()

    def whole(self) -> bytes:
        """The body, inflated, once all of it came."""
        if self._inflater is not None:
            self._check(min(self._bound, limits.GZIP_RATIO * max(self.sent, 64)))
            if not self._inflater.eof:
                raise ProtocolError("one whole gzip member", "a cut one")
        return b"".join(self._parts)

    def _check(self, bound: int) -> None:
        if self._size > bound:
            self._parts.clear()
            raise TooLarge(f"at most {bound} bytes after inflating", f"more, from {self.sent}")


def inflate(data: bytes, coding: str, most: int) -> bytes:
    """The body of `data` under a content coding; bounded in size and in ratio."""
    body = Body(coding, most)
    for start in range(0, len(data), PIECE):
        body.take(data[start : start + PIECE])
    return body.whole()
