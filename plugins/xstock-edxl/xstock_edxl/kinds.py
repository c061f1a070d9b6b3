"""The table `kinds.toml`: types of EDXL-RM messages with what each must and must not have, and our kinds in them."""

import tomllib
from importlib.resources import files
from typing import Final

import msgspec

from xstock_node.plugins.interchange import Answer, MessageKind, Moment


class MessageType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of message: elements that it has not, that it must have, schedule types that it does not allow."""

    without: frozenset[str] = frozenset()
    must: frozenset[str] = frozenset()
    no_moments: frozenset[str] = frozenset()

    def has(self, element: str) -> bool:
        """Whether messages of this type may have the element."""
        return element not in self.without


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How one of our kinds is said: the type of message and of distribution, and the moment that tells it apart; with
    `place` that moment has a place.
    """

    type: str
    distribution: str
    moment: Moment | None = None
    place: bool = False


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    types: dict[str, MessageType]
    kinds: dict[MessageKind, Kind]
    moments: dict[Moment, str]
    roles: dict[str, str]
    answers: dict[Answer, str]


_TABLE: Final = msgspec.convert(
    tomllib.loads(files("xstock_edxl").joinpath("kinds.toml").read_text("utf-8")), type=_Table
)
TYPES: Final = _TABLE.types
KINDS: Final = _TABLE.kinds
MOMENTS: Final = _TABLE.moments
MOMENT_OF: Final = {said: moment for moment, said in MOMENTS.items()}
ROLES: Final = _TABLE.roles
ROLE_OF: Final = {said: role for role, said in ROLES.items()}
ANSWERS: Final = _TABLE.answers
ANSWER_OF: Final = {said: answer for answer, said in ANSWERS.items()}
KIND_OF: Final[dict[str, MessageKind]] = {
    kind.type: name for name, kind in KINDS.items() if kind.moment is None and name != "recall"
}
"""The kind that a type of message always is; status reports are told apart by their moments."""
STAGES: Final[tuple[tuple[Moment, MessageKind], ...]] = (
    ("actual-return-arrival", "return-receipt"),
    ("actual-return-departure", "return-dispatch"),
    ("actual-arrival", "receipt"),
    ("current", "passage"),
    ("actual-departure", "dispatch"),
)
"""What a status report is: the furthest stage that it speaks of."""
