"""What is well on this node and what is not, with what to do."""

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Column, Go, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.looked import Finding
from xstock_node.services.times import iso

DOCTOR = "doctor"


class RepairsView(msgspec.Struct, frozen=True, kw_only=True):
    """What is well and what is not, with what to do; what is not well first; when it was `looked` at (ISO)."""

    looked: str
    findings: list[Finding]


async def _repairs(visit: Visit, asked: None) -> RepairsView:
    # It hashes every record that is held: what was found a moment ago is shown, with its hour.
    looked, found = await visit.office.remembered.get(DOCTOR, lambda: _look(visit))
    return RepairsView(looked=looked, findings=sorted(found, key=lambda one: one.state == "ok"))


async def _look(visit: Visit) -> tuple[str, list[Finding]]:
    at = visit.office.node.clock.now()
    return iso(at), await visit.ask("doctor")


async def _again(visit: Visit, form: Form) -> Go:
    visit.office.remembered.forget(DOCTOR)
    return Go("/repairs")


REPAIRS = Page(
    "repairs",
    "/repairs",
    mark("Repairs"),
    "operate",
    _repairs,
    acts={"again": _again},
    tables={
        "findings": Table(
            mark("What is well, and what is not"),
            (
                Column("state", mark("State"), "finding"),
                Column("check", mark("What"), "told"),
                Column("found", mark("Found"), "told"),
                Column("do", mark("What to do"), "told"),
            ),
            lambda view: view.findings,
        )
    },
    group="node",
)
