"""The play in memory: all ask at once; one loses its line, one its disk, one is on a satellite."""

from decimal import Decimal

from xstock_node.services.requesting import NewRequest
from xstock_node.testing.exercise.stage import Stage
from xstock_node.testing.exercise.story import Story, line_of


class Play(Story):
    """The story on a stage in memory: hour by hour, in the order of the file."""

    stage: Stage

    async def run(self) -> None:
        """From the forecast to the hand-over."""
        stage = self.stage
        await self._stock()
        backup = await stage.copy("MK")
        await stage.hour(-30)
        standby = await self._standby()
        await stage.hour(0.25)
        await self._ask()
        await stage.hour(1.0)
        stage.net.cut(stage.names["ME"])
        self._tell("ME has no line")
        await stage.hour(1.5)
        await stage.restore("MK", backup)
        self._tell("MK is restored from an old back-up")
        await stage.hour(2.0)
        stage.slow.add("RS")
        await stage.hour(3.0)
        if standby:
            await stage.step("AT", standby, "withdraw", reason="taken-by-the-request")
        await self._offer()
        await self._accept()
        await stage.hour(5.0)
        await self._wet()
        await stage.hour(9.0)
        stage.net.heal()
        await stage.sync("ME")
        self._tell("ME has its line again")
        await stage.hour(10.0)
        self._renew()
        await self._offer()
        await self._accept()
        await stage.hour(18.0)
        await self._move()
        await stage.hour(30.0)
        stage.slow.discard("RS")
        await stage.hour(44.0)
        await stage.hour(48.0)

    async def _ask(self) -> None:
        """Six requests within minutes: one for each kind of terms."""
        for code, terms, needs in self._groups():
            await self._ask_for(code, terms, needs)

    async def _offer(self) -> None:
        for deal in self.deals:
            await self._offer_for(deal)

    async def _accept(self) -> None:
        for deal in self.deals:
            await self._accept_of(deal)

    async def _stock(self) -> None:
        """Every desk offers its position, nothing more."""
        for code in self.stage.names:
            for position in self.file.standing(code).positions:
                if position.offerable > 0:
                    key = code, position.item
                    self.offers[key] = await self.stage.publish(code, position.item, position.offerable)
        await self.stage.net.settle()

    async def _standby(self) -> str:
        """A forecast without lines; Austria holds tents for Serbia."""
        made = await self.stage.ask("RS", NewRequest(to=[self.stage.names["AT"]], notify=True, event="EX-2027"))
        case = made.operations[0].case
        tent = next((i for c, i in self.offers if c == "AT" and i.startswith("tent")), "")
        if not tent:
            return ""
        if not await self.stage.holds("AT", case, "notify"):
            return ""
        lines = [line_of(tent, Decimal(200), "H87")]
        await self.stage.step("AT", case, "standby", lines=lines, hold_until=self.stage.unix("AT", 48))
        return case

    async def _wet(self) -> None:
        """Wet bales: the offer shrinks; what is promised above it is at risk and shown, never cancelled."""
        for event in self.file.raw["timeline"]:
            if event["kind"] != "wet_stock":
                continue
            code, item = event["node"], event["data"]["item"]
            before = self.file.standing(code).of(item)
            if before is None or (code, item) not in self.offers:
                continue
            damaged = Decimal(event["data"]["damaged"]) * Decimal("0.9")
            await self.stage.publish(code, item, before.offerable - damaged, self.offers[code, item])
            await self.stage.watch()
            self.at_risk.append(f"{code} {item}")

    async def _move(self) -> None:
        """Every binding operation moves: staged, cleared, sent, counted; one lot has damage, a dispute and its end."""
        damage = True
        for deal in [d for d in self.deals if d.case in self.bound_at]:
            tents = any(f.item.startswith("tent") and f.quantity >= 40 for f in deal.flows)
            await self._deliver(deal, damage and tents)
            damage = damage and not tents
