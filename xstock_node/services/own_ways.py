"""A person's own ways in: a password with changing codes, passkeys; what is set up, confirmed and taken away.

Each is set up by who signed in just now (`ways.py`). What ends a way in ends the other sessions that it began.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits
from xstock_node.services import credentials, door, passkeys, passwords, people, sessions, totp, ways
from xstock_node.services.credentials import CREDENTIALS, KEY_OWNERS, KeyOwner, Passkey, Password, Totp, ways_of
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.passkeys import Place
from xstock_node.services.sessions import SessionActor
from xstock_node.services.signing_in import Question
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

LABEL = 60


class CounterView(msgspec.Struct, frozen=True, kw_only=True):
    """A secret to put into an app, as it is typed, as an address, and as a picture where that can be drawn (SVG)."""

    secret: str
    address: str
    picture: str


class NewPassword(msgspec.Struct, frozen=True, kw_only=True):
    """A password, the same again, and a code of the app as it shows now."""

    password: str
    again: str
    code: Annotated[str, Meta(max_length=40)]


async def show_counter(office: Office, who: SessionActor) -> CounterView:
    """The secret that waits for its first code; made where none does."""
    now, made = office.node.clock.now(), totp.new_secret(office.node.random)

    def work(tx: Transaction) -> str:
        expect_may(tx, who.actor, now)
        held = ways_of(tx, who.actor.name)
        if held.next_totp is not None:
            return held.next_totp.secret
        waiting = Totp(secret=made, made=now, by=who.actor.by)
        CREDENTIALS.put(tx, held.person, msgspec.structs.replace(held, next_totp=waiting), now)
        return made

    secret = await office.node.engine.write(work, durable=True)
    address = totp.address(secret, who.actor.name, office.node.identity.name)
    return CounterView(secret=secret, address=address, picture=totp.picture(address))


async def set_password(office: Office, who: SessionActor, secret: str, new: NewPassword) -> None:
    """Set or change the password of who is signed in by `secret`: all other sessions of the person end.

    The code proves the app: of the secret that waits, else of the one that is in use.
    """
    if new.password != new.again:
        raise Refusal("bad-password", "the same password twice", "two that differ", "type both again", 2)
    name, now = who.actor.name, office.node.clock.now()
    await office.node.engine.read(lambda tx: expect_may(tx, who.actor, now))
    password = passwords.expect_strong(new.password, name)
    kept = await office.door.slow(door.hash_with, office.node.random.randbytes(door.SALT), password)

    def work(tx: Transaction) -> None:
        expect_may(tx, who.actor, now)
        held = ways_of(tx, name)
        counter = _proven(held.next_totp, new.code, now) or _proven(held.totp, new.code, now)
        if counter is None:
            expected = "the six digits that the app shows now, which were not used before"
            raise Refusal(
                "bad-code", expected, "others", "wait for the next ones and check the clock of the telephone", 2
            )
        changed = msgspec.structs.replace(
            held, password=Password(hash=kept, made=now, by=who.actor.by), totp=counter, next_totp=None
        )
        CREDENTIALS.put(tx, name, changed, now)
        ended = credentials.end_sessions(tx, name, but=people.hash_of(secret))
        office.record(tx, who.actor, "user.password", name, f"{ended} other sessions ended")

    await office.node.engine.write(work, durable=True)


async def end_password(office: Office, who: SessionActor, secret: str) -> None:
    """Take the password and its codes away; the other sessions that it began end."""
    name, now = who.actor.name, office.node.clock.now()

    def work(tx: Transaction) -> None:
        expect_may(tx, who.actor, now)
        left = msgspec.structs.replace(ways_of(tx, name), password=None, totp=None, next_totp=None)
        CREDENTIALS.put(tx, name, left, now)
        end_others(tx, name, sessions.PASSWORD, secret)
        office.record(tx, who.actor, "user.password.end", name)

    await office.node.engine.write(work, durable=True)


async def ask_for_new_passkey(office: Office, who: SessionActor, place: Place) -> Question:
    """What a browser needs to make a passkey for who is signed in."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> tuple[int, tuple[Passkey, ...]]:
        person = expect_may(tx, who.actor, now)
        return person.made, ways_of(tx, person.name).passkeys

    if not place.takes_passkeys:
        expected = "the console under a name by https, or as http://localhost on this machine"
        raise Refusal("no-passkeys", expected, place.origin, "open it there, or set up a password")
    made, known = await office.node.engine.read(work)
    own = office.node.identity.name
    handle = bytes.fromhex(people.hash_of(f"{own}\n{who.actor.name}\n{made}"))
    token, challenge = office.door.ask(_making(who, place), now)
    return Question(token, passkeys.options_to_make(place, own, who.actor.name, handle, known, challenge))


async def keep_passkey(office: Office, who: SessionActor, place: Place, token: str, answer: bytes, label: str) -> None:
    """Keep the passkey that a browser made for the question of a token, under the person's word for the device."""
    now, name = office.node.clock.now(), who.actor.name
    asked = office.door.asked(_making(who, place), token, now)
    made = passkeys.made(answer, place, asked) if asked else None
    label = plain(label.strip(), "name of the passkey")[:LABEL]

    def work(tx: Transaction) -> None:
        expect_may(tx, who.actor, now)
        held = ways_of(tx, name)
        is_new = made is not None and KEY_OWNERS.get(tx, credentials.under(made.id)) is None
        if made is None or not is_new or not office.door.use(token):
            raise Refusal("bad-passkey", "a new passkey of this browser, within five minutes", "none", "try again")
        if len(held.passkeys) >= limits.PASSKEYS:
            raise Refusal("full", f"at most {limits.PASSKEYS} passkeys", "one more", "take one away first")
        word = label or f"passkey {len(held.passkeys) + 1}"
        key = Passkey(id=made.id, key=made.key, count=made.signed, label=word, made=now, by=who.actor.by)
        CREDENTIALS.put(tx, name, msgspec.structs.replace(held, passkeys=(*held.passkeys, key)), now)
        KEY_OWNERS.put(tx, credentials.under(key.id), KeyOwner(person=name), now)
        office.record(tx, who.actor, "user.passkey", name, word)

    await office.node.engine.write(work, durable=True)


async def end_passkey(office: Office, who: SessionActor, secret: str, id_: str) -> None:
    """Take a passkey away, as when its device is lost; the other sessions that passkeys began end."""
    name, now = who.actor.name, office.node.clock.now()

    def work(tx: Transaction) -> None:
        expect_may(tx, who.actor, now)
        held = ways_of(tx, name)
        key = next((key for key in held.passkeys if name_of(key) == id_), None)
        if key is None:
            raise Refusal("no-passkey", "a passkey of one's own", id_[:40], "see the list")
        kept = tuple(one for one in held.passkeys if one.id != key.id)
        CREDENTIALS.put(tx, name, msgspec.structs.replace(held, passkeys=kept), now)
        KEY_OWNERS.drop(tx, credentials.under(key.id))
        end_others(tx, name, sessions.PASSKEY, secret)
        office.record(tx, who.actor, "user.passkey.end", name, key.label)

    await office.node.engine.write(work, durable=True)


def name_of(key: Passkey) -> str:
    """What names a passkey on a page."""
    return credentials.under(key.id)[:16]


def _making(who: SessionActor, place: Place) -> str:
    return f"make a passkey for {who.actor.name} in {who.id} at {place.origin}"


def expect_may(tx: Transaction, actor: Actor, now: int) -> people.Person:
    """The person who acts, where it signed in just now; raises Refusal for everybody else."""
    person = people.held(tx, actor.name)
    ways.expect_may_set_up(actor, person, now)
    return person


def _proven(counter: Totp | None, code: str, now: int) -> Totp | None:
    """The counter with the step of a code used up; None where the code is not its."""
    step = totp.step_of(counter.secret, code, now, counter.last) if counter else None
    return None if counter is None or step is None else msgspec.structs.replace(counter, last=step)


def end_others(tx: Transaction, name: str, how: str, secret: str) -> None:
    """End the sessions of a person that a way in began, but for the one of a secret."""
    for session in credentials.sessions_of(tx, name):
        if session.how == how and session.hash != people.hash_of(secret):
            credentials.SESSIONS.drop(tx, session.hash)
