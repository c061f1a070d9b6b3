"""Operations: the list, and one with its timeline, counters, papers, and the steps that may be taken now."""

from typing import Any

import msgspec

from xstock_node.console.drawings import draw_flow
from xstock_node.console.form import Form, converted
from xstock_node.console.page import Column, Go, Page, Table
from xstock_node.console.paper_words import in_words
from xstock_node.console.step_forms import StepForm, fields_of, forms_of, side_of
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.protocol import limits
from xstock_node.services.approving import PendingView
from xstock_node.services.attaching import AttachmentView, AttachRequest
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import Approval, CaseFilter, CaseId, PendingId, StepRequest
from xstock_node.services.operation_views import OperationRow, OperationView
from xstock_node.services.paperwork import PapersView


class OperationsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which operations."""

    mine: bool = False
    ended: bool = False
    node: str = ""


class OperationsView(msgspec.Struct, frozen=True, kw_only=True):
    """Operations of this node, and the steps that wait for people here."""

    query: OperationsQuery
    operations: list[OperationRow]
    pending: list[PendingView]


class OneOperation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation; `steps` are the forms of what this node may do now, `pending` what waits for a signature.

    `papers` are null where the table of papers knows none of the way yet.
    """

    operation: OperationView
    exercise: bool
    steps: list[StepForm]
    pending: list[PendingView]
    papers: PapersView | None
    attachments: list[AttachmentView]


async def _list(visit: Visit, asked: OperationsQuery) -> OperationsView:
    wanted = CaseFilter(mine=asked.mine, ended=asked.ended, node=asked.node)
    return OperationsView(
        query=asked, operations=await visit.ask("op.list", wanted), pending=await visit.ask("op.pending")
    )


async def _one(visit: Visit, asked: CaseId) -> OneOperation:
    found = await visit.ask("op.show", asked)
    pending = [one for one in await visit.ask("op.pending") if one.case == asked.case]
    try:
        papers = in_words(await visit.ask("op.papers", asked), visit.words.language.code)
    except Refusal:
        papers = None
    return OneOperation(
        operation=found,
        exercise=found.exercise,
        steps=forms_of(found),
        pending=pending,
        papers=papers,
        attachments=await visit.ask("op.attachments", asked),
    )


async def _step(visit: Visit, form: Form) -> Go:
    case, verb = form.text("case"), form.text("step")
    operation = await visit.ask("op.show", CaseId(case=case))
    request = StepRequest(case=case, step=verb, fields=fields_of(form, operation, visit.words.zone), side=side_of(form))
    result: Any = await visit.do("op.step", request, form)
    return Go(f"/operation?case={case}", "op.step" if result.sent else "op.waits")


async def _approve(visit: Visit, form: Form) -> Go:
    result = await visit.do("op.approve", Approval(id=form.text("id")), form)
    return Go(f"/operation?case={result.case}" if form.has("case") else "/operations", "op.approve")


async def _refuse(visit: Visit, form: Form) -> Go:
    await visit.do("op.refuse", PendingId(id=form.text("id")), form)
    case = form.text("case")
    return Go(f"/operation?case={case}" if case else "/operations", "op.refuse")


async def _attach(visit: Visit, form: Form) -> Go:
    case = form.text("case")
    name, content = form.files.get("content", ("", b""))
    if not content:
        raise Refusal("bad-field", "a photo or a PDF", name or "no file", "choose a file", 2)
    request = converted({"case": case, "kind": form.text("kind"), "content": content}, AttachRequest)
    await visit.do("op.attach", request, form)
    return Go(f"/operation?case={case}", "op.attach")


SIGNING = {"approve": _approve, "refuse": _refuse}
OPERATIONS = Page(
    "operations",
    "/operations",
    mark("Operations"),
    "see",
    _list,
    asks=OperationsQuery,
    acts=SIGNING,
    tables={
        "operations": Table(
            mark("Operations"),
            (
                Column("case", mark("Operation"), "code", "/operation?case={case}"),
                Column("requester", mark("From"), "node"),
                Column("supplier", mark("To"), "node"),
                Column("lines", mark("Goods"), "goods"),
                Column("state", mark("State"), "state"),
                Column("turn", mark("Turn"), "side"),
                Column("changed", mark("Changed"), "when"),
            ),
            lambda view: view.operations,
            mark("No operation yet."),
        )
    },
    group="help",
)
OPERATION = Page(
    "operation",
    "/operation",
    mark("Operation"),
    "see",
    _one,
    asks=CaseId,
    acts={"step": _step, "attach": _attach, **SIGNING},
    files=limits.BLOB,
    tables={
        "timeline": Table(
            mark("Signed steps"),
            (
                Column("time", mark("When"), "when"),
                Column("by", mark("Who"), "node"),
                Column("verb", mark("Step"), "step"),
                Column("hash", mark("Hash"), "hash"),
                Column("receipted", mark("Delivered"), "yes"),
            ),
            lambda view: view.operation.timeline,
        ),
        "papers": Table(
            mark("Papers"),
            (
                Column("title", mark("Paper")),
                Column("consignment", mark("Consignment"), "code"),
                Column("by", mark("Step"), "paper-stage"),
                Column("due", mark("Wanted now"), "yes"),
                Column("signs", mark("Signs")),
                Column("why", mark("Why"), "told"),
                Column("filed", mark("Filed"), "when"),
            ),
            lambda view: view.papers.papers if view.papers else [],
            mark("No paper is wanted yet."),
        ),
        "attachments": Table(
            mark("Photos and papers that came back"),
            (
                Column("kind", mark("What"), "attachment"),
                Column("media_type", mark("Type")),
                Column("size", mark("Bytes"), "number"),
                Column("by", mark("Who"), "node"),
                Column("sha256", mark("Hash"), "code"),
            ),
            lambda view: view.attachments,
            mark("Nothing is attached."),
        ),
    },
    draws={"flow": lambda visit, view: draw_flow(view.operation, visit.words)},
)
