"""What strangers and towns without a node may know of this node and its network: aggregates, warnings of an area."""

from typing import Final

from xstock_node.domain import arrivals, towns
from xstock_node.domain.code_words import CATEGORY
from xstock_node.domain.search import OfferQuery
from xstock_node.domain.towns import OfferLine, Town
from xstock_node.domain.unneeded import Unneeded as Said
from xstock_node.domain.warning_reach import Here
from xstock_node.i18n import catalogue, is_spoken
from xstock_node.plugins.members import PublicAsk, PublicFigures, Sight, Unneeded
from xstock_node.protocol.records import Offer, interpret
from xstock_node.services import unneeded
from xstock_node.services.alerts_held import here_of
from xstock_node.services.arrivals import ARRIVALS
from xstock_node.services.offer_views import figure
from xstock_node.services.office import Office
from xstock_node.services.town_needs import needs_of
from xstock_node.services.towns import TOWNS
from xstock_node.services.warnings_told import told
from xstock_node.storage.interfaces import Transaction

PAGE: Final = 1000
MOST: Final = 20_000
SECONDS: Final = 60.0
"""How long the aggregates of offers are told again without a new look at them: strangers may ask at any rate."""
FIGURES_SECONDS: Final = 2.0
"""The same of all that the public reads, warnings among it."""
ASKS: Final = 64


class Lines:
    """The live offers that all members may see, as aggregates need them; audiences are left out.

    Beside them what the public was told last, by languages.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._held: tuple[OfferLine, ...] = ()
        self._at: float | None = None
        self._figures: dict[tuple[str, ...], tuple[float, PublicFigures]] = {}

    def told(self, languages: tuple[str, ...]) -> PublicFigures | None:
        """What the public was told in these languages a moment ago, if it was."""
        at, found = self._figures.get(languages, (0.0, None))
        return found if self._office.node.clock.steady() - at < FIGURES_SECONDS else None

    def tell(self, languages: tuple[str, ...], figures: PublicFigures) -> None:
        """Remember what the public was told."""
        while len(self._figures) >= ASKS:
            self._figures.pop(next(iter(self._figures)))
        self._figures[languages] = self._office.node.clock.steady(), figures

    def forget(self) -> None:
        """Look at everything anew at the next question."""
        self._at = None
        self._figures.clear()

    async def read(self) -> tuple[OfferLine, ...]:
        """The lines, at most a minute old."""
        steady = self._office.node.clock.steady()
        if self._at is None or steady - self._at >= SECONDS:
            self._held, self._at = await self._office.node.engine.read(self._all), steady
        return self._held

    def _all(self, tx: Transaction) -> tuple[OfferLine, ...]:
        found: list[OfferLine] = []
        for skip in range(0, MOST, PAGE):
            query = OfferQuery(
                log=self._office.node.log.log, valid_after=self._office.node.clock.now(), limit=PAGE, skip=skip
            )
            stored = tx.offers.search(query)
            for one in stored:
                offer = interpret(one.line)
                if isinstance(offer, Offer) and self._offers(one.log.node):
                    found.append(OfferLine(offer.item, offer.cat, offer.cc, offer.unit, figure(offer.qty)))
            if len(stored) < PAGE:
                break
        return tuple(found)

    def _offers(self, name: str) -> bool:
        """Whether a node's offers may be told: it is a member, and no observer (xs1 14.10)."""
        standing = self._office.node.home.membership.standing(name)
        return standing is not None and standing.is_member and standing.tier != "observer"


async def public_figures(office: Office, lines: Lines, ask: PublicAsk) -> PublicFigures:
    """What the public may know, by the node's own area; at most two seconds old."""
    languages = ask.languages or office.settings.languages
    if (found := lines.told(languages)) is not None:
        return found
    offers, node, now = await lines.read(), office.node, office.node.clock.now()
    spoken = next((one for one in languages if one == "en" or is_spoken(one)), "en")
    standings = node.home.membership.standings().values()

    def work(tx: Transaction) -> PublicFigures:
        return PublicFigures(
            organisation=node.identity.title(),
            network=node.home.name,
            country=office.settings.country,
            exercise=node.log.is_exercise,
            members=sum(one.is_member for one in standings),
            towns=sum(one.state == "sponsored" and now < one.until for one in TOWNS.list(tx)),
            shares=towns.shares(offers),
            warnings=told(office, tx, here_of(office), languages, every=False),
            arrivals=arrivals.cells(ARRIVALS.list(tx)),
            unneeded=_unneeded(unneeded.held(tx), spoken),
            categories={code: catalogue(spoken).gettext(word) for code, word in CATEGORY.items()},
        )

    made = await node.engine.read(work)
    lines.tell(languages, made)
    return made


def _unneeded(said: Said, language: str) -> Unneeded:
    found = unneeded.text_in(said, language)
    return Unneeded(language=language, lines=tuple(found.lines), instead=found.instead)


async def sight_of(office: Office, lines: Lines, town: Town) -> Sight:
    """What a sponsored town may see."""
    said, offers = town.said, await lines.read() if town.tier == "town" else ()
    catalogue = await office.catalogue()
    language, here = said.languages[0], Here(countries=(), areas=said.areas)

    def named(code: str) -> str:
        return catalogue.name(code, language) if code in catalogue else code

    def work(tx: Transaction) -> Sight:
        return Sight(
            id=town.id,
            name=said.name,
            tier="town" if town.tier == "town" else "observer",
            until=town.until,
            languages=said.languages,
            warnings=told(office, tx, here, said.languages, every=True),
            offered=tuple(
                towns.Offered(named(one.item), one.country, one.unit, one.least, one.below)
                for one in towns.offered(offers, towns.countries_of(said))
            ),
            needs=needs_of(tx, town.id),
        )

    return await office.node.engine.read(work)
