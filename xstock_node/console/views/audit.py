"""What was done on this node, by whom."""

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.console.worlds import is_exercise
from xstock_node.services.acting import ActView, TailRequest
from xstock_node.services.draft_desk import DraftsAsked


class ActRow(msgspec.Struct, frozen=True, kw_only=True):
    """An act, and whether it was one of an exercise."""

    at: str
    actor: str
    verb: str
    subject: str
    detail: str
    exercise: bool


class AuditView(msgspec.Struct, frozen=True, kw_only=True):
    """The newest acts."""

    acts: list[ActRow]


async def _audit(visit: Visit, asked: TailRequest) -> AuditView:
    found: list[ActView] = await visit.ask("log.tail", asked)
    requests = await visit.ask("request.list") if visit.may("see") else []
    drafts = await visit.ask("request.drafts", DraftsAsked(all=True)) if visit.may("see") else []
    drills = {one.id for one in (*requests, *drafts) if one.exercise}

    def row(act: ActView) -> ActRow:
        asks = act.verb.startswith(("request.", "draft.")) and act.subject in drills
        return ActRow(**msgspec.structs.asdict(act), exercise=asks or is_exercise(act))

    return AuditView(acts=[row(act) for act in found])


AUDIT = Page(
    "audit",
    "/audit",
    mark("What was done"),
    "audit",
    _audit,
    asks=TailRequest,
    tables={
        "acts": Table(
            mark("Acts"),
            (
                Column("at", mark("When"), "when"),
                Column("actor", mark("Who")),
                Column("verb", mark("What"), "code"),
                Column("subject", mark("About"), "hash"),
                Column("detail", mark("More"), "record"),
            ),
            lambda view: view.acts,
        )
    },
    group="node",
    shape="plain",
)
