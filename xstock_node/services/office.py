"""The office: one node's own side of the work (stock, offers, questions) and who is asking.

Every act takes an `Actor`; what changes something is written to the list of acts in the same transaction.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from xstock_node.domain.alerts import Point
from xstock_node.domain.catalogue import Catalogue, parse_catalogue
from xstock_node.domain.items import Item
from xstock_node.domain.rights import Grant
from xstock_node.domain.share_rules import ShareRules
from xstock_node.plugins.host import PluginHost
from xstock_node.services.changes import Changes
from xstock_node.services.door import Door
from xstock_node.services.looked import Looked
from xstock_node.services.node import Node
from xstock_node.services.once import Once
from xstock_node.services.plugin_context import NodeWays
from xstock_node.services.remembering import Moment, Remembered
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Act

MEASURED_SECONDS = 5.0
CATALOGUE_FILE = Path(__file__).parent.parent / "domain" / "data" / "catalogue.toml"


class Actor(NamedTuple):
    """Who acts: a name, and the road by which the person or program came.

    `grants` of a person, narrowed by the `scope` of its token; None for the operator, who holds every right. `off`
    says why some grants do not hold now;
    `once` is the key under which something is asked, so that asking again does not do it again. `by`: on whose word the
    actor is known here, empty for the actor's own or the operator's. `fresh`: who signed in at the console just now,
    by what stands on no paper.
    """

    name: str
    road: str
    grants: tuple[Grant, ...] | None = None
    scope: frozenset[str] = frozenset()
    off: str = ""
    once: Once | None = None
    by: str = ""
    fresh: bool = False

    def at(self, site: str) -> "Actor":
        """The actor with the grants that hold at a site, as if it were the whole organisation; "" is all of it."""
        if self.grants is None:
            return self
        held = [g for g in self.grants if not g.sites or (site and site in g.sites)]
        return self._replace(grants=tuple(msgspec.structs.replace(g, sites=()) for g in held))

    @property
    def described(self) -> str:
        """The name, and why not all of its rights hold now."""
        return f"{self.name}, {self.off}" if self.off else self.name

    def __str__(self) -> str:
        return f"{self.name} by {self.road}"


OPERATOR = Actor("operator", "socket")


class Thresholds(NamedTuple):
    """Above which a second person approves an offer: percent of the own stock of an item, a value in `currency`, or
    `pieces` of an item by its code; `unknown_value`: also where a value is not known. `ask_value` (0: none) and
    `ask_pieces` are those of requests.
    """

    percent: Decimal = Decimal(10)
    value: Decimal = Decimal(25_000)
    currency: str = "EUR"
    pieces: Mapping[str, Decimal] = MappingProxyType({})
    unknown_value: bool = False
    ask_value: Decimal = Decimal(0)
    ask_pieces: Mapping[str, Decimal] = MappingProxyType({})


class Drop(NamedTuple):
    """A folder, the source whose newest list its files are, and what their rows are (`stock` or `minimums`)."""

    folder: Path
    source: str
    kind: str


class AlertRules(NamedTuple):
    """Which warnings touch us (`countries` None: the node's own), the least rank that opens a draft and the least for
    which people are called (3 red ... 0 green), hours that a warning without an end lasts.
    """

    countries: tuple[str, ...] | None = None
    areas: tuple[str, ...] = ()
    point: Point | None = None
    least: int = 2
    call: int = 2
    hours: int = 24


class Pool(NamedTuple):
    """A common arrangement under which stock is held for all, and who decides on its release."""

    name: str
    decides: str


class OfficeSettings(NamedTuple):
    """What the configuration says about stock and offers; `at` is a coarse place in microdegrees.

    `banded` are codes and categories that all members see as bands, `exact_to` the audience that sees their figures;
    `audiences` names and tiers by label; `pools` are the arrangements that items by their code are
    held under; `gs1_prefix` begins the numbers of own handling units;
    after `escalate_minutes` the next people are told of what nobody took; `stand_down` is `ask` or `auto`;
    `drops` are folders for lists; `alerts` says which public warnings matter;
    `public_plain` is where the public port listens to others without TLS; `console` the address of the console, without
    a slash at its end, empty where it is not served; `certificates` are the PEM files of our ports, by port;
    `keep_days` is how long kinds of data are kept; `engine` keeps the database.
    """

    country: str = "XX"
    engine: str = "sqlite"
    languages: tuple[str, ...] = ("en",)
    place: str = ""
    at: tuple[int, int] | None = None
    terms: tuple[str, ...] = ("loan",)
    ready_hours: int = 48
    lease_days: int = 30
    rules: ShareRules = ShareRules()
    banded: tuple[str, ...] = ()
    pools: Mapping[str, Pool] = MappingProxyType({})
    exact_to: str = ""
    audiences: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType({})
    second_person: Thresholds = Thresholds()
    gs1_prefix: str = ""
    escalate_minutes: int = 15
    stand_down: str = "ask"
    drops: tuple[Drop, ...] = ()
    alerts: AlertRules = AlertRules()
    public_plain: str = ""
    console: str = ""
    certificates: tuple[tuple[str, Path], ...] = ()
    keep_days: Mapping[str, int] = MappingProxyType({})


class Office:
    """A node together with its settings, plugins and catalogue. `home` is the data folder."""

    def __init__(self, node: Node, settings: OfficeSettings, host: PluginHost, home: Path) -> None:
        self.node, self.settings, self.host, self.home = node, settings, host, home
        self.ways = NodeWays(node)
        host.attach(self.ways, home)
        self.changes = Changes()
        self.remembered = Remembered(node.clock.steady)
        self.measured = Moment(node.clock.steady, MEASURED_SECONDS)
        self.door = Door(node.random)
        self.looked = Looked()
        self._catalogue: Catalogue | None = None

    async def catalogue(self) -> Catalogue:
        """The default catalogue under the operator's own items."""
        if self._catalogue is None:
            own = await self.node.engine.read(lambda tx: tx.stock.catalogue_items())
            self._catalogue = default_catalogue().overlay(msgspec.json.decode(raw, type=Item) for raw in own)
        return self._catalogue

    def forget_catalogue(self) -> None:
        """Read the catalogue again at the next question."""
        self._catalogue = None

    def record(self, tx: Transaction, actor: Actor, verb: str, subject: str, detail: str = "") -> None:
        """Write an act down, in the transaction that does it."""
        tx.acts.add(Act(self.node.clock.now(), str(actor), verb, subject, detail))


def default_catalogue() -> Catalogue:
    """The catalogue that ships with the node."""
    return parse_catalogue(CATALOGUE_FILE.read_bytes())
