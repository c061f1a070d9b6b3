"""The fields of a step as a person types them: lines, counts, times such as +6h, and names kept apart."""

import re
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from xstock_node.cli.session import Session
from xstock_node.domain.steps import BODIES, Body
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import SideText
from xstock_node.services.typed import pair_of

TIMES = frozenset({"hold_until", "answer_by", "needed_by", "ready_at", "valid_until", "arrival", "at", "sent_at"})
COUNTED = ("good", "damaged", "short", "over")
_SPAN = re.compile(r"\+([0-9]{1,5})([mhd])", re.ASCII)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}


def moment(text: str, now: float | None = None) -> int:
    """Unix seconds of `+6h`, `+30m`, `+2d`, an ISO time with its offset, or unix seconds."""
    found = _SPAN.fullmatch(text)
    if found is not None:
        return int(time.time() if now is None else now) + int(found[1]) * _SECONDS[found[2]]
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal("bad-time", "a time such as +6h or 2027-03-28T06:00Z", text, "write it so", 2) from None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


async def lines_of(session: Session, texts: Iterable[str]) -> list[dict[str, Any]]:
    """Lines written `CODE=QUANTITY` or `CODE=QUANTITY:UNIT`; the unit is else the catalogue's."""
    found = []
    for text in texts:
        code, mark, rest = text.partition("=")
        quantity, _, unit = rest.partition(":")
        if not mark or not code:
            raise Refusal("bad-line", "CODE=QUANTITY or CODE=QUANTITY:UNIT", text, "write it so", 2)
        pair = pair_of(quantity, f"the quantity of {code}")
        found.append({"item": code, "unit": unit or await _unit(session, code), "qty": pair})
    return found


async def counts_of(session: Session, texts: Iterable[str]) -> list[dict[str, Any]]:
    """Counts written `CODE=good:76,damaged:2,short:2`; what is not named is zero."""
    found = []
    for text in texts:
        code, mark, rest = text.partition("=")
        count: dict[str, Any] = {"item": code, "unit": await _unit(session, code)} if mark else {}
        for part in rest.split(","):
            kind, _, quantity = part.partition(":")
            if not mark or kind not in COUNTED:
                raise Refusal("bad-count", f"CODE={','.join(f'{k}:N' for k in COUNTED)}", text, "write it so", 2)
            count[kind] = pair_of(quantity, f"{kind} of {code}")
        found.append(count)
    return found


def fields_of(verb: str, texts: Sequence[str]) -> dict[str, Any]:
    """Fields written `name=value`, by the type of the step's field; an unknown name is refused with those there are."""
    kind = BODIES.get(verb, Body)
    known = {field.name: field for field in msgspec.structs.fields(kind)}
    found: dict[str, Any] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        if not mark or name not in known:
            raise Refusal("bad-field", f"fields of {verb}: {', '.join(known)}", text, "write name=value", 2)
        found[name] = moment(value) if name in TIMES else _typed(value, known[name].type)
    return found


def side_of(texts: Iterable[str]) -> list[SideText]:
    """Personal data written `kind=text`, such as `driver=...` or `plate=...`."""
    found = []
    for text in texts:
        kind, mark, said = text.partition("=")
        if not mark:
            raise Refusal("bad-side", "KIND=TEXT, such as plate=CB1234AB", text, "write it so", 2)
        found.append(SideText(kind=kind, text=said))
    return found


def _typed(value: str, type_: Any) -> Any:
    """The text where the field is one, else JSON."""
    try:
        msgspec.convert(value, type_)
        return value
    except msgspec.ValidationError:
        pass
    try:
        return msgspec.json.decode(value)
    except msgspec.DecodeError:
        return value  # the step's own check says what is wanted


async def _unit(session: Session, code: str) -> str:
    from xstock_node.services.cataloguing import ItemCode

    return str((await session.call("catalogue.show", ItemCode(code=code))).unit)
