"""The convoys of this node: each with an opaque id for camera operators, a code for the phone, and its corridors."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import msgspec

from xstock_node.domain.convoys import Convoy, convoys_of, road_of
from xstock_node.domain.corridor_watch import Corridor
from xstock_node.domain.operations import ENDED, Side
from xstock_node.services import dossier
from xstock_node.services.dossier import Dossier
from xstock_node.services.office import Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCase


class Secret(msgspec.Struct, frozen=True):
    """What ids and codes are made with; it never leaves the node."""

    hex: str


class Word(msgspec.Struct, frozen=True):
    """Which consignment an id or a code stands for: whoever shows one costs the node a look at one operation."""

    case: str
    consignment: str


WORDS: Shelf[Word] = Shelf("convoy-word", Word)
SECRETS: Shelf[Secret] = Shelf("convoy-secret", Secret)
CORRIDORS: Shelf[Corridor] = Shelf("corridor", Corridor)


class Underway(NamedTuple):
    """A convoy of an operation of this node. `id` is for lists of plates, `code` for who holds the consignment."""

    id: str
    code: str
    row: StoredCase
    side: Side
    other: str
    exercise: bool
    convoy: Convoy
    corridors: tuple[Corridor, ...]

    @property
    def threat(self) -> bool:
        """Whether one of its corridors is in threat mode."""
        return any(one.threat for one in self.corridors)


def underway(office: Office, tx: Transaction) -> list[Underway]:
    """The convoys that are announced or under way, of all networks."""
    found: list[Underway] = []
    corridors, secret = CORRIDORS.list(tx), SECRETS.get(tx, "node")
    for network in office.node.networks.values():
        exercise = network.shared.is_exercise
        for row in tx.cases.all(network.name):
            found += of_case(office, dossier.read(tx, row), corridors, secret, exercise)
    return found


def remember(tx: Transaction, given_out: Iterable[Underway], now: int) -> None:
    """Keep what ids and codes stand for, before they are given out."""
    for one in given_out:
        for word in (one.id, one.code):
            if WORDS.get(tx, word) is None:
                WORDS.put(tx, word, Word(one.row.id, one.convoy.consignment), now)


def by_word(office: Office, tx: Transaction, word: str) -> Underway | None:
    """The convoy of a list id or a phone code; None for any other word, and for a convoy that has arrived."""
    said = WORDS.get(tx, word) if word else None
    row = tx.cases.get(said.case) if said is not None else None
    if said is None or row is None or row.network not in office.node.networks:
        return None
    exercise = office.node.networks[row.network].shared.is_exercise
    found = of_case(office, dossier.read(tx, row), CORRIDORS.list(tx), SECRETS.get(tx, "node"), exercise)
    return next((one for one in found if word in (one.id, one.code)), None)


def of_case(
    office: Office, found: Dossier, corridors: Iterable[Corridor], secret: Secret | None, exercise: bool
) -> list[Underway]:
    """The convoys of one operation."""
    own, row = office.node.identity.name, found.case
    if found.state() in ENDED:
        return []
    convoys = convoys_of(found.operation(), (office.settings.country,))
    return [
        Underway(
            id=_made(secret, "list", row.id, one.consignment),
            code=_made(secret, "code", row.id, one.consignment),
            row=row,
            side=found.side(own),
            other=found.other(own),
            exercise=exercise,
            convoy=one,
            corridors=tuple(way for way in corridors if way.covers(one.countries, one.crossings)),
        )
        for one in convoys
    ]


def threats(office: Office, tx: Transaction, case: str, fields: Mapping[str, object] | None = None) -> list[Corridor]:
    """The corridors in threat mode that an operation goes over, with all that it says of its way, also of what has
    arrived; with `fields` as it would once a step said these.
    """
    row, corridors = tx.cases.get(case), [one for one in CORRIDORS.list(tx) if one.threat]
    if row is None or not corridors:
        return []
    countries, crossings = road_of(dossier.read(tx, row).operation(), (office.settings.country,))
    more = fields or {}
    countries |= {*_texts(more.get("countries"))}
    crossings |= {*_texts(more.get("crossings")), *_texts(more.get("crossing"))}
    return [one for one in corridors if one.covers(countries, crossings)]


def secret_of(office: Office, tx: Transaction) -> Secret:
    """The node's secret; made where there is none yet."""
    held = SECRETS.get(tx, "node")
    if held is None:
        held = Secret(hex=office.node.random.randbytes(32).hex())
        SECRETS.put(tx, "node", held, office.node.clock.now())
    return held


def spot(secret: Secret, place: str) -> str:
    """A checkpoint as it is told apart from others without its name being kept."""
    folded = " ".join(place.split()).casefold()
    return hmac.new(bytes.fromhex(secret.hex), b"spot\n" + folded.encode(), hashlib.sha256).hexdigest()[:32]


def _texts(value: object) -> list[str]:
    """The texts of a field: one, or a list of them."""
    found = value if isinstance(value, list | tuple) else [value]
    return [one for one in found if isinstance(one, str) and one]


def _made(secret: Secret | None, what: Literal["list", "code"], case: str, consignment: str) -> str:
    """26 characters of base32; empty before the node has a secret."""
    if secret is None:
        return ""
    said = f"{what}\n{case}\n{consignment}".encode()
    digest = hmac.new(bytes.fromhex(secret.hex), said, hashlib.sha256).digest()
    return base64.b32encode(digest[:17])[:26].decode().lower()
