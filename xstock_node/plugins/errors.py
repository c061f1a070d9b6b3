"""What an adapter raises so that the host knows what to do next; anything else that it raises is a defect of it."""


class AdapterError(Exception):
    """The text says what was expected, what came and what to do; it carries no secret and no person's data."""


class Unauthorised(AdapterError):
    """The system refused the key or password (401, 403). The host asks no more until a person mended the settings:
    some systems lock out even the right password after a few wrong tries.
    """


class Unavailable(AdapterError):
    """The system is down, busy or too slow. The host asks again later, no sooner than after `retry_after` seconds."""

    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class OutcomeUnknown(Unavailable):
    """A call that may have been carried out: its answer did not come. It is looked up by its key."""


class Declined(AdapterError):
    """The system said no for good, such as to a reservation of more than there is; the same again gives the same."""


class CursorExpired(AdapterError):
    """The system no longer knows what changed since this cursor: a whole snapshot is taken instead."""


class OverQuota(AdapterError):
    """The plugin's own store holds as much as it may."""


class NotAllowed(AdapterError):
    """The plugin asked for what its manifest or the operator does not allow, such as a host that is not on its list."""
