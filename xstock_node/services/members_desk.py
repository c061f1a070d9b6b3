"""The node's desk of members for plugins: applications come in by it, and what others may know goes out."""

import msgspec

from xstock_node.domain.towns import Town, TownApplication
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
)
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.public_figures import Lines, public_figures, sight_of
from xstock_node.services.town_needs import ask_for
from xstock_node.services.towns import TownRef, let_go, take_application, town_of_key


class NodeMembers:
    """The `Members` of a plugin's context: what comes by it is taken in under the plugin's name."""

    def __init__(self, office: Office, lines: Lines, plugin: str) -> None:
        self._office, self._lines, self._actor = office, lines, Actor("plugin", plugin)

    async def apply(self, application: TownApplication) -> ApplicationReceipt:
        """See `Members.apply`."""
        try:
            said = msgspec.convert(msgspec.to_builtins(application), TownApplication)
            id_, known = await take_application(self._office, self._actor, said)
        except msgspec.ValidationError as error:
            raise Declined(f"expected an application in order; came another: {error}") from None
        except Refusal as error:
            raise Declined(f"expected {error.expected}; came {error.came}; {error.do}") from None
        return ApplicationReceipt(id=id_, known=known)

    async def public(self, ask: PublicAsk) -> PublicFigures:
        """See `Members.public`."""
        return await public_figures(self._office, self._lines, ask)

    async def sight(self, ask: SightAsk) -> Sight:
        """See `Members.sight`."""
        return await sight_of(self._office, self._lines, await self._town(ask.key))

    async def ask(self, need: TownNeed) -> NeedTold:
        """See `Members.ask`."""
        try:
            said = msgspec.convert(msgspec.to_builtins(need), TownNeed)
            return await ask_for(self._office, self._actor, await self._town(said.key), said)
        except msgspec.ValidationError as error:
            raise Declined(f"expected a need in order; came another: {error}") from None
        except Refusal as error:
            raise Declined(f"expected {error.expected}; came {error.came}; {error.do}") from None

    async def leave(self, ask: SightAsk) -> Left:
        """See `Members.leave`."""
        town = await self._town(ask.key)
        await let_go(self._office, self._actor, TownRef(id=town.id))
        return Left(id=town.id)

    async def _town(self, key: str) -> Town:
        now = self._office.node.clock.now()
        found = await self._office.node.engine.read(lambda tx: town_of_key(tx, key, now))
        if found is None:
            raise Declined("expected the key of a sponsored town; came another; ask your sponsor for a new one")
        return found
