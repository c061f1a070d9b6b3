"""What `doctor` finds in networks and cases: charters, root keys, forks, what waits and what is not witnessed."""

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.commitments import NEVER
from xstock_node.domain.sums import Sums
from xstock_node.protocol import forks, limits
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.services.looked import Finding
from xstock_node.services.network import Network
from xstock_node.services.office import Office
from xstock_node.services.promises import Stock, at_risk, available, claims
from xstock_node.services.stock_bound import stock_bound
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredFork

WAITS_LONG = 3600


async def network_findings(office: Office) -> list[Finding]:
    """Everything that is not well in the networks of this node, and a line for each that is."""
    found: list[Finding] = []
    for network in office.node.networks.values():
        found += [*_charter(office, network), *_roots(office, network), *_doubted(office, network), *_restored(network)]
        found += [*await _witnesses(office, network), *await _at_risk(office, network)]
    return [*found, *await _forks(office), *await _outbox(office)]


def _charter(office: Office, network: Network) -> list[Finding]:
    held, check = network.membership.charter, f"charter {network.name}"
    if held is None:
        return []
    found = []
    days = (held.terms.expires - office.node.clock.now()) // 86_400
    if network.membership.conflicts:
        do = "telephone the governors: somebody signed two texts of one version"
        found.append(Finding(check=check, state="error", found="two texts of one version", do=do))
    if days < 30:
        state = "warning" if days >= -limits.EXPIRED_GRACE // 86_400 else "error"
        do = "governors: `xstock network charter propose`, sign, take"
        found.append(Finding(check=check, state=state, found=f"expires in {days} days", do=do))
    return found or [Finding(check=check, state="ok", found=f"version {held.version}, valid for {days} days")]


def _roots(office: Office, network: Network) -> list[Finding]:
    """Another root key for a member's name: 72 hours in which its owner may object (xs1 14.8)."""
    found = []
    for standing in network.membership.standings().values():
        if standing.next_root:
            words = f"governors vouch for another root key, from {iso(standing.next_from)} on"
            do = f"telephone {standing.name}: is this theirs? If not, it signs an identity that objects"
            found.append(Finding(check=f"root key of {standing.name}", state="error", found=words, do=do))
    for name in office.node.directory.conflicts:
        do = f"telephone {name}: its root key signed twice"
        found.append(Finding(check=f"identity of {name}", state="error", found="two texts of one version", do=do))
    return found


def _doubted(office: Office, network: Network) -> list[Finding]:
    doubted = office.node.correspondence.of(network.name).casework.doubted
    if not doubted:
        return []
    do = "wait for them, or telephone; until then nothing is promised"
    found = f"after a restore these did not tell their cases yet: {', '.join(sorted(doubted))}"
    return [Finding(check=f"cases {network.name}", state="warning", found=found, do=do)]


def _restored(network: Network) -> list[Finding]:
    """Who was removed after the copy was made is back, with every token (xs1 7.8 brings back records alone)."""
    if not network.was_restored:
        return []
    do = "look at `xstock user list`; remove anew who was removed since, then start the node again"
    found = f"people, roles and tokens are those of the copy: {network.was_restored}"
    return [Finding(check=f"people after a restore {network.name}", state="warning", found=found, do=do)]


async def _witnesses(office: Office, network: Network) -> list[Finding]:
    """Whether two nodes of other countries saw the audit log's newest head (xs1 18.5)."""
    node, log = office.node, LogName(network.shared.node, f"{network.name}.{AUDIT}")
    head = network.replicas.heads.get(log)
    if head is None or not head.size:
        return []
    rows = await node.engine.read(lambda tx: tx.witnesses.cosignatures(log))
    own = node.identity.statement.country
    abroad: dict[str, int] = {}
    for row in rows:
        known = node.directory.get(row.witness)
        if known is not None and known.statement.country != own:
            abroad[row.witness] = max(row.size, abroad.get(row.witness, 0))
    seen = sorted(abroad.values(), reverse=True)
    covered = seen[1] if len(seen) > 1 else 0
    if covered >= head.size:
        return [
            Finding(check=f"witnesses {network.name}", state="ok", found=f"{len(abroad)} saw all {head.size} leaves")
        ]
    since = max((row.at for row in rows if row.size <= covered), default=0)
    words = f"not yet witnessed by two countries since {iso(since)}" if since else "not yet witnessed by two countries"
    return [
        Finding(check=f"witnesses {network.name}", state="warning", found=words, do="peers abroad must be reachable")
    ]


def _what(fork: StoredFork) -> str:
    if forks.parse(fork.raw).shows_twins:
        return "two nodes sign with one key"
    return "two histories are signed"


async def _forks(office: Office) -> list[Finding]:
    found = await office.node.engine.read(lambda tx: tx.governance.forks())
    return [
        Finding(
            check=f"fork {fork.log}",
            state="error",
            found=f"{_what(fork)}, proved since {iso(fork.at)}",
            do=f"telephone {fork.log.node}; `xstock bundle export` carries the proof",
        )
        for fork in found
    ]


def short(office: Office, tx: Transaction, network: Network, catalogue: Catalogue) -> Sums:
    """How much of what is owed in a network is no longer there, beside what other networks claim of the same store."""
    now, own = office.node.clock.now(), office.node.identity.name
    mine = claims(tx, [network.name], own, Stock({}, NEVER), now).owed
    if not mine:
        return {}
    kept = None if network.shared.is_exercise else stock_bound(office, tx, catalogue)
    stock = available(tx, network, now) if kept is None else kept
    sharing = (
        [network.name] if kept is None else [n.name for n in office.node.networks.values() if not n.shared.is_exercise]
    )
    risk = at_risk(stock, claims(tx, sharing, own, stock, now))
    return {key: min(missing, mine[key]) for key, missing in risk.items() if key in mine}


async def _at_risk(office: Office, network: Network) -> list[Finding]:
    """Promises above what is left, because stock fell: shown to people, and never cancelled by the node."""
    catalogue = await office.catalogue()
    found = await office.node.engine.read(lambda tx: short(office, tx, network, catalogue))
    do = "telephone the requester; propose a lower quantity or another lot, or find more"
    return [
        Finding(check=f"promises {network.name}", state="error", found=f"{q} {unit} of {item} at risk", do=do)
        for (item, unit), q in found.items()
    ]


async def _outbox(office: Office) -> list[Finding]:
    now = office.node.clock.now()
    waiting = await office.node.engine.read(lambda tx: [(o, tx.cases.get(o.case)) for o in tx.cases.outbox()])
    stuck = [o for o, row in waiting if row is not None and o.tries and now - row.opened > WAITS_LONG]
    if not stuck:
        return []
    names = ", ".join(sorted({o.recipient for o in stuck}))
    do = "`xstock peer test NAME`, or carry it: `xstock bundle export --to NAME`"
    return [Finding(check="messages", state="warning", found=f"{len(stuck)} wait for {names}", do=do)]
