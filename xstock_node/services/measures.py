"""The metrics of a node: one table of their names and meanings, and what each of them is now."""

import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from xstock_node import __version__
from xstock_node.counts import Durations, Labels
from xstock_node.protocol import limits
from xstock_node.services.backup.record import read_record
from xstock_node.services.office import Office
from xstock_node.services.readiness import unready
from xstock_node.storage.interfaces import Transaction

PREFIX: Final = "xstock_"
WRITTEN_AHEAD: Final = "node.db-wal"
SILENT_AFTER: Final = 4 * limits.ROUND_MAX
"""Seconds after which a peer that said nothing counts as silent."""


class Metric(NamedTuple):
    """A metric: its name without prefix, its kind (`gauge`, `counter`, `histogram`), its labels, what it says."""

    name: str
    kind: str
    labels: Labels
    words: str


class Sample(NamedTuple):
    """One value of a metric, by its labels."""

    name: str
    labels: Labels
    value: float


METRICS: Final = (
    Metric("build_info", "gauge", ("version",), "always 1; the version that runs"),
    Metric("ready", "gauge", (), "1 while the node is ready for its peers and people (`/readyz`)"),
    Metric("records_total", "gauge", ("network",), "records of all logs held"),
    Metric("offers_live", "gauge", ("network",), "offers that hold now, of all nodes"),
    Metric("peers", "gauge", ("network", "state"), "peers that are `ok`, `silent` for 20 minutes, or `frozen`"),
    Metric("peer_last_heard_seconds", "gauge", ("network", "peer"), "seconds since a peer was heard"),
    Metric("gossip_rounds_total", "counter", ("outcome",), "rounds with peers that went `ok` or `failed`"),
    Metric("requests_total", "counter", ("listener", "route", "code"), "requests answered, by route and status"),
    Metric("request_seconds", "histogram", ("listener",), "seconds of an answer, but of those held by `Prefer: wait`"),
    Metric("refused_total", "counter", ("reason",), "things of members that were refused, by error code"),
    Metric("outbox", "gauge", (), "messages that wait for their receipt"),
    Metric("cases_open", "gauge", ("network",), "cases with other nodes that are held"),
    Metric("backup_age_seconds", "gauge", (), "seconds since the last back-up; absent while there was none"),
    Metric("storage_bytes", "gauge", ("what",), "bytes of `database` and `wal`, and those `free` on its disk"),
    Metric("write_seconds", "histogram", (), "seconds from asking for a write to its commit"),
    Metric("writes_total", "counter", ("durable",), "writes that were committed, durable (`true`) or not"),
    Metric("findings", "gauge", ("state",), "findings of the last look by itself (`xstock doctor`)"),
    Metric("clock_offset_seconds", "gauge", (), "how far the median of the peers' clocks is ahead"),
    Metric("log_lines_dropped_total", "counter", (), "lines that the log left out because one kind came too often"),
    Metric("damaged_records", "gauge", (), "records found damaged on disk and not healed yet"),
    Metric("plugin_calls_total", "counter", ("plugin", "outcome"), "calls of adapters that went `ok` or `failed`"),
)


async def samples(office: Office) -> list[Sample]:
    """All gauges and counters as they are now; durations are read by `durations`."""
    held = await office.node.engine.read(lambda tx: list(_of_storage(office, tx)))
    found = [
        Sample("build_info", (__version__,), 1),
        Sample("ready", (), float(not await unready(office))),
        *held,
        Sample("damaged_records", (), len(office.node.damage.records)),
        *_of_disk(office),
        *_of_plugins(office),
    ]
    offset, made = office.node.offsets.median(), read_record(office.home).made
    if offset is not None:
        found.append(Sample("clock_offset_seconds", (), offset))
    if made:
        found.append(Sample("backup_age_seconds", (), max(0, office.node.clock.now() - made)))
    found += [Sample("findings", (state,), count) for state, count in office.looked.states().items()]
    counters = office.node.trace.counts.counters
    return found + [Sample(name, labels, count) for (name, labels), count in sorted(counters.items())]


def durations(office: Office) -> Iterator[tuple[str, Labels, Durations]]:
    """All durations; their buckets end at `counts.SECONDS`."""
    for (name, labels), found in sorted(office.node.trace.counts.durations.items()):
        yield name, labels, found


def _of_storage(office: Office, tx: Transaction) -> Iterator[Sample]:
    node, now = office.node, office.node.clock.now()
    live, states = tx.offers.counts(now), tx.logs.states()
    for network in node.networks.values():
        logs = [state for state in states if state.log.network == network.name]
        yield Sample("records_total", (network.name,), sum(state.frontier.size for state in logs))
        yield Sample("offers_live", (network.name,), sum(n for log, n in live.items() if log.network == network.name))
        yield Sample("cases_open", (network.name,), len(tx.cases.all(network.name)))
        frozen = {state.log.node for state in logs if state.frozen}
        stands: Counter[str] = Counter(ok=0, silent=0, frozen=0)
        for name in sorted(network.gossip.peers):
            book = tx.peers.get(network.name, name)
            heard = max(book.last_in, book.last_out)
            stands["frozen" if name in frozen else "ok" if now - heard < SILENT_AFTER else "silent"] += 1
            if heard:
                yield Sample("peer_last_heard_seconds", (network.name, name), max(0, now - heard))
        yield from (Sample("peers", (network.name, state), count) for state, count in stands.items())
    yield Sample("outbox", (), len(tx.cases.outbox()))


def _of_disk(office: Office) -> Iterator[Sample]:
    ahead = office.home / WRITTEN_AHEAD
    yield Sample("storage_bytes", ("database",), office.node.engine.size())
    yield Sample("storage_bytes", ("wal",), ahead.stat().st_size if ahead.exists() else 0)
    yield Sample("storage_bytes", ("free",), shutil.disk_usage(office.home).free)


def _of_plugins(office: Office) -> Iterator[Sample]:
    for name, plugin in sorted(office.host.plugins.items()):
        tallies = plugin.tallies()
        failed = sum(tally.errors for tally in tallies)
        yield Sample("plugin_calls_total", (name, "ok"), sum(tally.calls for tally in tallies) - failed)
        yield Sample("plugin_calls_total", (name, "failed"), failed)
