"""Convoys on the road, and the corridors that are watched."""

import msgspec

from xstock_node.console.acts import routed
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.convoy_desk import ConvoyView
from xstock_node.services.corridor_desk import CorridorView


class ConvoysView(msgspec.Struct, frozen=True, kw_only=True):
    """The watch board and the corridors that are watched."""

    convoys: list[ConvoyView]
    corridors: list[CorridorView]


async def _convoys(visit: Visit, asked: None) -> ConvoysView:
    return ConvoysView(convoys=await visit.ask("convoy.list"), corridors=await visit.ask("corridor.list"))


CONVOYS = Page(
    "convoys",
    "/convoys",
    mark("Convoys"),
    "see",
    _convoys,
    acts={
        "seen": routed("convoy.seen", "/convoys"),
        "threaten": routed("corridor.threaten", "/convoys"),
        "calm": routed("corridor.calm", "/convoys"),
    },
    tables={
        "convoys": Table(
            mark("On the road"),
            (
                Column("consignment", mark("Consignment"), "code", "/operation?case={case}"),
                Column("other", mark("With"), "node"),
                Column("stand", mark("Stands"), "said-stand"),
                Column("countries", mark("Countries on the way")),
                Column("crossings", mark("Border")),
                Column("arrival", mark("Announced for"), "due"),
                Column("late_since", mark("Late since"), "when"),
                Column("threat", mark("Threat mode"), "yes"),
                Column("passed", mark("Passed")),
            ),
            lambda view: view.convoys,
            mark("No convoy is announced."),
        ),
        "corridors": Table(
            mark("Corridors"),
            (
                Column("name", mark("Corridor")),
                Column("countries", mark("Countries")),
                Column("crossings", mark("Border")),
                Column("curfew", mark("Curfew")),
                Column("threat", mark("Threat mode"), "yes"),
                Column("threat_since", mark("Since"), "when"),
                Column("calm_asked_by", mark("End asked for by")),
            ),
            lambda view: view.corridors,
            mark("No corridor is watched."),
            (
                Press(
                    "threaten", mark("Begin threat mode"), ("name",), "move", mark("Sure"), lambda row: not row.threat
                ),
                Press("calm", mark("End threat mode"), ("name",), "move", when=lambda row: row.threat),
            ),
        ),
    },
    asking=(
        Ask(
            "seen",
            mark("Note that a convoy was seen"),
            mark("Note it"),
            (
                Field("convoy", mark("Number of the convoy"), required=True),
                Field("place", mark("Place"), required=True),
                Field("country", mark("Country"), hint=mark("Two letters, such as RO."), required=True),
            ),
            "move",
        ),
    ),
    group="events",
    lead=mark("In threat mode everything here is late and coarse, on purpose."),
    shape="plain",
)
