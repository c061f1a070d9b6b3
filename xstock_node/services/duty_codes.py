"""Ten one-time codes on paper, for the night in which a telephone is lost: eight letters each, good once.

A new sheet ends the one before. Kept are their hashes under the salt of the sheet.
"""

import hmac
import re
from typing import Final

import msgspec

from xstock_node.services import door, ways
from xstock_node.services.credentials import CREDENTIALS, CodeSheet, DutyCode, ways_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.people import Name, held
from xstock_node.services.sessions import BY_CODE
from xstock_node.storage.interfaces import Transaction

MANY: Final = 10
LETTERS: Final = "ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are read or heard as others."""
LONG: Final = 8


class PaperCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code by its number on the sheet."""

    number: int
    code: str


class CodesView(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet of codes, shown this once; `hours` is how long a session by one of them lasts."""

    name: Name
    codes: list[PaperCode]
    hours: int


async def make_codes(office: Office, actor: Actor, request: ways.OfWhom) -> CodesView:
    """Ten new codes for a person: one's own at the console, another's with the right to let people in."""
    name, now = ways.whose(office, actor, request), office.node.clock.now()
    await office.node.engine.read(lambda tx: ways.expect_may_set_up(actor, held(tx, name), now))
    typed = [_new(office) for _ in range(MANY)]
    salt = office.node.random.randbytes(door.SALT)
    hashes = await office.door.slow(lambda: [hash_of(salt, code) for code in typed])

    def work(tx: Transaction) -> None:
        ways.expect_may_set_up(actor, held(tx, name), now)
        codes = tuple(DutyCode(number=at, hash=hash_) for at, hash_ in enumerate(hashes, 1))
        sheet = CodeSheet(salt=salt.hex(), made=now, codes=codes, by=ways.word_of(actor, name))
        CREDENTIALS.put(tx, name, msgspec.structs.replace(ways_of(tx, name), sheet=sheet), now)
        office.record(tx, actor, "user.codes", name, f"{MANY} codes")

    await office.node.engine.write(work, durable=True)
    shown = [PaperCode(number=at, code=f"{code[:4]}-{code[4:]}") for at, code in enumerate(typed, 1)]
    return CodesView(name=name, codes=shown, hours=BY_CODE // 3600)


def letters(typed: str) -> str:
    """A code as it was typed, without what people put between its letters."""
    return re.sub(r"[\s-]", "", typed).upper()


def looks_like_one(typed: str) -> bool:
    """Whether something could be a code of a sheet."""
    code = letters(typed)
    return len(code) == LONG and set(code) <= set(LETTERS)


def hash_of(salt: bytes, code: str) -> str:
    """Under what a code is kept."""
    return door.hash_with(salt, code)


def found(sheet: CodeSheet | None, hash_: str) -> DutyCode | None:
    """The code of a sheet with a hash, which nobody used yet."""
    codes = () if sheet is None else sheet.codes
    return next((code for code in codes if hmac.compare_digest(code.hash, hash_) and not code.used), None)


def with_used(sheet: CodeSheet, number: int, now: int) -> CodeSheet:
    """The sheet with a code used up."""
    codes = tuple(msgspec.structs.replace(c, used=now) if c.number == number else c for c in sheet.codes)
    return msgspec.structs.replace(sheet, codes=codes)


def _new(office: Office) -> str:
    return "".join(office.node.random.choice(LETTERS) for _ in range(LONG))
