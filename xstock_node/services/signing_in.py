"""The ways into the console: a passkey, a password with a changing code, a code on paper, a one-time link.

Whatever is wrong, everybody is told the same and waits as long; what was tried is counted for its name and its road.
Tries stand in the list of acts when they are the first, second, fourth, eighth ... in a row.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec

from xstock_node.protocol import limits
from xstock_node.services import credentials, door, duty_codes, links, passkeys, passwords, sessions, totp
from xstock_node.services.credentials import CREDENTIALS, KEY_OWNERS, Credentials, Passkey, ways_of
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.passkeys import Place
from xstock_node.services.people import PEOPLE
from xstock_node.services.tries import Lane
from xstock_node.services.typed import clean
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction

NOBODY = Actor("nobody", sessions.ROAD, ())
_NAME = 40


class Caller(NamedTuple):
    """Who stands at the door, as far as it is known: the device in words, and where the request comes from.

    `attempt` is what this browser alone brings back (a cookie): a question to a passkey is answered from there only.
    `question` is the same for an account elsewhere, another one for each question.
    """

    device: str
    origin: str
    attempt: str = ""
    question: str = ""


class Question(NamedTuple):
    """What a browser is asked, as JSON, and the token that its answer is brought back with."""

    token: str
    options: str


async def by_password(office: Office, caller: Caller, name: str, password: str, code: str) -> str:
    """The secret of a new session for a name, its password and the code of the moment."""
    lane = _lane("password", name, caller)
    office.door.tries.expect(lane, office.node.clock.steady())
    before = await office.node.engine.read(lambda tx: _ways(tx, lane.name))
    whole = before if before.password is not None and before.totp is not None else None
    kept = whole.password.hash if whole and whole.password else office.door.nobody(lane.name)
    typed = passwords.normal(password[: limits.PASSWORD + 1])
    fits = await office.door.slow(door.fits, kept, typed) and len(typed) <= limits.PASSWORD
    secret, now = sessions.new_secret(office), office.node.clock.now()

    def work(tx: Transaction) -> None:
        ways = _ways(tx, lane.name)
        counter, password_ = ways.totp, ways.password
        step = totp.step_of(counter.secret, code, now, counter.last) if counter else None
        if not fits or counter is None or step is None or password_ is None or password_.hash != kept:
            raise door.wrong()
        used = msgspec.structs.replace(ways, totp=msgspec.structs.replace(counter, last=step))
        CREDENTIALS.put(tx, lane.name, used, now)
        by = password_.by or counter.by
        sessions.open_(office, tx, secret, lane.name, sessions.PASSWORD, caller.device, by=by)

    await _through(office, lane, work)
    return secret


async def by_code(office: Office, caller: Caller, name: str, code: str) -> str:
    """The secret of a new session for a code: of a paper and the name that stands on it, or a one-time code alone."""
    if duty_codes.looks_like_one(code):
        return await _by_paper(office, caller, name, duty_codes.letters(code))
    secret, typed = sessions.new_secret(office), code[:64]
    is_known = await office.node.engine.read(lambda tx: links.is_known(tx, typed))
    work = partial(links.open_session, office, secret=secret, code=typed, device=caller.device)
    await _through(office, Lane("link", "", caller.origin), work if is_known else _nobody)
    return secret


async def _by_paper(office: Office, caller: Caller, name: str, code: str) -> str:
    lane = _lane("code", name, caller)
    office.door.tries.expect(lane, office.node.clock.steady())
    before = (await office.node.engine.read(lambda tx: _ways(tx, lane.name))).sheet
    salt = bytes.fromhex(before.salt) if before else office.door.salt_of(lane.name)
    hash_ = await office.door.slow(duty_codes.hash_of, salt, code)
    secret, now = sessions.new_secret(office), office.node.clock.now()

    def work(tx: Transaction) -> None:
        ways = _ways(tx, lane.name)
        sheet, used = ways.sheet, duty_codes.found(ways.sheet, hash_)
        if sheet is None or used is None:
            raise door.wrong()
        sheet = duty_codes.with_used(sheet, used.number, now)
        CREDENTIALS.put(tx, lane.name, msgspec.structs.replace(ways, sheet=sheet), now)
        left = sum(not one.used for one in sheet.codes)
        office.record(tx, Actor(lane.name, sessions.ROAD), "user.code", lane.name, f"number {used.number}, {left} left")
        sessions.open_(office, tx, secret, lane.name, sessions.CODE, caller.device, by=sheet.by)

    await _through(office, lane, work)
    office.changes.tell("")
    return secret


def ask_for_passkey(office: Office, caller: Caller, place: Place) -> Question:
    """A question to whatever passkey a browser finds; five minutes to answer it, once."""
    token, challenge = office.door.ask(_showing(caller, place), office.node.clock.now())
    return Question(token, passkeys.options_to_show(place, challenge))


async def by_passkey(office: Office, caller: Caller, place: Place, token: str, answer: bytes) -> str:
    """The secret of a new session for a browser's answer to the question of a token."""
    now = office.node.clock.now()
    asked = office.door.asked(_showing(caller, place), token, now)
    key = await office.node.engine.read(lambda tx: _key(tx, passkeys.id_of(answer)))
    count = passkeys.shown(answer, place, asked, key[1]) if key and asked else None
    secret = sessions.new_secret(office)

    def work(tx: Transaction) -> None:
        found = _key(tx, key[1].id) if key else None
        if found is None or found != key or not office.door.use(token):
            raise door.wrong()
        ways, before = found
        kept = tuple(one if one.id != before.id else _used(one, count or 0, now) for one in ways.passkeys)
        CREDENTIALS.put(tx, ways.person, msgspec.structs.replace(ways, passkeys=kept), now)
        sessions.open_(office, tx, secret, ways.person, sessions.PASSKEY, caller.device, by=before.by)

    await _through(office, Lane("passkey", "", caller.origin), _nobody if count is None else work)
    return secret


def _showing(caller: Caller, place: Place) -> str:
    return f"show a passkey at {place.origin} in {caller.attempt}"


def _nobody(tx: Transaction) -> None:
    """Let nobody in, and take no turn of those who write."""
    raise door.wrong()


async def _through(office: Office, lane: Lane, work: Callable[[Transaction], object]) -> None:
    """Do what lets somebody in, or count the try and tell the same as ever."""
    try:
        await (office.node.engine.read(work) if work is _nobody else office.node.engine.write(work, durable=True))
    except Refusal as refused:
        if refused.code != door.WRONG:
            raise
        office.door.tries.missed(lane, office.node.clock.steady())
        await note_miss(office, lane)
        raise
    office.door.tries.passed(lane)


async def note_miss(office: Office, lane: Lane) -> None:
    """Write a refused try down where it is worth it, under the name only where a person has it."""

    def known(tx: Transaction) -> str:
        return lane.name if lane.name and PEOPLE.get(tx, lane.name) is not None else ""

    name = await office.node.engine.read(known)
    count = office.door.tries.is_worth_telling(name)
    if not count:
        return
    detail = f"{lane.road}, {count} in a row"
    try:
        await office.node.engine.write(
            lambda tx: office.record(tx, NOBODY, "user.sign-in.refused", name or "unknown", detail), durable=False
        )
    except StorageError as error:
        office.node.trace.warning("sign-in.not-noted", why=str(error))


def _lane(road: str, name: str, caller: Caller) -> Lane:
    return Lane(road, clean(name).strip().casefold()[:_NAME] or "-", caller.origin)


def _ways(tx: Transaction, name: str) -> Credentials:
    """The ways in of a person; none for who is no person of this node."""
    return ways_of(tx, name) if PEOPLE.get(tx, name) is not None else Credentials(person=name)


def _key(tx: Transaction, id_: bytes | None) -> tuple[Credentials, Passkey] | None:
    """The passkey of an id, and the ways in of its person."""
    owner = KEY_OWNERS.get(tx, credentials.under(id_)) if id_ else None
    ways = _ways(tx, owner.person) if owner else None
    return next(((ways, key) for key in ways.passkeys if key.id == id_), None) if ways else None


def _used(key: Passkey, count: int, now: int) -> Passkey:
    return msgspec.structs.replace(key, count=count, used=now)
