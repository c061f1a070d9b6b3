"""Where own stock comes from: files, the list kept by hand, systems; how each fared when it was last read."""

from datetime import UTC, date, datetime, time
from typing import Final

import msgspec

from xstock_node.domain.ageing import DAY, Age, age_of
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

SYSTEM: Final = "system"
FILE: Final = "file"
NODE: Final = Actor("node", "itself")


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a system's readings. `held` says why the last one waits for a person, `mark` what it
    was, `examples` some lines that made no sense; times unix seconds.

    `cursor` is where its changes go on; `tried_at` the last try, `error` what it came to.
    """

    name: str
    system: str = ""
    tried_at: int = 0
    next_at: int = 0
    cursor: str = ""
    held: str = ""
    mark: str = ""
    examples: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0
    monthly: bool = False


SOURCES: Shelf[SourceState] = Shelf("source", SourceState)


class SourceView(msgspec.Struct, frozen=True, kw_only=True):
    """One source. `kind` is `file`, `hand` or `system`; `age` is `fresh`, `unverified`, `old` or `never read`.

    `state` is `ok`, `held` (a person has to look), `failing` or `waiting` (for its first reading);
    of what is held `mark` and `examples` say what a person looks at.
    """

    name: str
    kind: str
    age: str
    state: str
    lines: int
    rejected: int
    as_of: str
    read_at: int
    tried_at: int
    next_at: int
    system: str
    why: str
    do: str
    mark: str = ""
    examples: list[str] = []


def age(tx: Transaction, source: Source, now: int) -> Age:
    """How far the lines of a source may be relied on; files count as monthly reports."""
    state = SOURCES.get(tx, source.name)
    return age_of(source.reader, _as_of(source), now, source.reader == FILE or bool(state and state.monthly))


def _as_of(source: Source) -> int:
    """When a system's stock was so, by its own word; a list that a person takes in counts from then on."""
    if source.reader != SYSTEM:
        return source.read_at
    try:
        day = datetime.combine(date.fromisoformat(source.as_of), time(), UTC)
    except ValueError:
        return source.read_at
    return min(source.read_at, int(day.timestamp()) + DAY)


def old_refs(tx: Transaction, now: int) -> frozenset[str]:
    """The refs of all lines whose source is too old for new offers."""
    old = {source.name for source in tx.stock.sources() if age(tx, source, now) is Age.OLD}
    return frozenset(ref for name, ref, _ in tx.stock.lines() if name in old) if old else frozenset()


async def list_sources(office: Office, actor: Actor, request: None = None) -> list[SourceView]:
    """Every source that was read or is switched on."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> list[SourceView]:
        known = {source.name: (source, age(tx, source, now)) for source in tx.stock.sources()}
        states = {state.name: state for state in SOURCES.list(tx)}
        names = sorted(known.keys() | states.keys() | set(systems(office)))
        return [_view(name, known.get(name), states.get(name)) for name in names]

    return await office.node.engine.read(work)


def systems(office: Office) -> list[str]:
    """The systems that are switched on by a file of settings."""
    found = []
    for one in office.host.of_kind("inventory-source"):
        try:
            on = not one.editable and one.plugin.settings_of(one.name) is not None
        except (OSError, ValueError):
            on = True  # it is to be on, and says what is wrong when it is read
        if on:
            found.append(one.name)
    return found


def _view(name: str, read: tuple[Source, Age] | None, state: SourceState | None) -> SourceView:
    source, aged = read or (Source(name, SYSTEM, "", 0, 0, 0), "never read")
    word, why, do = "ok" if read else "waiting", "", ""
    if state is not None and state.held:
        word, why, do = "held", state.held, f"look at it; if it is right: `xstock stock sync {name} --accept-changes`"
    elif state is not None and state.error:
        word, why, do = "failing", state.error, f"mend it, then `xstock stock sync {name}`"
    elif aged == Age.OLD:
        why, do = "nothing new is offered from it", "import a newer list" if source.reader == FILE else ""
    return SourceView(
        name=name,
        kind=source.reader,
        age=str(aged),
        state=word,
        lines=source.lines,
        rejected=source.rejected,
        as_of=source.as_of,
        read_at=source.read_at,
        tried_at=state.tried_at if state else source.read_at,
        next_at=state.next_at if state else 0,
        system=state.system if state else "",
        why=why,
        do=do,
        mark=state.mark if state and state.held else "",
        examples=list(state.examples) if state and state.held else [],
    )
