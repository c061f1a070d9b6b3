"""What people may not say of a convoy in threat mode: the node tells passages itself, late and coarse."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from xstock_node.protocol.messages import SideLine
from xstock_node.services.convoys import threats
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.storage.interfaces import Transaction

BY_THE_NODE: Final = frozenset({"border", "departed"})
PLACED: Final = frozenset({"refused", "lost", "returned", "damaged", "correct"})
PLATE: Final = "plate"
_COARSE: Final = re.compile(r"([A-Z]{2})?")


def check(office: Office, tx: Transaction, case: str, verb: str, fields: Mapping[str, object]) -> None:
    """Raise Refusal `threat` for a step that would tell a place or a minute of a convoy in threat mode."""
    if verb not in BY_THE_NODE | PLACED or not threats(office, tx, case):
        return
    if verb in BY_THE_NODE:
        do = "note it with `xstock convoy seen`; the node tells it late and coarse"
        raise Refusal("threat", "a convoy outside threat mode", f"{verb} by hand", do)
    if not _COARSE.fullmatch(str(fields.get("place") or "")):
        raise Refusal("threat", "a country of two letters as place, in threat mode", "a place", "leave the place out")


def check_side(office: Office, tx: Transaction, case: str, fields: Mapping[str, object], side: Sequence[bytes]) -> None:
    """Raise Refusal `threat` for a plate in an operation with a convoy in threat mode, or one that would begin so."""
    if not any(msgspec.json.decode(line, type=SideLine).kind == PLATE for line in side):
        return
    if threats(office, tx, case, fields):
        do = "name the vehicle by a word that both sides know: --side vehicle=WORD --field vehicle=side:0"
        raise Refusal("threat", "no plate, in threat mode", "a side line of kind plate", do)
