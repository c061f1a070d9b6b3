"""The watch board: convoys announced, passed, late and doubtful. On the local port alone."""

import msgspec

from xstock_node.plugins import Context, Figure, PageAsk, PageData, Table
from xstock_node.plugins.convoys import Expected

HEADERS = ["Convoy", "Consignment", "With", "Stands", "Way", "Arrival", "Late since", "Mode", "Doubtful", "Last passed"]


class BoardSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None."""


class Board:
    """The page `convoys`."""

    name = "convoys"
    title = "Convoys: the watch board"
    settings = BoardSettings

    async def show(self, context: Context, ask: PageAsk) -> PageData:
        """Late convoys first; those in threat mode with nothing live."""
        found = await context.convoys.expected()
        late = [one for one in found if one.late_since]
        return PageData(
            title=self.title,
            figures=[
                Figure(label="announced", value=str(sum(one.stand == "announced" for one in found))),
                Figure(label="under way", value=str(sum(one.stand == "under-way" for one in found))),
                Figure(label="late", value=str(len(late))),
                Figure(label="doubtful", value=str(sum(one.doubtful for one in found))),
            ],
            tables=[Table(headers=HEADERS, rows=[_row(one) for one in found[:2000]])],
        )


def _row(one: Expected) -> list[str]:
    mark = "EXERCISE " if one.exercise else ""
    return [
        one.convoy[:8],
        f"{mark}{one.consignment}",
        one.other,
        one.stand,
        " ".join((*one.countries, *one.crossings))[:2000],
        one.arrival,
        one.late_since,
        _mode(one),
        str(one.doubtful or ""),
        one.passed[-1] if one.passed else "",
    ]


def _mode(one: Expected) -> str:
    parts = ["THREAT: late and coarse"] if one.threat else []
    parts += ["curfew or air alert now"] if one.closed else []
    return "; ".join([*parts, *(f"curfew {hours}" for hours in one.curfew)])
