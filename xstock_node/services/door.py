"""The door of a node's console: who tries how often, what costs time to check, and what was asked of passkeys.

Passwords and paper codes are hashed by argon2id (RFC 9106) with 46 MiB and one pass, a few at a time beside the loop.
"""

import asyncio
import hashlib
import hmac
from base64 import b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.tries import Tries

T = TypeVar("T")
MEMORY_KIB, PASSES, SALT = 47_104, 1, 16
WRONG: Final = "bad-sign-in"


class Attempt(NamedTuple):
    """A question to a passkey or a provider: what proves the answer, and the token by which the two belong together."""

    token: str
    challenge: bytes


class Door:
    """One for each node; what it remembers ends with the process."""

    def __init__(self, random: Random) -> None:
        self.tries = Tries()
        self._key = random.randbytes(32)
        self._random = random
        self._slow = asyncio.Semaphore(1)
        self._waiting = 0
        self._asking: Counter[str] = Counter()
        self._used: OrderedDict[str, None] = OrderedDict()

    async def slow(self, work: Callable[..., T], *given: Any) -> T:
        """The answer of what takes long, in a thread, one at a time. Raises Refusal where too many wait."""
        if self._waiting >= limits.SIGN_IN_AT_ONCE:
            raise Refusal("too-many", "a few people signing in at once", "more", "wait a few seconds")
        self._waiting += 1
        try:
            async with self._slow:
                return await asyncio.to_thread(work, *given)
        finally:
            self._waiting -= 1

    def nobody(self, name: str) -> str:
        """A hash that no secret fits, for a name that nobody has: it takes as long to find out, and stays the same."""
        raw = hmac.new(self._key, f"nobody\n{name}".encode(), hashlib.sha512).digest()
        salt, rest = (b64encode(part).decode().rstrip("=") for part in (raw[:SALT], raw[SALT : SALT + 32]))
        return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${rest}"

    def salt_of(self, name: str) -> bytes:
        """The salt of the sheet of somebody who has none."""
        return hmac.new(self._key, f"salt\n{name}".encode(), hashlib.sha256).digest()[:SALT]

    async def outside(self, work: Coroutine[Any, Any, T], origin: str) -> T:
        """The answer of who is asked elsewhere, a few at a time from one place. Raises Refusal where too many wait."""
        if self._asking.total() >= limits.SIGN_IN_AT_ONCE or self._asking[origin] >= limits.SIGN_IN_FROM_ONE:
            work.close()
            raise Refusal("too-many", "a few people signing in at once", "more", "wait a few seconds")
        self._asking[origin] += 1
        try:
            return await work
        finally:
            self._asking[origin] -= 1
            self._asking += Counter()  # forgets who waits for nothing

    def use(self, token: str) -> bool:
        """Whether the question of a token was not answered before; from now on it was."""
        if token in self._used:
            return False
        self._used[token] = None
        while len(self._used) > limits.SIGN_IN_LANES:
            self._used.popitem(last=False)
        return True

    def ask(self, purpose: str, now: int) -> Attempt:
        """A new question for a purpose, which names who may answer it where that is known; `now` unix seconds."""
        token = f"{now + limits.SIGN_IN_SECONDS}.{self._random.randbytes(16).hex()}"
        return Attempt(token, self._challenge(purpose, token))

    def asked(self, purpose: str, token: str, now: int) -> bytes | None:
        """What was asked under a token; None for one that is too old or was never handed out for this purpose."""
        end, _, rest = token.partition(".")
        if not (end.isascii() and end.isdigit() and len(end) <= 12 and len(rest) == 32):
            return None
        left = int(end) - now
        return self._challenge(purpose, token) if 0 < left <= limits.SIGN_IN_SECONDS else None

    def _challenge(self, purpose: str, token: str) -> bytes:
        return hmac.new(self._key, f"{purpose}\n{token}".encode(), hashlib.sha256).digest()


def wrong() -> Refusal:
    """What everybody is told who does not get in, whatever was wrong."""
    expected = "a name and what goes with it, or a code that holds and nobody used yet"
    return Refusal(WRONG, expected, "something else", "try again, or come in another way")


def hash_with(salt: bytes, secret: str) -> str:
    """A secret under a salt, as argon2id writes it with its parameters."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1, salt_len=SALT)
    return hasher.hash(secret, salt=salt)


def fits(kept: str, secret: str) -> bool:
    """Whether a secret is the one that was hashed."""
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return PasswordHasher().verify(kept, secret)
    except (Argon2Error, InvalidHashError):
        return False
