"""A desk of members without any node: it keeps applications, and tells figures that a test sets."""

from xstock_node.domain.arrivals import ArrivalCell
from xstock_node.domain.towns import Offered, Share, TownApplication
from xstock_node.plugins.errors import Declined
from xstock_node.plugins.members import (
    ApplicationReceipt,
    Left,
    NeedTold,
    PublicAsk,
    PublicFigures,
    Sight,
    SightAsk,
    TownNeed,
    WarningTold,
)

KEY = "a key of these checks"
WARNING = WarningTold(
    id="abc.0",
    sent=1_799_990_000,
    event="Наводнение",
    headline="Дунав се покачва",
    instruction="Стойте далеч от реката.",
    areas=("Видин",),
    language="bg",
    fallback=False,
    unsure=False,
    level="orange",
    begins=0,
    ends=1_900_000_000,
    source="Център",
)
FIGURES = PublicFigures(
    organisation="Red Cross",
    network="see",
    country="BG",
    exercise=False,
    members=6,
    towns=1,
    shares=(Share("shelter", 4),),
    warnings=(WARNING,),
    arrivals=(ArrivalCell(area="BG311", day="2027-03-28", by="sea", people=None),),
)
SIGHT = Sight(
    id="1",
    name="Видин",
    tier="town",
    until=1_900_000_000,
    languages=("bg",),
    warnings=(WARNING,),
    offered=(Offered("палатка", "BG", "H87", "100", "200"),),
)


class LooseMembers:
    """See `Members`; one town has the key `KEY`."""

    def __init__(self) -> None:
        self.applications: list[TownApplication] = []
        self.needs: list[TownNeed] = []
        self.left = False
        self.figures = FIGURES

    async def apply(self, application: TownApplication) -> ApplicationReceipt:
        """See `Members.apply`."""
        self.applications.append(application)
        return ApplicationReceipt(id=str(len(self.applications)))

    async def public(self, ask: PublicAsk) -> PublicFigures:
        """See `Members.public`."""
        return self.figures

    async def sight(self, ask: SightAsk) -> Sight:
        """See `Members.sight`."""
        if ask.key != KEY or self.left:
            raise Declined("expected the key of a sponsored town; came another")
        return SIGHT

    async def ask(self, need: TownNeed) -> NeedTold:
        """See `Members.ask`."""
        await self.sight(SightAsk(key=need.key))
        self.needs.append(need)
        return NeedTold(
            id=str(len(self.needs)), at=1_800_000_000, category=need.category, people=need.people, state="open"
        )

    async def leave(self, ask: SightAsk) -> Left:
        """See `Members.leave`."""
        await self.sight(ask)
        self.left = True
        return Left(id=SIGHT.id)
