"""What a disaster did: counters in the manner of the monitor of the Sendai framework, noted by area, day and source.

A later note revises an earlier one counter by counter, and the earlier one stays as history. A counter that is None was
said to be unknown, one that is missing was not spoken of; neither is 0.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.domain.arrivals import LEAST
from xstock_node.protocol import limits

What = Literal["people", "things", "money"]


class Counter(NamedTuple):
    """A counter: its indicator (A/71/644; counts, not rates), what it counts, its HXL hashtag, its title."""

    name: str
    indicator: str
    what: What
    hxl: str
    title: str


COUNTERS: Final = (
    Counter("deaths", "A-2", "people", "#affected+killed", "Deaths"),
    Counter("missing", "A-3", "people", "#affected+missing", "Missing persons"),
    Counter("injured", "B-2", "people", "#affected+injured", "Injured or ill people"),
    Counter("people_damaged", "B-3", "people", "#affected+dwelling+damaged", "People whose dwellings were damaged"),
    Counter("dwellings_damaged", "B-3a", "things", "#impact+dwelling+damaged", "Dwellings damaged"),
    Counter(
        "people_destroyed", "B-4", "people", "#affected+dwelling+destroyed", "People whose dwellings were destroyed"
    ),
    Counter("dwellings_destroyed", "B-4a", "things", "#impact+dwelling+destroyed", "Dwellings destroyed"),
    Counter("livelihoods", "B-5", "people", "#affected+livelihood", "People whose livelihoods were disrupted"),
    Counter("loss", "C-1", "money", "#value+loss", "Direct economic loss"),
    Counter("loss_agriculture", "C-2", "money", "#value+loss+agriculture", "Loss in agriculture"),
    Counter("loss_assets", "C-3", "money", "#value+loss+assets", "Loss of other productive assets"),
    Counter("loss_housing", "C-4", "money", "#value+loss+housing", "Loss in housing"),
    Counter("loss_infrastructure", "C-5", "money", "#value+loss+infrastructure", "Loss of critical infrastructure"),
    Counter("loss_heritage", "C-6", "money", "#value+loss+heritage", "Loss of cultural heritage"),
    Counter("health_facilities", "D-2", "things", "#impact+facility+health", "Health facilities hit"),
    Counter("schools", "D-3", "things", "#impact+facility+education", "Educational facilities hit"),
    Counter("infrastructure", "D-4", "things", "#impact+facility+other", "Other critical infrastructure hit"),
    Counter("education_disrupted", "D-6", "things", "#impact+service+education", "Disruptions to education"),
    Counter("health_disrupted", "D-7", "things", "#impact+service+health", "Disruptions to health services"),
    Counter("services_disrupted", "D-8", "things", "#impact+service+other", "Disruptions to other basic services"),
)
BY_NAME: Final[Mapping[str, Counter]] = {one.name: one for one in COUNTERS}

Event = Annotated[str, Meta(pattern=r"^[A-Z0-9][A-Z0-9./-]{0,39}(?!\n)$")]
"""A GLIDE number, or a number of the own register."""
Area = Annotated[str, Meta(pattern=r"^[A-Z]{2}[A-Z0-9-]{0,18}(?!\n)$")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
Text = Annotated[str, Meta(max_length=limits.IMPACT_TEXT)]
Currency = Annotated[str, Meta(pattern=r"^([A-Z]{3})?(?!\n)$")]
Figures = Annotated[dict[str, Decimal | None], Meta(min_length=1, max_length=len(COUNTERS))]


class ImpactNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a source said on a day of one area: `figures` by name of the counter, None where it said that it is unknown.

    `currency` is that of the losses (ISO 4217). Titles and names of areas are in whatever script people write.
    """

    event: Event
    area: Area
    date: Day
    source: Annotated[str, Meta(min_length=1, max_length=limits.IMPACT_TEXT)]
    figures: Figures
    title: Text = ""
    area_name: Text = ""
    currency: Currency = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One counter of one area as it stands: the figure, None where unknown, and from which note it is.

    `hidden`: it is a count of fewer than ten people, and is told without its figure.
    """

    area: str
    area_name: str
    counter: str
    figure: Decimal | None
    date: str
    source: str
    currency: str
    hidden: bool = False


def objection(note: ImpactNote) -> str:
    """What is wrong with a note, or nothing: `expected ...; came ...`."""
    try:
        date.fromisoformat(note.date)
    except ValueError:
        return f"expected a day, such as 2027-03-28; came {note.date}"
    for name, figure in note.figures.items():
        counter = BY_NAME.get(name)
        if counter is None:
            return f"expected counters of {', '.join(BY_NAME)}; came {name[:40]}"
        if figure is None:
            continue
        if not figure.is_finite() or figure < 0 or figure >= Decimal(10) ** 15:
            return f"expected {name} from 0 to below 10^15; came {str(figure)[:40]}"
        if counter.what != "money" and figure % 1:
            return f"expected {name} as a whole number; came {figure}"
        if figure != round(figure, 2):
            return f"expected {name} with at most two places; came {str(figure)[:40]}"
        if counter.what == "money" and not note.currency:
            return f"expected the currency of {name}; came none"
    return ""


def standing(notes: Iterable[ImpactNote]) -> tuple[Standing, ...]:
    """The counters as they stand, by area and in their order; of two notes of one day the later in `notes` holds."""
    found: dict[tuple[str, str], Standing] = {}
    names: dict[str, str] = {}
    for note in sorted(notes, key=lambda one: one.date):
        names[note.area] = note.area_name or names.get(note.area, "")
        for name, figure in note.figures.items():
            money = BY_NAME[name].what == "money"
            found[note.area, name] = Standing(
                area=note.area,
                area_name="",
                counter=name,
                figure=figure,
                date=note.date,
                source=note.source,
                currency=note.currency if money else "",
            )
    order = {one.name: n for n, one in enumerate(COUNTERS)}
    keys = sorted(found, key=lambda key: (key[0], order[key[1]]))
    return tuple(msgspec.structs.replace(found[key], area_name=names[key[0]]) for key in keys)


def without_small(counters: Iterable[Standing]) -> tuple[Standing, ...]:
    """The same as it may leave the node: counts of 1 to 9 people have no figure; that nobody was hit may be told."""
    return tuple(
        msgspec.structs.replace(one, figure=None, hidden=True)
        if BY_NAME[one.counter].what == "people" and one.figure is not None and 0 < one.figure < LEAST
        else one
        for one in counters
    )
