"""What `doctor` looks at on this machine: permissions, room on the disk, certificates, back-ups, limits reached."""

import shutil
import stat
from pathlib import Path

from xstock_node.protocol import limits
from xstock_node.services.backup.archive import REPLACED
from xstock_node.services.backup.record import read_record
from xstock_node.services.looked import Finding
from xstock_node.services.office import Office
from xstock_node.services.times import iso

DAY = 86_400
MIB = 1 << 20
ROOM_LOW, ROOM_NONE = 1024 * MIB, 128 * MIB
AHEAD_MOST = 512 * MIB
BACKUP_DAYS, REHEARSED_DAYS, CERTIFICATE_DAYS, REPLACED_DAYS = 2, 92, 14, 30
NEAR = 0.9  # of a limit
OUTBOX_MANY = 1_000


async def permissions(office: Office) -> list[Finding]:
    """Whether others of this machine can look into the data folder."""
    mode = stat.S_IMODE(office.home.stat().st_mode)
    if mode & 0o077:
        do = f"chmod 700 {office.home}"
        return [Finding(check="data folder", state="warning", found=f"mode {mode:o} lets others look in", do=do)]
    return [Finding(check="data folder", state="ok", found="open to its owner alone")]


async def disk(office: Office) -> list[Finding]:
    """Room on the disk of the data folder; a full one stops all writing."""
    free, size = shutil.disk_usage(office.home).free, office.node.engine.size()
    found = f"{free // MIB} MiB free, the database takes {size // MIB}"
    if free < ROOM_NONE:
        do = "free some space: nothing can be written soon; reading goes on"
        return [Finding(check="disk", state="error", found=found, do=do)]
    if free < max(ROOM_LOW, 2 * size):
        do = "free some space: a back-up and its rehearsal need twice the size of the database"
        return [Finding(check="disk", state="warning", found=found, do=do)]
    return [Finding(check="disk", state="ok", found=found)]


async def written_ahead(office: Office) -> list[Finding]:
    """The log of writes that were not brought into the database yet; a reader that hangs lets it grow."""
    path = office.home / "node.db-wal"
    size = path.stat().st_size if path.exists() else 0
    if size > AHEAD_MOST:
        do = "start the node again; another program may hold node.db open"
        return [Finding(check="log of writes", state="warning", found=f"{size // MIB} MiB", do=do)]
    return [Finding(check="log of writes", state="ok", found=f"{size // MIB} MiB")]


async def certificates(office: Office) -> list[Finding]:
    """How long the certificates of our own ports hold; they are read again at each start."""
    return [_certificate(port, path, office.node.clock.now()) for port, path in office.settings.certificates]


def _certificate(port: str, path: Path, now: int) -> Finding:
    from cryptography import x509  # a megabyte that a node without certificates does without

    check = f"certificate of {port}"
    try:
        found = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        return Finding(check=check, state="error", found=str(error), do=f"set {port}.tls_certificate")
    days = int((found.not_valid_after_utc.timestamp() - now) // DAY)
    state = "error" if days < 0 else "warning" if days < CERTIFICATE_DAYS else "ok"
    do = "" if state == "ok" else "renew it, then start the node again"
    return Finding(check=check, state=state, found=f"valid for {days} days", do=do)


async def backups(office: Office) -> list[Finding]:
    """Whether there is a back-up of today, here and at a peer, one was ever rehearsed, and its key is on paper."""
    kept, now = read_record(office.home), office.node.clock.now()
    if office.settings.engine != "sqlite":
        said = "not looked at: the server of the database makes them; keys and settings of this folder belong beside"
        return [Finding(check="back-up", state="ok", found=said)]
    if not kept.made:
        return [Finding(check="back-up", state="warning", found="none was made yet", do="`xstock backup create`")]
    old = (now - kept.made) // DAY
    found = [Finding(check="back-up", state="ok", found=f"made {iso(kept.made)}")]
    if old >= BACKUP_DAYS:
        do = "`xstock backup create`; see whether its timer runs"
        found = [Finding(check="back-up", state="warning", found=f"the last is {old} days old", do=do)]
    old_there = (now - kept.at_peer) // DAY
    if kept.peer and old_there >= BACKUP_DAYS:
        do = f"`xstock backup send FILE --at {kept.peer}`"
        said = f"the last is {old_there} days old"
        found.append(Finding(check=f"back-up at {kept.peer}", state="warning", found=said, do=do))
    if now - kept.rehearsed > REHEARSED_DAYS * DAY:
        do = "`xstock backup verify FILE`"
        found.append(Finding(check="rehearsal", state="warning", found="no restore was rehearsed lately", do=do))
    if not kept.key_shown:
        do = "`xstock backup key`; keep the paper away from this machine"
        found.append(Finding(check="back-up key", state="warning", found="it was never shown to be noted", do=do))
    return found


async def replaced(office: Office) -> list[Finding]:
    """What a restore or a rebuild put aside: it still holds what was erased since, and room on the disk."""
    found, now = [], office.node.clock.now()
    for folder in sorted(office.home.glob(f"{REPLACED}*")):
        days = int(now - folder.stat().st_mtime) // DAY
        if days >= REPLACED_DAYS:
            said = f"put aside {days} days ago; it holds what was erased since"
            do = "look that nothing is missing, then remove the folder"
            found.append(Finding(check=folder.name, state="warning", found=said, do=do))
    return found


async def reached_limits(office: Office) -> list[Finding]:
    """Bounds that are near or reached: live offers of our own log, messages that wait, lines left out of the log."""
    node, now = office.node, office.node.clock.now()
    own, waiting = await node.engine.read(lambda tx: (tx.offers.count(node.log, now), len(tx.cases.outbox())))
    most, found = node.home.membership.live_records, []
    if own > NEAR * most:
        do = "withdraw what is no longer lent; peers refuse more"
        found.append(Finding(check="live offers", state="warning", found=f"{own} of at most {most}", do=do))
    if waiting > OUTBOX_MANY:
        do = "see `xstock peer list` for who is silent"
        found.append(Finding(check="outbox", state="warning", found=f"{waiting} messages wait", do=do))
    dropped = node.trace.counts.counters["log_lines_dropped_total", ()]
    if dropped:
        do = "look at the log: one kind of line came too often"
        found.append(Finding(check="log", state="warning", found=f"{dropped} lines were left out", do=do))
    return found or [Finding(check="limits", state="ok", found=f"{own} of {most} live offers, {waiting} messages wait")]


async def reachable(office: Office) -> list[Finding]:
    """Whether peers call here: who called last has shown that the way is open."""
    node = office.node
    if not node.identity.url() or not node.gossip.peers:
        return []
    books = [await node.peering.state(name) for name in sorted(node.gossip.peers)]
    last = max(books, key=lambda book: book.last_in)
    if not last.last_in:
        do = f"`xstock peer test {last.name}` asks it to call back; look at firewall, proxy and DNS"
        return [Finding(check="way in", state="warning", found="no peer has called you yet", do=do)]
    silent = node.clock.now() - last.last_in
    state = "ok" if silent < limits.STALE_AFTER else "warning"
    do = "" if state == "ok" else f"`xstock peer test {last.name}` asks it to call back"
    return [Finding(check="way in", state=state, found=f"{last.name} called {iso(last.last_in)}", do=do)]
