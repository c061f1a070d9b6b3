"""What a person signs in by and is signed in with, as kept; secrets are hashes, but for those of changing codes.

All of it is one person's and goes with the person. What somebody let in who may not hand out the roles that a second
person confirms (`by`) goes when its person gets such a role, as their tokens do.
"""

import msgspec

from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A person signed in on a device, kept under the hash of its secret. Times in unix seconds.

    `how` names the way in (`passkey`, `password`, `link`, `code`); `exp` is its end whatever happens, `scope` narrows
    the rights of the person as that of a token does, `by` is on whose word it rests (empty: the person's own, or the
    operator's).
    """

    hash: str
    person: str
    how: str
    device: str = ""
    made: int = 0
    seen: int = 0
    exp: int = 0
    scope: tuple[str, ...] = ()
    by: str = ""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """How a person reads the console; empty: as the node and the browser say."""

    language: str = ""
    theme: str = ""
    zone: str = ""


SESSIONS: Shelf[Session] = Shelf("session", Session)
PREFERENCES: Shelf[Preferences] = Shelf("preferences", Preferences)


def sessions_of(tx: Transaction, name: str) -> list[Session]:
    """The sessions of a person, the newest first; some may be over."""
    return sorted((s for s in SESSIONS.list(tx) if s.person == name), key=lambda s: s.made, reverse=True)


def end_sessions(tx: Transaction, name: str, but: str = "", lent: bool = False) -> int:
    """End the sessions of a person but for the one of that hash, or with `lent` those on another's word; how many."""
    over = [s for s in sessions_of(tx, name) if s.hash != but and (s.by or not lent)]
    for session in over:
        SESSIONS.drop(tx, session.hash)
    return len(over)


def forget(tx: Transaction, name: str) -> None:
    """Everything by which a person was known, as when the person is removed."""
    end_sessions(tx, name)
    PREFERENCES.drop(tx, name)


def forget_lent(tx: Transaction, name: str) -> None:
    """What a person has on the word of somebody who may not hand out the roles that a second person confirms."""
    end_sessions(tx, name, lent=True)
