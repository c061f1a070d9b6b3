"""Sessions of the console: a person signed in on a device, known by a secret that is kept as its hash.

A session ends after twelve hours in which nobody used it, after thirty days in any case, with its person, and when the
password changes. One that a paper code began lasts twelve hours. Every sign-in makes a new one.
"""

from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from xstock_node.domain.rights import DAY
from xstock_node.services import people
from xstock_node.services.credentials import PREFERENCES, SESSIONS, Preferences, Session
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import PEOPLE, ROSTER, THE_ROSTER
from xstock_node.services.typed import clean
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction

ROAD: Final = "console"
PASSKEY, PASSWORD, ACCOUNT, LINK, CODE = "passkey", "password", "account", "link", "code"
IDLE: Final = DAY // 2
LONGEST: Final = 30 * DAY
BY_CODE: Final = DAY // 2
FRESH: Final = 1800
SEEN_EVERY: Final = 60
DEVICE: Final = 100
A_PERSON: Final = 50
THEMES: Final = ("", "light", "dark", "night")
_BYTES, _ID = 32, 16


class SessionActor(NamedTuple):
    """Who a session belongs to, with the rights of this hour; `id` names it where its secret must not stand.

    `language`, `theme` and `zone` are the person's preferences, empty where none was said. `until` is when the session
    ends whatever happens (unix seconds).
    """

    actor: Actor
    id: str
    how: str
    language: str
    theme: str
    zone: str
    until: int = 0


async def begin(
    office: Office, person: str, how: str, device: str, *, scope: tuple[str, ...] = (), by: str = ""
) -> str:
    """A new session of a person on a device, described in words; its secret. Raises Refusal for who is no person."""
    secret = new_secret(office)

    def work(tx: Transaction) -> None:
        open_(office, tx, secret, person, how, device, scope, by)

    await office.node.engine.write(work, durable=True)
    return secret


def new_secret(office: Office) -> str:
    """A secret of 256 bits."""
    return f"xc_{office.node.random.randbytes(_BYTES).hex()}"


def open_(
    office: Office,
    tx: Transaction,
    secret: str,
    person: str,
    how: str,
    device: str,
    scope: tuple[str, ...] = (),
    by: str = "",
    until: int = 0,
) -> Session:
    """Keep a new session in the transaction that proves who the person is; the oldest of too many makes room. It ends
    at `until` at the latest, unix seconds, where that is not 0.
    """
    now = office.node.clock.now()
    longest = now + (BY_CODE if how == CODE else LONGEST)
    people.held(tx, person)
    _make_room(tx, person, now)
    session = Session(
        hash=people.hash_of(secret),
        person=person,
        how=how,
        device=clean(device)[:DEVICE],
        made=now,
        seen=now,
        exp=min(longest, until or longest),
        scope=scope,
        by=by,
    )
    SESSIONS.put(tx, session.hash, session, now)
    office.record(tx, Actor(person, ROAD), "user.sign-in", person, f"{how} {session.device}".strip())
    return session


async def actor_of(office: Office, secret: str) -> SessionActor | None:
    """Who a session belongs to, as of now; None where it is over or never was."""
    now, key = office.node.clock.now(), people.hash_of(secret)

    def work(tx: Transaction) -> tuple[Session, SessionActor] | None:
        session = SESSIONS.get(tx, key)
        person = None if session is None or is_over(session, now) else PEOPLE.get(tx, session.person)
        if session is None or person is None:
            return None
        actor = people.acting(person, ROSTER.get(tx, THE_ROSTER), now, ROAD, session.scope, session.by)
        actor = actor._replace(fresh=session.how not in (CODE, ACCOUNT) and abs(now - session.made) < FRESH)
        likes = PREFERENCES.get(tx, person.name) or Preferences()
        found = SessionActor(actor, id_of(session), session.how, likes.language, likes.theme, likes.zone, session.exp)
        return session, found

    held = await office.node.engine.read(work)
    if held is None:
        return None
    if abs(now - held[0].seen) >= SEEN_EVERY:
        await _seen(office, key, now)
    return held[1]


async def expect(office: Office, secret: str) -> SessionActor:
    """Who a session belongs to; raises Refusal where it is nobody's."""
    who = await actor_of(office, secret)
    if who is None:
        raise Refusal("forbidden", "somebody who is signed in", "nobody", "sign in")
    return who


async def end(office: Office, secret: str) -> None:
    """Sign out; a session that is over already stays so."""
    key = people.hash_of(secret)

    def work(tx: Transaction) -> None:
        session = SESSIONS.get(tx, key)
        if session is not None:
            SESSIONS.drop(tx, key)
            office.record(tx, Actor(session.person, ROAD), "user.sign-out", session.person, session.device)

    await office.node.engine.write(work, durable=True)


async def prefer(
    office: Office, secret: str, language: str | None = None, theme: str | None = None, zone: str | None = None
) -> None:
    """Keep how the person of a session reads the console; None leaves it as it is. Raises Refusal for an unknown zone,
    theme or a language that is none.
    """
    said = {"language": language, "theme": theme, "zone": zone}
    wanted = {name: value for name, value in said.items() if value is not None}
    _expect_known(wanted)
    key, now = people.hash_of(secret), office.node.clock.now()

    def work(tx: Transaction) -> None:
        session = SESSIONS.get(tx, key)
        if session is None or is_over(session, now):
            raise Refusal("no-session", "somebody who is signed in", "nobody", "sign in again")
        likes = PREFERENCES.get(tx, session.person) or Preferences()
        PREFERENCES.put(tx, session.person, msgspec.structs.replace(likes, **wanted), now)

    await office.node.engine.write(work, durable=True)


def id_of(session: Session) -> str:
    """What names a session where its secret must not stand."""
    return session.hash[:_ID]


def is_over(session: Session, now: int) -> bool:
    """Whether a session has ended by the clock, or is of a time when the clock was far ahead."""
    return now >= session.exp or now - session.seen >= IDLE or session.made - now >= IDLE


async def _seen(office: Office, key: str, now: int) -> None:
    """Note that a session is in use. A disk that takes nothing signs nobody out."""

    def work(tx: Transaction) -> None:
        session = SESSIONS.get(tx, key)
        if session is not None:
            SESSIONS.put(tx, key, msgspec.structs.replace(session, seen=now), now)

    try:
        await office.node.engine.write(work, durable=False)
    except StorageError as error:
        office.node.trace.warning("session.seen", why=str(error))


def _make_room(tx: Transaction, person: str, now: int) -> None:
    """Drop what is over, of everybody, and the oldest of a person who has as many sessions as are kept."""
    for session in SESSIONS.list(tx):
        if is_over(session, now):
            SESSIONS.drop(tx, session.hash)
    mine = sorted((s for s in SESSIONS.list(tx) if s.person == person), key=lambda s: s.seen)
    for session in mine[: max(0, len(mine) - A_PERSON + 1)]:
        SESSIONS.drop(tx, session.hash)


def _expect_known(wanted: dict[str, str]) -> None:
    language, theme, zone = wanted.get("language", ""), wanted.get("theme", ""), wanted.get("zone", "")
    if len(language) > 35 or not all(part.isalnum() and part.isascii() for part in language.split("-") if language):
        raise Refusal("bad-language", "a language such as bg or sr-Latn", language[:40], "choose one of the list", 2)
    if theme not in THEMES:
        raise Refusal("bad-theme", "light, dark or night, or none", theme[:40], "choose one of the list", 2)
    if zone:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            do = "choose one of the list"
            raise Refusal("bad-zone", "a time zone such as Europe/Sofia", zone[:40], do, 2) from None
