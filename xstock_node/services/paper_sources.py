"""What papers of one operation are made from: both chains, who the parties are, what was settled, what is on file."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple, TypeVar

from xstock_node.domain import reception, steps
from xstock_node.domain.agreements import Agreement
from xstock_node.domain.corridors import Corridor, Facts, Movement, corridor
from xstock_node.domain.documents.choosing import Choice, consignment_of, goods_of
from xstock_node.domain.documents.facts import FiledPaper
from xstock_node.domain.fields import FieldError
from xstock_node.domain.items import Category, Item
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.reasons import Reason
from xstock_node.domain.reception import Goods, ReceptionProfile
from xstock_node.domain.stock import StockLine
from xstock_node.domain.terms import Terms
from xstock_node.protocol.messages import SideLine
from xstock_node.storage.values import StoredCase

B = TypeVar("B", bound=steps.Body)


class Side(NamedTuple):
    """A party: node name, the organisation's names per language, country (empty where unknown), languages."""

    node: str
    names: Mapping[str, str]
    country: str
    languages: tuple[str, ...]


class Sources(NamedTuple):
    """Everything that is known here of one operation. `side` are the side lines still kept, by hash; `stock` the own
    lines where this node is the supplier."""

    case: StoredCase
    operation: Operation
    supplier: Side
    requester: Side
    items: Mapping[str, Item]
    side: Mapping[str, SideLine]
    agreement: Agreement | None
    profile: ReceptionProfile | None
    stock: Sequence[StockLine]
    papers: tuple[FiledPaper, ...]

    @property
    def exercise(self) -> bool:
        """Whether nothing of it is real."""
        return self.case.id.startswith("x")

    @property
    def open_terms(self) -> tuple[Terms, ...]:
        """The terms that may still be chosen: those offered, else those asked for."""
        offered, asked = self.last(steps.Promise), self.last(steps.Ask)
        found = (offered.terms if offered else ()) or (asked.terms if asked else ())
        return tuple(Terms(one) for one in found)

    def last(self, kind: type[B], *verbs: str) -> B | None:
        """What the last step of this kind says, of these verbs where any are named."""
        found = [e for e in self.operation.events if isinstance(e.body, kind) and (not verbs or e.verb in verbs)]
        body = found[-1].body if found else None
        return body if isinstance(body, kind) else None

    def events(self, consignment: str) -> list[Event]:
        """The steps that speak of a consignment, and those that speak of none; all of them where it is empty."""
        every = [*self.operation.events]
        if not consignment:
            return every
        return [e for e in every if self._speaks(e) in (None, consignment)]

    def is_open(self, consignment: str) -> bool:
        """Whether some step about goods on the way does not say which of several consignments it means."""
        return bool(consignment) and any(self._speaks(e) == "" for e in self.operation.events)

    def _speaks(self, event: Event) -> str | None:
        named = getattr(event.body, "consignment", None)
        return None if named is None else consignment_of(self.operation, named)


class Way(NamedTuple):
    """The way of a consignment; `corridor` is None where it is not known, and `notes` say why and what to mind."""

    countries: tuple[str, ...]
    corridor: Corridor | None
    notes: tuple[Reason, ...]


def returned_lines(sources: Sources, consignment: str) -> list[steps.Line]:
    """The lines of a consignment that travels home with what was lent; none of one that came out."""
    if not consignment or consignment in sources.operation.consignments:
        return []
    told = [e.body for e in sources.events(consignment) if e.verb == "returned" and isinstance(e.body, steps.Movement)]
    return [line for body in told if body.consignment == consignment for line in body.lines]


def lines_on(sources: Sources, consignment: str) -> list[steps.Line]:
    """The lines of a consignment: what left, else what is staged; of the whole operation what was agreed so far."""
    operation = sources.operation
    if back := returned_lines(sources, consignment):
        return back
    if consignment:
        left = [
            line for e in sources.events(consignment) if isinstance(e.body, steps.Dispatch) for line in e.body.lines
        ]
        status = operation.consignments.get(consignment)
        staged = [line for unit in status.stage.units for line in unit.lines] if status and status.stage else []
        if left or staged:
            return left or staged
    return [*(next((f for v in ("amended", "offer", "request") if (f := operation.lines(v))), ()))]


def said_by_supplier(sources: Sources) -> Iterator[steps.Line]:
    """Every line that the supplier wrote, staged ones too, of the last step first."""
    for event in reversed(sources.operation.events):
        if event.side == "supplier":
            yield from getattr(event.body, "lines", ())
            yield from (line for unit in getattr(event.body, "units", ()) for line in unit.lines)


def way_of(sources: Sources, consignment: str, facts: Facts, choice: Choice, today: date) -> Way:
    """The way of a consignment by its staging, else straight from one end to the other; said where it is assumed."""
    status = sources.operation.consignments.get(consignment)
    stage, light = (status.stage, status.light) if status else (None, None)
    named = tuple(code for code in stage.countries if code) if stage else ()
    countries = named or tuple(dict.fromkeys((sources.supplier.country, destination_country(sources))))
    notes = [] if named else [Reason("way_assumed", {"way": " ".join(code or "?" for code in countries)})]
    if unknown := [code or "?" for code in countries if code not in facts.countries]:
        return Way(countries, None, (*notes, Reason("way_country", {"countries": ", ".join(unknown)})))
    terms = single_terms(sources)
    if terms is None:
        return Way(countries, None, (*notes, Reason("terms_unknown")))
    items = [sources.items[line.item] for line in lines_on(sources, consignment) if line.item in sources.items]
    goods = goods_of(items, choice)
    if any(item.category is Category.FOOD for item in items):
        notes.append(Reason("food_class"))
    profile = sources.profile if sources.profile and sources.profile.country == countries[-1] else None
    spoken = sources.supplier.languages or ("en",)
    try:
        movement = Movement(
            countries=countries, terms=terms, handling=goods.handling, kinds=goods.kinds, sender_languages=spoken
        )
        found = corridor(movement, facts, today, profile)
    except FieldError as error:
        return Way(countries, None, (*notes, Reason("way_unknown", {"why": str(error)})))
    notes += found.stale(today)
    if profile is None:
        return Way(countries, found, (*notes, Reason("no_profile", {"country": countries[-1]})))
    entry = (light.entry or light.crossing if light else "") or (
        stage.crossings[-1] if stage and stage.crossings else ""
    )
    arriving = Goods(handling=goods.handling, items=tuple(item.code for item in items), kinds=goods.kinds)
    notes += reception.objections(profile, arriving, terms, today, entry=entry or None, regime=found.out[-1].regime)
    notes += reception.notices(profile, today)
    return Way(countries, found, tuple(notes))


def single_terms(sources: Sources) -> Terms | None:
    """The terms that count: those chosen, or the only ones that may be."""
    if sources.operation.terms:
        return Terms(sources.operation.terms)
    return sources.open_terms[0] if len(sources.open_terms) == 1 else None


def destination_country(sources: Sources) -> str:
    """Where the goods go: by the acceptance, the request, or the requester's own country; empty where unknown."""
    accepted, asked = sources.last(steps.Accept), sources.last(steps.Ask)
    said = (accepted.country if accepted else "") or (asked.country if asked else "")
    return said or sources.requester.country


def at(unix: int) -> datetime | None:
    """An aware time, None where nothing was said."""
    return datetime.fromtimestamp(unix, UTC) if unix else None
