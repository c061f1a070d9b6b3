"""The table `kinds.toml`: how our kinds of messages are said in EMSI, and what a message of others is."""

import tomllib
from importlib.resources import files
from typing import Final

import msgspec

from xstock_dispatch.emsi import Emsi, Mission, Type
from xstock_node.plugins.interchange import MessageKind, Moment

ASKED: Final = "#DEMANDE_CONCOURS#"
"""How the profile begins the name of a mission that is asked of somebody."""


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Type of message, status of its mission (none where empty) and of its resources; a moment that it must have."""

    type: Type
    mission: str
    resource: str
    moment: Moment | None = None


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kinds: dict[MessageKind, Kind]
    moments: dict[Moment, str]


_TABLE: Final = msgspec.convert(
    tomllib.loads(files("xstock_dispatch").joinpath("kinds.toml").read_text("utf-8")), type=_Table
)
KINDS: Final = _TABLE.kinds
MOMENTS: Final = _TABLE.moments


def is_asked(mission: Mission) -> bool:
    """Whether this mission is asked for and has not begun."""
    return mission.status.strip() == "NST" or mission.name.startswith(ASKED)


def kind_of(message: Emsi) -> MessageKind:
    """What a message does, by its type, then by the furthest that a mission or a resource of it says."""
    type_ = message.context.msgtype
    if type_ == "CANCEL":
        return "recall"
    if type_ == "ERROR" or not (message.mission or message.resource):
        return "information"
    return _offer(message) if type_ == "ACK" else _stage(message) or "information"


def _offer(message: Emsi) -> MessageKind:
    """An acknowledgement offers what it lists as to be had; with nothing of the kind it is one of receipt alone."""
    held = {one.status.strip() for one in message.resource}
    return "offer" if held & {"AVAILB", "UNAV"} else _stage(message) or "information"


def _stage(message: Emsi) -> MessageKind | None:
    held = {one.status.strip() for one in message.resource}
    missions = {one.status.strip() for one in message.mission}
    here = any(place.type.strip() == "CUR" for one in message.resource for place in one.rgeo)
    found: tuple[tuple[bool, MessageKind], ...] = (
        ("COM" in missions and "IPR" not in missions, "return-receipt"),
        ("IN_USE/ON_SCENE" in held, "receipt"),
        ("IN_USE/MOBILE" in held, "passage" if here else "dispatch"),
        ("RESRVD" in held, "confirmation" if "IPR" in missions else "acceptance"),
        (any(is_asked(one) for one in message.mission) and not held & {"AVAILB", "UNAV"}, "request"),
        ("IPR" in missions and not held & {"AVAILB", "UNAV"}, "confirmation"),
        (bool(held & {"AVAILB", "UNAV"}), "offer" if missions else "unsolicited-offer"),
    )
    return next((kind for so, kind in found if so), None)
