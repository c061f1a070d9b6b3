"""What a person signs in by and is signed in with, as kept; secrets are hashes, but for those of changing codes.

All of it is one person's and goes with the person. What somebody let in who may not hand out the roles that a second
person confirms (`by`) goes when its person gets such a role, as their tokens do.
"""

import hashlib
from typing import TypeVar

import msgspec

from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A person signed in on a device, kept under the hash of its secret. Times in unix seconds.

    `how` names the way in (`passkey`, `password`, `account`, `link`, `code`); `exp` is its end whatever happens,
    `scope` narrows the rights of the person as that of a token does, `by` is on whose word it rests (empty: the
    person's own, or the operator's).
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


class Password(msgspec.Struct, frozen=True, kw_only=True):
    """A password by its argon2id hash with parameters and salt, and since when it is the one."""

    hash: str
    made: int
    by: str = ""


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """The secret (base32) that changing codes are counted from (RFC 6238), and the last step whose code was used."""

    secret: str
    made: int
    last: int = 0
    by: str = ""


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey: its id, its public key (COSE) and how often it says that it signed; `label` is the person's word."""

    id: bytes
    key: bytes
    count: int
    label: str
    made: int
    used: int = 0
    by: str = ""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account elsewhere: by which `provider`, whose (`issuer`) and which (`subject`); `label` as people know it."""

    provider: str
    issuer: str
    subject: str
    label: str
    made: int
    used: int = 0
    by: str = ""

    @property
    def id(self) -> str:
        """What names it, alike for the same account."""
        whole = "\n".join((self.provider, self.issuer, self.subject))
        return hashlib.sha256(whole.encode()).hexdigest()


class DutyCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code on paper by its number and hash; `used` is when, 0 where nobody did."""

    number: int
    hash: str
    used: int = 0


class CodeSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of one sheet, which are hashed with one salt (hexadecimal)."""

    salt: str
    made: int
    codes: tuple[DutyCode, ...]
    by: str = ""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """All ways in of a person but links and tokens. `next_totp` is a secret that no code has confirmed yet."""

    person: str
    password: Password | None = None
    totp: Totp | None = None
    next_totp: Totp | None = None
    passkeys: tuple[Passkey, ...] = ()
    accounts: tuple[Account, ...] = ()
    sheet: CodeSheet | None = None


class KeyOwner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a passkey is, kept under the hash of its id, or an account elsewhere, under its id."""

    person: str


Way = TypeVar("Way", Password, Totp, CodeSheet)
CREDENTIALS: Shelf[Credentials] = Shelf("credentials", Credentials)
KEY_OWNERS: Shelf[KeyOwner] = Shelf("passkey", KeyOwner)
ACCOUNT_OWNERS: Shelf[KeyOwner] = Shelf("account", KeyOwner)
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


def ways_of(tx: Transaction, name: str) -> Credentials:
    """The ways in of a person; none where nothing was set up."""
    return CREDENTIALS.get(tx, name) or Credentials(person=name)


def under(key: bytes) -> str:
    """Under what the owner of a passkey is kept, by the id of the passkey."""
    return hashlib.sha256(key).hexdigest()


def forget(tx: Transaction, name: str) -> None:
    """Everything by which a person was known, as when the person is removed."""
    end_sessions(tx, name)
    held = ways_of(tx, name)
    _keep_keys(tx, held.passkeys, ())
    _keep_accounts(tx, held.accounts, ())
    CREDENTIALS.drop(tx, name)
    PREFERENCES.drop(tx, name)


def forget_lent(tx: Transaction, name: str, now: int) -> None:
    """What a person has on the word of somebody who may not hand out the roles that a second person confirms."""
    end_sessions(tx, name, lent=True)
    ways = ways_of(tx, name)
    kept = tuple(key for key in ways.passkeys if not key.by)
    accounts = tuple(account for account in ways.accounts if not account.by)
    _keep_keys(tx, ways.passkeys, kept)
    _keep_accounts(tx, ways.accounts, accounts)
    left = Credentials(
        person=name,
        password=_own(ways.password),
        totp=_own(ways.totp),
        next_totp=_own(ways.next_totp),
        passkeys=kept,
        accounts=accounts,
        sheet=_own(ways.sheet),
    )
    if left != ways:
        CREDENTIALS.put(tx, name, left, now)


def _own(way: Way | None) -> Way | None:
    return None if way is None or way.by else way


def _keep_keys(tx: Transaction, before: tuple[Passkey, ...], after: tuple[Passkey, ...]) -> None:
    for key in set(before) - set(after):
        KEY_OWNERS.drop(tx, under(key.id))


def _keep_accounts(tx: Transaction, before: tuple[Account, ...], after: tuple[Account, ...]) -> None:
    for account in set(before) - set(after):
        ACCOUNT_OWNERS.drop(tx, account.id)
