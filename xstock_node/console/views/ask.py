"""Ask: a need becomes a request, step by step on one page: what, who could help, and the words before they are signed.

Nothing is sent before the reader has seen the figures in words; a figure that changed since is shown again first.
"""

import hashlib
from typing import Any, Final

import msgspec

from xstock_node.console.asked import Moment, TypedLine, lines_of, moment_of
from xstock_node.console.form import Form, converted
from xstock_node.console.page import Again, Go, Page
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.needs import Climate, Topic
from xstock_node.services.draft_desk import DraftRef, DraftView, TakeDraft
from xstock_node.services.errors import Refusal
from xstock_node.services.governing import NetworkName
from xstock_node.services.needing import NeedRequest
from xstock_node.services.outlook import OutlookRequest, OutlookRow, OutlookView
from xstock_node.services.requesting import NewRequest

LINES: Final = 3
TERMS: Final = ("loan", "donation", "replacement", "cost-recovery")


class AskQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What the page begins with: a draft, or an item."""

    draft: str = ""
    item: str = ""
    node: str = ""


class Helper(msgspec.Struct, frozen=True, kw_only=True):
    """A node that may be asked, and what it offers of what is wanted, soonest first; `chosen` by the reader.

    `covers` says how many of the wanted lines it could serve in part at least.
    """

    node: str
    chosen: bool
    covers: int
    rows: list[OutlookRow]


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """A network in which may be asked; `exercise`: nothing that is asked there is real."""

    network: str
    exercise: bool


class AskView(msgspec.Struct, frozen=True, kw_only=True):
    """The form as far as it is understood. `seen` is the mark of the words that were shown; `ready` that they may be
    sent; `helpers` are in order of how much of the need they could serve; `said` is what was taken for granted.
    `network` is where is asked, one of `networks`: what a warning of an exercise suggests stays in one.
    """

    exercise: bool
    network: str
    networks: list[Where]
    draft: DraftView | None
    lines: list[TypedLine]
    empty: int
    helpers: list[Helper]
    needed_by: Moment
    looked: bool
    said: list[str]
    seen: str
    ready: bool


async def _view(visit: Visit, asked: AskQuery) -> AskView:
    form = visit.typed
    draft_id = form.text("draft") if form else asked.draft
    draft = await visit.ask("request.draft", DraftRef(id=draft_id)) if draft_id else None
    networks = _networks(visit, draft)
    where = _where(networks, form.text("network") if form else "")
    if form is None:
        lines = _of_draft(draft) if draft else [TypedLine(key="0", text=asked.item, typed="")] if asked.item else []
        return AskView(
            exercise=where.exercise,
            network=where.network,
            networks=networks,
            draft=draft,
            lines=lines,
            empty=LINES,
            helpers=[],
            needed_by=Moment(),
            looked=False,
            said=[],
            seen="",
            ready=False,
        )
    lines = lines_of(form, await visit.office.catalogue())
    moment = moment_of(form, "needed_by", visit.words.zone, visit.now)
    looked = form.act != "reckon"
    outlook = await _outlook(visit, form, lines, moment, where.network) if looked else None
    helpers = await _helpers(visit, outlook, set(form.all("to")), where.network) if looked else []
    settled = bool(lines) and not any(line.doubt for line in lines) and not moment.doubt
    return AskView(
        exercise=where.exercise,
        network=where.network,
        networks=networks,
        draft=draft,
        lines=lines,
        empty=1,
        helpers=helpers,
        needed_by=moment,
        looked=looked,
        said=outlook.said if outlook else [],
        seen=_mark(lines, form),
        ready=settled,
    )


def _networks(visit: Visit, draft: DraftView | None) -> list[Where]:
    """Where may be asked, the home network first; a draft of an exercise goes into exercises alone, a real one never.

    Raises Refusal `exercise-draft` where there is no network of its world.
    """
    node = visit.office.node
    found = [Where(network=one.name, exercise=one.shared.is_exercise) for one in node.networks.values()]
    found.sort(key=lambda one: one.network != node.home.name)
    fitting = [one for one in found if draft is None or one.exercise == draft.exercise]
    if not fitting:
        came = "none that is real" if draft and not draft.exercise else "none of exercises"
        raise Refusal("exercise-draft", "a network of the draft's own world", came, "join one, or dismiss the draft")
    return fitting


def _where(networks: list[Where], wanted: str) -> Where:
    return next((one for one in networks if one.network == wanted), networks[0])


def _of_draft(draft: DraftView) -> list[TypedLine]:
    return [
        TypedLine(key=str(n), text=line.item or line.name, typed=line.quantity) for n, line in enumerate(draft.lines)
    ]


async def _helpers(visit: Visit, outlook: OutlookView | None, chosen: set[str], network: str) -> list[Helper]:
    """Every other member, those first that could serve most of the lines, soonest."""
    found: dict[str, list[OutlookRow]] = {}
    for row in outlook.rows if outlook else ():
        found.setdefault(row.node, []).append(row)
    own = visit.office.node.identity.name
    everybody = await visit.ask("network.members", NetworkName(network=network))
    members = [one.name for one in everybody if one.name != own and one.state in ("live", "review")]
    covers = {name: len({row.line for row in rows if not row.why}) for name, rows in found.items()}
    names = sorted(dict.fromkeys([*found, *members]), key=lambda name: -covers.get(name, 0))
    return [
        Helper(node=name, chosen=name in chosen, covers=covers.get(name, 0), rows=found.get(name, [])) for name in names
    ]


async def _outlook(
    visit: Visit, form: Form, lines: list[TypedLine], moment: Moment, network: str
) -> OutlookView | None:
    """What could serve the lines that are settled; None where none is."""
    settled = [line for line in lines if not line.doubt]
    if not settled:
        return None
    wanted = {
        "lines": [{"item": line.item, "quantity": line.quantity} for line in settled],
        "needed_by": moment.at,
        "terms": [term for term in form.all("terms") if term in TERMS],
        **{name: form.text(name) for name in ("place", "severity") if form.has(name)},
        "country": form.text("country").upper(),
        "network": network,
    }
    found: OutlookView = await visit.ask("request.outlook", converted(wanted, OutlookRequest))
    return found


def _mark(lines: list[TypedLine], form: Form) -> str:
    """A mark of the figures, place, time and world that the reader is shown in words; it differs where they do."""
    said = [[line.item, line.quantity, line.subs] for line in lines]
    names = ("place", "country", "needed_by", "needed_by_within", "network")
    told: list[Any] = [said, *(form.text(name) for name in names)]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]


async def _reckon(visit: Visit, form: Form) -> Again:
    """From people and days to goods: the lines that the ratios come to stand in the form, to be edited."""
    people = form.text("people")
    topics = [topic for topic in form.all("topic") if topic in {t.value for t in Topic}]
    if not topics or not people:
        raise Refusal(
            "bad-need", "for how many people, and what for", people or "no number of people", "fill both in", 2
        )
    days = form.text("days", "30") or "30"
    rows = {parts.get("item", ""): parts for _, parts in form.rows("line") if parts.get("item")}
    for topic in topics:
        request = NeedRequest(
            need=f"{topic} for {people} people for {days} days", climate=Climate(form.text("climate") or "mild")
        )
        for line in (await visit.ask("request.propose", request)).lines:
            if line.item:
                rows[line.item] = {"item": line.item, "quantity": line.quantity}
    cleared = form.without("line.")
    for n, parts in enumerate(rows.values()):
        for name, value in parts.items():
            cleared.fields[f"line.{n}.{name}"] = value
    return Again(cleared)


async def _look(visit: Visit, form: Form) -> Again:
    return Again(form)


async def _send(visit: Visit, form: Form) -> Go | Again:
    catalogue = await visit.office.catalogue()
    lines = lines_of(form, catalogue)
    moment = moment_of(form, "needed_by", visit.words.zone, visit.now)
    if any(line.doubt for line in lines) or moment.doubt or form.text("seen") != _mark(lines, form):
        return Again(form)
    if not form.all("to"):
        raise Refusal("no-member", "at least one node to ask", "none was chosen", "choose who is asked", 2)
    wanted = {
        "to": form.all("to"),
        "lines": [{"item": line.item, "quantity": line.quantity, "subs": line.subs} for line in lines],
        "needed_by": moment.at,
        **{name: form.text(name) for name in ("event", "area", "place", "note") if form.has(name)},
        **{name: form.text(name) for name in ("people", "severity") if form.has(name)},
        "country": form.text("country").upper(),
        "terms": [term for term in form.all("terms") if term in TERMS],
        "answer_by": moment_of(form, "answer_by", visit.words.zone, visit.now).at,
    }
    draft = await visit.ask("request.draft", DraftRef(id=form.text("draft"))) if form.has("draft") else None
    wanted["network"] = _where(_networks(visit, draft), form.text("network")).network
    if draft and draft.state == "open":
        lines_said = {"add": wanted.pop("lines"), "leave": [line.id for line in draft.lines]}
        made = await visit.do("request.take", converted({"id": draft.id, **wanted, **lines_said}, TakeDraft), form)
    else:
        made = await visit.do("request.new", converted(wanted, NewRequest), form)
    return Go(f"/request?id={made.id}", "request.waits" if made.waits else "request.new")


ASK = Page(
    "ask",
    "/ask",
    mark("Ask for help"),
    "ask",
    _view,
    asks=AskQuery,
    acts={"reckon": _reckon, "look": _look, "send": _send},
    group="help",
)
