"""Leaving without a green light: only where the way of the consignment asks for no clearance, as far as it is known."""

from datetime import UTC, datetime

from xstock_node.domain.reasons import sentence
from xstock_node.domain.steps import Body, Dispatch
from xstock_node.services import paper_reading
from xstock_node.services.documents import library
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.services.paper_sources import destination_country, way_of


async def check(office: Office, case: str, step: Body) -> None:
    """Raise Refusal where a dispatch says that it needs no clearance (`free`), and its way says otherwise."""
    if not isinstance(step, Dispatch) or not step.free:
        return
    sources = await paper_reading.read(office, case)
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date()
    way = way_of(sources, step.consignment, library.customs_facts(), library.choice(), today)
    if way.corridor is None:
        why = "; ".join(sentence(note) for note in way.notes)
        raise Refusal("way-unknown", "a way that is known from end to end", why, "stage it with its countries")
    if len(set(way.countries)) > 1 and any(note.code == "way_assumed" for note in way.notes):
        countries = " ".join(way.countries)
        do = f"stage {step.consignment} with every country on its way: --field 'countries=[...]'"
        raise Refusal("way-unknown", "the countries of the way", f"both ends alone: {countries}", do)
    ends = (sources.supplier.country, destination_country(sources))
    named = (way.countries[0], way.countries[-1])
    if any(end not in ("", paper_reading.NOWHERE, said) for end, said in zip(ends, named, strict=True)):
        do = f"stage {step.consignment} with every country on its way, both ends among them"
        raise Refusal("way-unknown", f"a way from {ends[0]} to {ends[1]}", " ".join(way.countries), do)
    status = sources.operation.consignments.get(step.consignment)
    staged = status.stage.crossings if status and status.stage else ()
    if step.crossing and step.crossing not in staged:
        do = "stage it anew with its road: what leaves is judged by what was staged"
        raise Refusal("way-unknown", f"a staged crossing: {', '.join(staged) or 'none is'}", step.crossing, do)
    if way.corridor.clearance_needed:
        why = "; ".join(sentence(reason) for reason in way.corridor.clearance_why)
        raise Refusal("clearance-needed", "a green light of the receiving side", why, "ask it for one; then dispatch")
