"""The desk `convoys` of plugins: passages in, the watch board out."""

from xstock_node.plugins.convoys import Expected, Noted, Passage
from xstock_node.plugins.errors import Declined
from xstock_node.services.convoy_desk import ConvoyView, list_convoys
from xstock_node.services.convoys import by_word
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Actor, Office
from xstock_node.services.passing import Sighting, note_sighting


class NodeConvoys:
    """The `Convoys` of a plugin's context."""

    def __init__(self, office: Office, plugin: str) -> None:
        self._office, self._actor = office, Actor("plugin", plugin)

    async def expected(self) -> tuple[Expected, ...]:
        """See `Convoys.expected`."""
        return tuple(_expected(one) for one in await list_convoys(self._office, OPERATOR))

    async def find(self, code: str) -> bool:
        """See `Convoys.find`."""
        found = await self._office.node.engine.read(lambda tx: by_word(self._office, tx, code))
        return found is not None and found.code == code

    async def passed(self, passage: Passage) -> Noted:
        """See `Convoys.passed`."""
        seen = Sighting(
            convoy=passage.convoy,
            place=passage.place,
            country=passage.country,
            at=passage.at,
            source=passage.source,
            event=passage.event,
            sure=passage.sure,
        )
        try:
            noted = await note_sighting(self._office, self._actor, seen)
        except Refusal as error:
            raise Declined(f"{error.code}: expected {error.expected}; came {error.came}; {error.do}") from None
        return Noted(id=noted.id, state=noted.state, known=noted.known)


def _expected(one: ConvoyView) -> Expected:
    return Expected(
        convoy=one.id,
        consignment=one.consignment,
        other=one.other,
        stand=one.stand,
        countries=tuple(one.countries),
        crossings=tuple(one.crossings),
        arrival=one.arrival[:10] if one.threat else one.arrival,
        late_since=one.late_since[:10] if one.threat else one.late_since,
        curfew=tuple(one.curfew),
        passed=tuple(one.passed),
        doubtful=one.doubtful,
        threat=one.threat,
        closed=one.closed,
        exercise=one.exercise,
    )
