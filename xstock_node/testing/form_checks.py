"""The contract of forms, checked with facts that are made up: about a request, an operation, the node itself."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from xstock_node.domain.documents.facts import Line, OperationFacts, Party
from xstock_node.domain.forms import Deed, FormFacts, FormLine, FormRequest
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.terms import Terms
from xstock_node.plugins.errors import Declined
from xstock_node.plugins.forms import FormData, FormField
from xstock_node.plugins.host import Adapter

Work = Callable[[], Awaitable[str]]
WORD = "Шабац – Қостанай – Şırnak – Târgoviște"


def form_checks(adapter: Adapter) -> dict[str, Work]:
    """The checks of a form."""
    return {
        "its fields have names of their own": lambda: _fields(adapter),
        "it makes a form of something, and declines the rest": lambda: _makes(adapter),
        "its JSON is JSON, and has what a person filled in": lambda: _filled(adapter),
    }


def some_facts() -> tuple[FormFacts, ...]:
    """Facts about a request with an answer, and about a node."""
    own = Party(names={"en": "Red Cross of the checks"}, country="BG")
    answer = OperationFacts(
        operation="abcdabcdabcdabcd",
        exercise=True,
        made=datetime(2027, 3, 28, tzinfo=UTC),
        root="0" * 64,
        terms=Terms.LOAN,
        supplier=Party(names={"en": "Its neighbour"}, country="RO"),
        requester=own,
        lines=(Line(item="TENT", names={}, unit=BaseUnit.PIECE, offered=Decimal(40)),),
    )
    line = FormLine(item="TENT", unit="H87", asked=Decimal(40), name="Family tent")
    request = FormRequest(id="request", at=1_800_000_000, place=WORD, lines=(line,))
    common = {"now": 1_800_000_000, "node": "redcross.example.org", "own": own, "exercise": True}
    asked = FormFacts(about="request", references=("EX-1",), request=request, operations=(answer,), **common)  # type: ignore[arg-type]
    deeds = (Deed(verb="op.offer", count=1, first=1, last=1),)
    return asked, FormFacts(about="node", deeds=deeds, until=1_800_000_000, **common)  # type: ignore[arg-type]


async def _fields(adapter: Adapter) -> str:
    names = [one.name for one in await _asked(adapter)]
    return "" if len(names) == len(set(names)) else f"expected each name once; came {', '.join(names)}"


async def _asked(adapter: Adapter) -> tuple[FormField, ...]:
    found: tuple[FormField, ...] = await adapter.plugin.call(adapter.kind, adapter.name, "fields")
    return found


async def _made(adapter: Adapter, filled: dict[str, str]) -> list[FormData]:
    found = []
    for facts in some_facts():
        asked = msgspec.structs.replace(facts, filled=filled)
        try:
            found.append(await adapter.plugin.call(adapter.kind, adapter.name, "make", asked))
        except Declined:
            continue
    return found


async def _makes(adapter: Adapter) -> str:
    return "" if await _made(adapter, {}) else "expected a form of a request or of a node; came none"


async def _filled(adapter: Adapter) -> str:
    fields = await _asked(adapter)
    filled = {one.name: f"{WORD} {one.name}" for one in fields}
    for made in await _made(adapter, filled):
        msgspec.json.decode(made.data)
        shown = {entry.value for entry in made.entries}
        missing = [name for name, text in filled.items() if text not in shown]
        if missing or made.open:
            return f"expected what was filled in to be shown; {', '.join([*missing, *made.open])} came not"
    return ""
