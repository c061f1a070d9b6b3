"""Messages, chains, steps and receipts."""

from types import SimpleNamespace
from typing import Any, cast

from tests.vectors.checks.form import Check, Given, data
from tests.vectors.checks.signed import verified
from xstock_node.protocol import chains, messages
from xstock_node.protocol.messages import Link
from xstock_node.services.casework import Casework
from xstock_node.services.dossier import Dossier, Entry
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCase


def _link(found: Link) -> dict[str, Any]:
    return {"start": found.start, "n": found.n, "hash": found.hash}


def message(sent: bytes, given: Given) -> Any:
    found = messages.parse(sent)
    verified(found.note, found.sender, given)
    said = {"network": found.network, "from": found.sender, "to": found.recipient, "case": found.case}
    return said | {"link": _link(found.link), "seen": _link(found.seen), "step": found.step.step}


def place(sent: bytes, given: Given) -> Any:
    held = [messages.parse(data(one)).link for one in given["chain"]]
    found = chains.place(held, messages.parse(sent))
    return {"verdict": found.verdict, "void": [link.n for link in found.void]}


def side_lines(sent: bytes, given: Given) -> Any:
    found = messages.check_side_lines(messages.parse(sent).step, tuple(data(one) for one in given["side"]))
    return [{"kind": line.kind, "text": line.text} for line in found]


def receipt(sent: bytes, given: Given) -> Any:
    found = messages.parse_receipt(sent)
    verified(found.note, found.sender, given)
    said = {"from": found.sender, "to": found.recipient, "case": found.case}
    return said | {"of": _link(found.of), "time": found.time}


def step(sent: bytes, given: Given) -> Any:
    """The rule by which the other side takes a message."""
    found, is_member = messages.parse(sent), not given.get("former_member", False)
    chain = {side: [messages.parse(data(one)) for one in given[side]] for side in ("requester", "supplier")}
    first = (chain["requester"] or [found])[0]
    case = StoredCase(found.case, found.network, first.sender, first.recipient, 0)

    def dossier() -> Dossier:
        both = (tuple(Entry(m, True) for m in chain[side]) for side in ("requester", "supplier"))
        return Dossier(case, *both)

    membership = SimpleNamespace(is_member=lambda name: is_member)
    desk = cast(Casework, SimpleNamespace(network=SimpleNamespace(membership=membership)))
    Casework._may_take(desk, cast(Transaction, None), dossier(), found)
    chain[dossier().side(found.sender)].append(found)
    return {"state": str(dossier().state())}


CHECKS: dict[str, Check] = {
    "message": message,
    "place": place,
    "side-lines": side_lines,
    "receipt": receipt,
    "step": step,
}
