"""What `doctor` looks at: each check says what is well, or what is not and what to type."""

import stat
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from xstock_node.protocol import heads, limits, merkle
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import AUDIT
from xstock_node.services import accounting, house_checks
from xstock_node.services.alert_feeds import alert_findings
from xstock_node.services.dropping import drop_findings
from xstock_node.services.findings import network_findings
from xstock_node.services.looked import Finding
from xstock_node.services.message_carrying import carrier_findings
from xstock_node.services.notifying import duty_findings
from xstock_node.services.office import OPERATOR, Actor, Office
from xstock_node.services.overview import StatusView, status
from xstock_node.services.plugging import plugin_findings
from xstock_node.services.public_desk import public_findings
from xstock_node.services.source_checks import source_findings
from xstock_node.services.times import iso
from xstock_node.services.towns import town_findings
from xstock_node.services.writing_back import movement_findings
from xstock_node.storage.errors import DamagedRecord
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState

KEY_FILES = ("signing.key", "root.key")
READ_AT_ONCE = 4096


class LogVerification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the stored records of a log give the root of its signed head."""

    log: str
    records: int
    holds: bool
    why: str = ""


async def doctor(office: Office, actor: Actor, request: None = None) -> list[Finding]:
    """Everything that can be checked from here; every record that is held is hashed again."""
    return await look(office, CHECKS)


async def look(office: Office, checks: Sequence["Check"]) -> list[Finding]:
    """What these checks find; one that fails is itself a finding."""
    found = []
    for check in checks:
        try:
            findings = await check.look(office)
        except Exception as error:
            office.node.trace.error("defect", check=check.code, why=f"{type(error).__name__}: {error}")
            do = "send the node's log to the authors"
            findings = [Finding(check=check.code, state="error", found=f"it could not be looked at: {error}", do=do)]
        found += [msgspec.structs.replace(finding, code=check.code) for finding in findings]
    return found


async def _keys(office: Office) -> list[Finding]:
    return check_keys(office.home)


async def _about_node(office: Office) -> list[Finding]:
    return [_own_log(await status(office, OPERATOR))]


async def _about_clock(office: Office) -> list[Finding]:
    return [_clock(await status(office, OPERATOR))]


async def _about_identity(office: Office) -> list[Finding]:
    return [_expiring(office)]


async def _about_exercises(office: Office) -> list[Finding]:
    return _exercises(await status(office, OPERATOR))


async def _about_peers(office: Office) -> list[Finding]:
    return _peers(await status(office, OPERATOR))


async def _damaged(office: Office) -> list[Finding]:
    """Records and parts of operations that were found damaged on disk and that nobody has given again yet."""
    book, findings = office.node.damage, []
    if book.in_cases:
        found = f"{len(book.in_cases)} parts of operations, the first: {book.in_cases[0]}"
        do = "the other side gives messages again while both nodes run; what was attached is attached again"
        findings.append(Finding(check="damaged records", state="error", found=found, do=do))
    if book.known:
        log, segment = next(iter(book.known))
        log, index = book.records[0] if book.records else (log, segment * limits.SEGMENT)
        found = f"{len(book.records)}, the first: record {index} of {log}"
        do = "peers give them again while the node runs; look at the disk; `xstock db check` names all"
        findings.append(Finding(check="damaged records", state="error", found=found, do=do))
    found = f"none known; {book.healed} healed since the start"
    return findings or [Finding(check="damaged records", state="ok", found=found)]


async def _logs(office: Office) -> list[Finding]:
    logs = await verify_logs(office, OPERATOR)
    bad = [found for found in logs if not found.holds]
    if not bad:
        return [Finding(check="logs", state="ok", found=f"{len(logs)} logs give the roots of their heads")]
    do = "peers give them again while the node runs; look at the disk; `xstock db check` names all"
    return [Finding(check=f"log {found.log}", state="error", found=found.why, do=do) for found in bad]


def _exercises(view: StatusView) -> list[Finding]:
    """A line for each exercise that runs, so that nobody overlooks it."""
    do = "nothing of it is real; whoever may, ends it: `xstock exercise stop`"
    return [Finding(check=f"EXERCISE {name}", state="warning", found="it runs", do=do) for name in view.exercises]


async def verify_logs(office: Office, actor: Actor, request: None = None) -> list[LogVerification]:
    """Hash every stored record again and compare with the signed heads."""
    states = await office.node.engine.read(lambda tx: tx.logs.states())
    own = office.node.identity.name
    # Of others' audit logs only heads are held: their records are served to nobody (xs1 18.1).
    held = [s for s in states if s.head and (s.log.label != AUDIT or s.log.node == own)]
    found = [await office.node.engine.read(_verifier(office, state)) for state in held]
    return [*found, *await office.node.engine.read(lambda tx: _acts(office, tx))]


def _acts(office: Office, tx: Transaction) -> list[LogVerification]:
    """A row for the list of acts, where one is not as its hash in the audit log; none while all are."""
    wrong = accounting.unaccounted(office, tx)
    if not wrong:
        return []
    first = f"{iso(wrong[0].at)} {wrong[0].actor} {wrong[0].verb}"
    why = f"{len(wrong)} acts are not as the audit log has them, the first: {first}"
    return [LogVerification(log="acts", records=len(wrong), holds=False, why=why)]


def check_keys(home: Path) -> list[Finding]:
    """Key files that only their owner reads, and a root key that is not left here."""
    findings = []
    for name in KEY_FILES:
        path = home / "keys" / name
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            do = f"chmod 600 {path}"
            findings.append(Finding(check=name, state="error", found=f"mode {mode:o} lets others read it", do=do))
        elif name == "root.key":
            do = f"move {path} to a safe place off line; the node does not need it"
            findings.append(Finding(check=name, state="warning", found="the root key is still on this machine", do=do))
        else:
            findings.append(Finding(check=name, state="ok", found="readable by its owner alone"))
    return findings


def _own_log(view: StatusView) -> Finding:
    if view.halted:
        do = "stop one of the two nodes that sign with this key; then start the other anew"
        return Finding(check="own log", state="error", found=view.halted, do=do)
    return Finding(check="own log", state="ok", found=f"{view.records} records in epoch {view.epoch}")


def _clock(view: StatusView) -> Finding:
    """A clock that is off shows expired offers, hides new ones, and is refused by peers (xs1 9.3)."""
    ahead = view.clock_offset
    if ahead is None:
        return Finding(check="clock", state="ok", found="fewer than three peers told their time")
    behind, before = f"{ahead} s behind the median of the peers' clocks", f"{-ahead} s ahead of the peers' clocks"
    found = behind if ahead > 0 else before
    if abs(ahead) <= limits.CLOCK_JUMP:
        return Finding(check="clock", state="ok", found=found)
    do = f"set the clock (NTP): offers expire by it, and peers refuse what is more than {limits.CLOCK_WINDOW} s off"
    return Finding(check="clock", state="error" if abs(ahead) > limits.CLOCK_WINDOW else "warning", found=found, do=do)


def _expiring(office: Office) -> Finding:
    identity, now = office.node.identity, office.node.clock.now()
    days = (identity.statement.expires - now) // 86_400
    if days < 30:
        do = "sign a newer version of the identity with the root key and give it to the peers"
        return Finding(check="identity", state="warning", found=f"expires in {days} days", do=do)
    return Finding(check="identity", state="ok", found=f"version {identity.version}, valid for {days} days")


def _peers(view: StatusView) -> list[Finding]:
    if not view.peers:
        do = "put identities of peers under [[peer]] in config.toml"
        return [Finding(check="peers", state="warning", found="no peer is pinned", do=do)]
    findings = []
    for peer in view.peers:
        if peer.frozen:
            do = f"telephone {peer.organisation}: their log has two histories"
            findings.append(Finding(check=f"peer {peer.name}", state="error", found=peer.frozen, do=do))
        elif peer.last_in is None and peer.last_out is None:
            do = f"`xstock peer sync {peer.name}` says why; check {peer.url or 'that they dial this node'}"
            findings.append(Finding(check=f"peer {peer.name}", state="warning", found="never heard", do=do))
        else:
            heard = max(peer.last_in or "", peer.last_out or "")
            found = f"last heard {heard}, {peer.offers} offers"
            found += f"; {peer.refusals} things of theirs refused, last: {peer.last_refusal}" if peer.refusals else ""
            findings.append(Finding(check=f"peer {peer.name}", state="ok", found=found))
    return findings


def _verifier(office: Office, state: LogState) -> Callable[[Transaction], LogVerification]:
    def verify(tx: Transaction) -> LogVerification:
        head, note = heads.parse(state.head)
        frontier = merkle.Frontier(0, ())
        try:
            office.node.directory.verify_head(head, note)
            for start in range(0, head.size, READ_AT_ONCE):
                frontier = frontier.extended(tx.logs.leaves(state.log, start, min(start + READ_AT_ONCE, head.size)))
        except ProtocolError as error:
            return LogVerification(log=str(state.log), records=head.size, holds=False, why=error.sentence())
        except DamagedRecord as error:
            why = f"record {error.index} is damaged on disk"
            return LogVerification(log=str(state.log), records=head.size, holds=False, why=why)
        if frontier.size == head.size and frontier.root() == head.root:
            return LogVerification(log=str(state.log), records=head.size, holds=True)
        why = _first_damage(tx, state, head.size)
        return LogVerification(log=str(state.log), records=head.size, holds=False, why=why)

    return verify


def _first_damage(tx: Transaction, state: LogState, size: int) -> str:
    """Name the first segment whose records do not give its stored root."""
    width = limits.SEGMENT
    for number, root in enumerate(tx.logs.segment_roots(state.log, 0, size // width)):
        leaves = tx.logs.leaves(state.log, number * width, (number + 1) * width)
        if len(leaves) != width or merkle.tree_root(leaves) != root:
            return f"records {number * width} to {(number + 1) * width - 1} are damaged or missing"
    return f"records from {size - size % width} on are damaged or missing"


class Check(NamedTuple):
    """A kind of check: its code, which stays, how it is looked at, whether it takes long, and what it is about."""

    code: str
    look: Callable[[Office], Awaitable[list[Finding]]]
    words: str
    is_long: bool = False


def _plain(look: Callable[[Office], list[Finding]]) -> Callable[[Office], Awaitable[list[Finding]]]:
    async def looked(office: Office) -> list[Finding]:
        return look(office)

    return looked


CHECKS: Final = (
    Check("keys", _keys, "key files that only their owner reads; no root key left here"),
    Check("permissions", house_checks.permissions, "who of this machine can look into the data folder"),
    Check("own-log", _about_node, "whether this node signs, or was halted by a twin"),
    Check("clock", _about_clock, "this clock against the median of the peers'"),
    Check("identity", _about_identity, "how long the identity and its keys hold"),
    Check("exercises", _about_exercises, "exercises that run"),
    Check("peers", _about_peers, "when each peer was heard, refusals, logs with two histories"),
    Check("reachable", house_checks.reachable, "whether peers call here"),
    Check("certificates", house_checks.certificates, "how long the certificates of our ports hold"),
    Check("disk", house_checks.disk, "room on the disk"),
    Check("written-ahead", house_checks.written_ahead, "the log of writes of the database"),
    Check("backup", house_checks.backups, "the age of the back-up, here and at a peer; its rehearsal, its key"),
    Check("replaced", house_checks.replaced, "folders that a restore or a rebuild put aside a month ago"),
    Check("limits", house_checks.reached_limits, "bounds that are near or reached"),
    Check("plugins", _plain(plugin_findings), "plugins and their adapters"),
    Check("movements", movement_findings, "what waits to be written to an inventory system"),
    Check("drops", _plain(lambda office: drop_findings(office.settings.drops)), "folders that lists are taken from"),
    Check("public", _plain(lambda office: public_findings(office.settings.public_plain)), "the public port"),
    Check("sources", source_findings, "how old the stock of each source is"),
    Check("alerts", alert_findings, "feeds of public warnings"),
    Check("carriers", carrier_findings, "messages of other systems"),
    Check("towns", town_findings, "the network of towns"),
    Check("networks", network_findings, "charter, vouches, root keys, forks, witnesses, promises, the outbox"),
    Check("duty", duty_findings, "who has duty and how they are called"),
    Check("damage", _damaged, "records that are damaged on disk"),
    Check("logs", _logs, "every record hashed again, against the signed heads", is_long=True),
)
"""Every kind of check, in the order in which they are told."""
