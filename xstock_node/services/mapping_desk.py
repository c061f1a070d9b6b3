"""The mapping desk: which catalogue item a line of the own list is, proposed by the node, decided by a person."""

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.crosswalks import Crosswalks
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState, default_factor
from xstock_node.domain.matching import Candidate, candidates
from xstock_node.domain.reasons import sentence
from xstock_node.domain.stock import StockLine
from xstock_node.services.cataloguing import CROSSWALKS
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.typed import decimal_text, figure_of
from xstock_node.storage.interfaces import Transaction

EXACT = 100


class CandidateView(msgspec.Struct, frozen=True):
    """An item that the line may be, its name, and why: a sentence; the same as a message of `reasons.MESSAGES`.

    `unit` is the item's, `factor` how many of it are in one unit of the line, empty where a person has to say it.
    """

    code: str
    name: str
    score: int
    why: str
    reason: str
    params: dict[str, str]
    unit: str
    factor: str


class MatchView(msgspec.Struct, frozen=True, kw_only=True):
    """A line (or `lines` of one key, `quantity` in all); `state` of its mapping: `open`, `confirmed` or `rejected`."""

    ref: str
    source: str
    local: str
    name: str
    unit: str
    state: str
    code: str
    factor: str
    candidates: list[CandidateView]
    lines: int
    quantity: str


class MatchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines to show: `all`, those that are `decided`, or those that nobody decided yet; of one `source`, or of
    every one; or that of one `ref`, whatever its state, with its candidates.

    At most `most` (0: all of them), from the `after`-th on.
    """

    all: bool = False
    decided: bool = False
    ref: str = ""
    source: str = ""
    after: Annotated[int, Meta(ge=0)] = 0
    most: Annotated[int, Meta(ge=0)] = 0


class MappedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How far the lines of a source are mapped; of every one where it is empty."""

    source: str = ""


class MappedView(msgspec.Struct, frozen=True, kw_only=True):
    """How many different lines there are, how many of them are confirmed, rejected, open; `same_code` of the open ones
    have the catalogue's own code.
    """

    all: int
    confirmed: int
    rejected: int
    open: int
    same_code: int


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A person's word about a line: the item's `code`, or `reject`.

    The line is named by `ref`, or by `local` (its code or name) and `unit`. `factor` says how many units of the
    catalogue are in one unit of the line, where the line itself does not.
    """

    ref: str = ""
    local: str = ""
    unit: str = ""
    code: str = ""
    factor: str = ""
    reject: bool = False


class DecideRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of one person; `same_code` also confirms each line whose own code is the catalogue's, and
    `crosswalk` each line whose code the crosswalk of this name knows; of one `source` only where it is named."""

    decisions: list[Decision] = []
    source: str = ""
    same_code: bool = False
    crosswalk: str = ""


class DecideResult(msgspec.Struct, frozen=True, kw_only=True):
    """How many mappings were confirmed and rejected, and what could not be."""

    confirmed: int
    rejected: int
    not_done: list[str]


async def list_matches(office: Office, actor: Actor, request: MatchRequest) -> list[MatchView]:
    """The lines to decide, each with up to five candidates and why."""
    catalogue = await office.catalogue()
    rows, mappings, walks = await office.node.engine.read(
        lambda tx: (tx.stock.lines(), tx.stock.mappings(), Crosswalks(CROSSWALKS.list(tx)))
    )
    known = {mapping.key: mapping for mapping in mappings}
    found = _by_key(rows, request.source)
    keys = [key for key in found if _is_wanted(request, found[key], key in known)]
    keys.sort(key=lambda key: (key.source, found[key][0][2].line or 0))  # as the list has them
    wanted = keys[request.after : request.after + request.most if request.most else None]
    return [_match(found[key], key, known.get(key), catalogue, walks, office, bool(request.ref)) for key in wanted]


async def mapped(office: Office, actor: Actor, request: MappedRequest) -> MappedView:
    """How far the lines of a source are mapped."""
    catalogue = await office.catalogue()
    rows, mappings = await office.node.engine.read(lambda tx: (tx.stock.lines(), tx.stock.mappings()))
    known = {mapping.key: mapping.state for mapping in mappings}
    states = {key: known.get(key) for key in _by_key(rows, request.source)}
    return MappedView(
        all=len(states),
        confirmed=sum(state is MappingState.CONFIRMED for state in states.values()),
        rejected=sum(state is MappingState.REJECTED for state in states.values()),
        open=sum(state is None for state in states.values()),
        same_code=sum(state is None and key.local in catalogue for key, state in states.items()),
    )


Row = tuple[str, str, StockLine]


def _is_wanted(request: MatchRequest, rows: list[Row], is_decided: bool) -> bool:
    if request.ref:
        return any(ref == request.ref for _, ref, _ in rows)
    return request.all or is_decided == request.decided


def _by_key(rows: list[Row], source: str) -> dict[MappingKey, list[Row]]:
    """The lines of a source (empty: of all) by what a mapping is bound to, in their order."""
    found: dict[MappingKey, list[Row]] = {}
    for row in rows:
        if source in ("", row[0]):
            found.setdefault(MappingKey.of(row[0], row[2]), []).append(row)
    return found


def _match(
    rows: list[Row],
    key: MappingKey,
    mapping: Mapping | None,
    catalogue: Catalogue,
    walks: Crosswalks,
    office: Office,
    again: bool,
) -> MatchView:
    source, ref, line = rows[0]
    return MatchView(
        ref=ref,
        source=source,
        local=line.item_code or "",
        name=line.item_name or "",
        unit=key.unit,
        state=mapping.state.value if mapping else "open",
        code=mapping.code if mapping else "",
        factor=str(mapping.factor) if mapping else "",
        candidates=_views(line, candidates(line, catalogue, crosswalks=walks), catalogue, office)
        if again or not mapping
        else [],
        lines=len(rows),
        quantity=f"{sum((one.quantity for _, _, one in rows), Decimal(0)):f}",
    )


async def decide(office: Office, actor: Actor, request: DecideRequest) -> DecideResult:
    """Confirm or reject mappings; each decision is an act of the person who sends it."""
    catalogue = await office.catalogue()
    now = office.node.clock.now()

    def store(tx: Transaction) -> DecideResult:
        rows = [row for row in tx.stock.lines() if request.source in ("", row[0])]
        decided = {mapping.key for mapping in tx.stock.mappings()}
        wanted = [(row, d) for d in request.decisions for row in rows if _meant(row, d)]
        not_done = [
            f"{d.ref or d.local}: no such line" for d in request.decisions if not any(x is d for _, x in wanted)
        ]
        if request.same_code:
            wanted += [(row, Decision(code=row[2].item_code or "")) for row in rows if row[2].item_code in catalogue]
        if request.crosswalk:
            wanted += _walked(tx, rows, request.crosswalk)
        confirmed = rejected = 0
        for (source, ref, line), decision in wanted:
            key = MappingKey.of(source, line)
            if key in decided and not decision.ref and not decision.local:
                continue
            mapping = _mapping(line, key, decision, catalogue, str(actor), now)
            if isinstance(mapping, str):
                not_done.append(f"{ref} {line.item_name or line.item_code}: {mapping}")
                continue
            decided.add(key)
            tx.stock.put_mapping(mapping)
            confirmed += mapping.state is MappingState.CONFIRMED
            rejected += mapping.state is MappingState.REJECTED
            office.record(tx, actor, f"stock.match.{mapping.state.value}", ref, f"{mapping.code} x{mapping.factor}")
        return DecideResult(confirmed=confirmed, rejected=rejected, not_done=not_done)

    return await office.node.engine.write(store, durable=True)


def _walked(
    tx: Transaction, rows: list[tuple[str, str, StockLine]], scheme: str
) -> list[tuple[tuple[str, str, StockLine], Decision]]:
    """A decision for each line whose code a crosswalk knows; its factor counts where it is another than one."""
    held = CROSSWALKS.get(tx, scheme)
    if held is None:
        known = ", ".join(one.scheme for one in CROSSWALKS.list(tx)) or "none"
        raise Refusal("no-crosswalk", f"a crosswalk ({known})", scheme, "`xstock catalogue crosswalk FILE`", 2)
    walks = Crosswalks([held])
    found = []
    for row in rows:
        for _, walk in walks.find(row[2].item_code)[:1]:
            factor = "" if walk.factor == 1 else str(walk.factor)
            found.append((row, Decision(code=walk.item, factor=factor)))
    return found


def _meant(row: tuple[str, str, StockLine], decision: Decision) -> bool:
    _, ref, line = row
    if decision.ref:
        return decision.ref == ref
    names = (line.item_code, line.item_name)
    return decision.local in names and decision.unit in ("", line.unit or "")


def _mapping(
    line: StockLine, key: MappingKey, decision: Decision, catalogue: Catalogue, by: str, now: int
) -> Mapping | str:
    """The mapping that a decision makes, or why it cannot be made."""
    item = catalogue.get(decision.code)
    if decision.reject:
        unit = item.unit if item else catalogue.all()[0].unit
        return Mapping(key=key, code="", base_unit=unit, factor=Decimal(1), state=MappingState.REJECTED, by=by, at=now)
    if item is None:
        return f"expected a code of the catalogue; came {decision.code!r}; see `xstock catalogue list`"
    factor = (
        default_factor(line, item.unit)
        if not decision.factor
        else figure_of(decision.factor, "factor", "bad-factor", above_zero=True)
    )
    if factor is None:
        return f"expected how many {item.unit} one {line.unit or 'unit'} holds; give --factor"
    return Mapping(
        key=key, code=item.code, base_unit=item.unit, factor=factor, state=MappingState.CONFIRMED, by=by, at=now
    )


def _views(line: StockLine, found: list[Candidate], catalogue: Catalogue, office: Office) -> list[CandidateView]:
    language = office.settings.languages[0]
    views = []
    for one in found:
        item = catalogue.get(one.code)
        factor = default_factor(line, item.unit) if item else None
        views.append(
            CandidateView(
                code=one.code,
                name=catalogue.name(one.code, language),
                score=one.score,
                why=sentence(one.reason),
                reason=one.reason.code,
                params=one.reason.params,
                unit=item.unit.value if item else "",
                factor="" if factor is None else decimal_text(factor),
            )
        )
    return views
