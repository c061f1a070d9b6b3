"""What a society does not need sent: kinds of things that come unasked and bind hands, with their words.

The kinds follow what guidance on unsolicited donations names again and again; what else a society wants to say it
writes in its own words.
"""

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from xstock_node.i18n import mark
from xstock_node.protocol import limits

Kind = Literal[
    "clothes", "medicine", "food", "infant-milk", "water", "bedding", "toys", "furniture", "devices", "parcels",
    "tents", "blood", "people",
]  # fmt: skip
KINDS: Final = get_args(Kind)
WORDS: Final[dict[str, str]] = {
    "clothes": mark("used clothes and shoes"),
    "medicine": mark("medicines from home"),
    "food": mark("opened food, or food near its date"),
    "infant-milk": mark("milk and formula for infants, unless a health service asks for it"),
    "water": mark("bottled water by the piece"),
    "bedding": mark("used mattresses and bedding"),
    "toys": mark("used toys"),
    "furniture": mark("furniture"),
    "devices": mark("medical devices that nobody asked for"),
    "parcels": mark("mixed parcels without a list"),
    "tents": mark("tents for leisure"),
    "blood": mark("blood, except where the transfusion service calls"),
    "people": mark("helpers who come without being called"),
}
INSTEAD: Final = mark("Money helps at once. Ask first before you send goods: what was not asked for blocks the road.")
Line = Annotated[str, Meta(min_length=1, max_length=limits.UNNEEDED_LINE)]
Language = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}(?!\n)$")]


class Unneeded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is not needed now. `more` are lines in own words by language, `since` unix seconds, 0 where nobody said.

    `money`: whether the sentence that money helps stands beneath.
    """

    kinds: tuple[Kind, ...] = ()
    more: dict[Language, tuple[Line, ...]] = {}
    money: bool = True
    since: int = 0
