"""What may leave: without a green light where the way asks for none; with one, what the receiving country takes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from xstock_node.domain.documents.choosing import goods_of
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.reception import Goods, ReceptionProfile, objections
from xstock_node.domain.steps import Body, Dispatch, GreenLight, Permit
from xstock_node.services import paper_reading
from xstock_node.services.documents import library
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.services.paper_sources import Sources, destination_country, lines_on, single_terms, way_of


async def check(office: Office, case: str, verb: str, step: Body) -> None:
    """Raise Refusal for a dispatch or a green light that the way or the receiving country forbids, as far as is known.

    A dispatch that says it needs no clearance (`free`) is judged by its way, any other by what was staged; a green
    light by the reception profile of the country of arrival, unless its `note` says why the goods come in all the same.
    """
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date()
    if isinstance(step, Dispatch) and step.free:
        _free(await paper_reading.read(office, case), step, today)
    elif isinstance(step, Dispatch):
        _as_staged(await paper_reading.read(office, case), step)
    elif isinstance(step, GreenLight) and verb == "green-light" and not step.note:
        _let_in(await paper_reading.read(office, case), step, today)


def _as_staged(sources: Sources, step: Dispatch) -> None:
    """A green light was given for what was staged: other goods do not leave under it."""
    status = sources.operation.consignments.get(step.consignment)
    staged = {line.item for unit in status.stage.units for line in unit.lines} if status and status.stage else set()
    other = sorted({line.item for line in step.lines} - staged)
    if staged and other:
        do = "stage it anew with all its goods, and ask for a green light for them"
        raise Refusal("not-staged", f"what {step.consignment} was staged with", ", ".join(other), do)


def _let_in(sources: Sources, light: GreenLight, today: date) -> None:
    """What the own reception profile says against the goods, the entry and the permissions of a green light."""
    profile, terms = sources.profile, single_terms(sources)
    if profile is None or terms is None:
        return
    codes = tuple(dict.fromkeys(line.item for line in lines_on(sources, light.consignment)))
    known = goods_of([sources.items[code] for code in codes if code in sources.items], library.choice())
    against = []
    unknown = ", ".join(code for code in codes if code not in sources.items)
    if unknown and any(one.handling or one.kind for one in profile.restrictions):
        against.append(Reason("class_unknown", {"goods": unknown, "country": profile.country}))
    goods = Goods(handling=known.handling, items=codes, kinds=known.kinds, permissions=_given(profile, light.permits))
    against += objections(profile, goods, terms, today, entry=_entry(profile, light))
    if against:
        why = "; ".join(dict.fromkeys(sentence(reason) for reason in against))
        do = "name the permit that is missing or another entry; or say in `note` why it comes in all the same"
        raise Refusal("border-objects", f"what the reception profile of {profile.country} lets in", why, do)


def _entry(profile: ReceptionProfile, light: GreenLight) -> str | None:
    """Where the goods enter: by its code, or by the name of a crossing."""
    named = light.entry or light.crossing
    return next((one.code for one in profile.entry_points if named in (one.code, one.name)), named) or None


def _given(profile: ReceptionProfile, permits: Sequence[Permit]) -> tuple[str, ...]:
    """The permissions that there are, with a number: by their names, or as the only one that their authority gives."""
    wanted: dict[str | None, set[str]] = {}
    for one in profile.restrictions:
        if one.permission:
            wanted.setdefault(one.authority, set()).add(one.permission)
    found = {permit.permission for permit in permits if permit.number}
    for permit in permits:
        of_authority = wanted.get(permit.authority, set())
        if permit.number and not permit.permission and len(of_authority) == 1:
            found |= of_authority
    return tuple(sorted(found))


def _free(sources: Sources, step: Dispatch, today: date) -> None:
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
