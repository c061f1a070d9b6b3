"""Records put straight into a store, for tests of an engine."""

from collections.abc import Sequence

from xstock_node.protocol import limits, merkle
from xstock_node.protocol.names import LogName
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import LogState


def make_line(number: int) -> bytes:
    """The number-th line of a test log, a record of a type that nobody interprets."""
    return b'{"t":"far","n":%d}' % number


def store_lines(tx: Transaction, log: LogName, lines: Sequence[bytes]) -> LogState:
    """Append record lines at the end of a log and keep its state right, as the services do."""
    state = tx.logs.state(log) or LogState(log, epoch=1)
    tx.logs.put(state)
    start, width = state.frontier.size, limits.SEGMENT
    leaves = [merkle.leaf_hash(line) for line in lines]
    frontier, segments = merkle.grow(
        state.frontier, leaves, lambda: tx.logs.leaves(log, start - start % width, start), width
    )
    tx.logs.append(log, start, lines, segments)
    state = state._replace(frontier=frontier)
    tx.logs.put(state)
    return state
