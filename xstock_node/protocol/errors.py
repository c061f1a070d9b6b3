"""The one error family that crosses the protocol's boundary.

Every error says what was expected, what came and what to do; `code` is the stable word for machines, and where a
peer is told about it, the last part of its problem type `urn:xs1:<code>` (RFC 9457) (xs1 9.5).
"""


class ProtocolError(Exception):
    """Bytes, a signature or a claim broke a rule of the protocol."""

    code = "malformed"
    status = 400

    def __init__(self, expected: str, came: object = None, do: str = "") -> None:
        self.expected = expected
        self.came = shorten(came)
        self.do = do
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """One line for people: expected, came, do."""
        parts = [f"expected {self.expected}"]
        if self.came:
            parts.append(f"came {self.came}")
        if self.do:
            parts.append(self.do)
        return "; ".join(parts)


class BadSignature(ProtocolError):
    """A signature that does not hold, a wrong key, or a key nobody may use."""

    code = "bad-signature"
    status = 401


class Unsigned(ProtocolError):
    """A request without a signature of a known peer."""

    code = "unsigned"
    status = 401


class WrongClock(ProtocolError):
    """A request signed too long ago or too far ahead."""

    code = "clock"
    status = 401


class NotFound(ProtocolError):
    """Absent and forbidden look alike (xs1 9.6)."""

    code = "not-found"
    status = 404


class Gap(ProtocolError):
    """Records or messages that do not follow what is held; `held` is how far that goes, where it is a number."""

    code = "gap"
    status = 409

    def __init__(self, expected: str, came: object = None, do: str = "", held: int | None = None) -> None:
        super().__init__(expected, came, do)
        self.held = held


class WrongStep(ProtocolError):
    """A step of a case that its writer may not take now."""

    code = "step"
    status = 409


class Fork(ProtocolError):
    """Two histories of one epoch: a rewritten record, a wrong root, a size or time that went back."""

    code = "fork"
    status = 409


class Mismatch(ProtocolError):
    """Records that do not give the root of a head that is validly signed."""

    code = "mismatch"
    status = 409


class Rollback(ProtocolError):
    """A head older than the one held."""

    code = "rollback"
    status = 409


class Held(ProtocolError):
    """Valid but not taken yet, for instance a time too far ahead."""

    code = "held"
    status = 202


class TooLarge(ProtocolError):
    """A body, record or count over its limit."""

    code = "too-large"
    status = 413


class WrongCoding(ProtocolError):
    """A content coding that this path does not take."""

    code = "coding"
    status = 415


class Quota(ProtocolError):
    """More than a peer's share; come back after `retry_after` seconds."""

    code = "quota"
    status = 429

    def __init__(self, expected: str, came: object = None, do: str = "", retry_after: float = 60.0) -> None:
        super().__init__(expected, came, do)
        self.retry_after = retry_after


class Full(ProtocolError):
    """This node cannot store more now; reading goes on."""

    code = "full"
    status = 507


class NotLeader(Full):
    """Another process of this node takes what is new; this one answers what reads."""

    code = "not-leader"
    status = 503


class Unreachable(ProtocolError):
    """A peer did not answer, or not in time."""

    code = "unreachable"
    status = 503


class Declined(Unreachable):
    """A peer answered that it does not take this: it is malformed, too large, or has no room. Asking again is vain."""

    code = "declined"


class KeyUnknown(Unreachable):
    """A peer did not know the key of a request: it has not heard of a newer identity of its caller."""


def shorten(came: object, most: int = 160) -> str:
    """What came, on one printable line: strangers' bytes never reach a log in full or raw."""
    if came is None:
        return ""
    # Cut before anything walks over it: a stranger's text may be megabytes long.
    text = came if isinstance(came, str) else repr(came[: most + 1] if isinstance(came, bytes) else came)
    text = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"
