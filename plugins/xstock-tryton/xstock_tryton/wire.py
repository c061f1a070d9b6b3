"""JSON-RPC as trytond speaks it (`trytond/protocols/jsonrpc.py`): typed values, errors, what an HTTP status means.

Values that JSON has no form for are objects with `__class__`. Numbers come in as `Decimal`: the server rounds them to
the digits of their unit, and a float would lose that.
"""

import base64
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from xstock_node.plugins import Declined, HttpAnswer, OutcomeUnknown, Unauthorised, Unavailable

LONGEST: Final = 300
"""Characters of the server's words that are passed on."""
CALENDAR: Final = ("year", "month", "day")
CLOCK: Final = ("hour", "minute", "second", "microsecond")


class Expired(Unauthorised):
    """A 401: the session is over, or at a login, the password is wrong."""


def encode(method: str, params: list[Any]) -> bytes:
    """The body of a call; `id`, `method`, `params` and nothing else, or trytond answers without an envelope."""
    body = {"id": 1, "method": method, "params": params}
    return json.dumps(body, default=_typed, separators=(",", ":"), allow_nan=False).encode()


def decode(body: bytes) -> Any:
    """The value of a JSON body. Raises ValueError."""
    try:
        return json.loads(body, object_hook=_value, parse_float=Decimal, parse_constant=_refuse)
    except (ArithmeticError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"a value that is none: {type(error).__name__}") from None


def result(answer: HttpAnswer, writes: bool, now: int) -> Any:
    """What a call returned. Raises `Unauthorised` (401, 403), `Unavailable`, `OutcomeUnknown` for a write that may have
    been carried out, and `Declined` for what the server says to a person (UserError, UserWarning).
    """
    if answer.status in (401, 403):
        kind = Expired if answer.status == 401 else Unauthorised
        raise kind(f"expected Tryton to let the user in; came {answer.status}; check user, password and groups")
    unknown = OutcomeUnknown if writes and answer.status >= 500 else Unavailable
    if answer.status != 200:
        raise unknown(f"expected an answer of Tryton; came {answer.status}", retry_after(answer.headers, now))
    try:
        found = decode(answer.body)
        if not isinstance(found, dict) or not ("result" in found or "error" in found):
            raise ValueError("no envelope")
    except ValueError as error:
        unknown = OutcomeUnknown if writes else Unavailable
        raise unknown(f"expected JSON-RPC of Tryton; came {error}; check url and database") from None
    if "error" in found:
        raise _refusal(found["error"])
    return found["result"]


def retry_after(headers: dict[str, str], now: int) -> float:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), 0 where there is none or none that can be read."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:6])
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now)


def clean(text: object) -> str:
    """A server's words in one line, without control characters, of bounded length."""
    return " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())[:LONGEST]


def _refusal(error: Any) -> Exception:
    """Of `[class, [words ...]]` for what Tryton names, `[text, traceback]` for what broke inside."""
    name, said = (error[0], error[1]) if isinstance(error, list) and len(error) > 1 else (error, "")
    if name in ("UserError", "UserWarning") and isinstance(said, list):
        words = said[1:3] if name == "UserWarning" else said[:2]
        return Declined(f"Tryton says: {clean(' - '.join(str(word) for word in words if word))}")
    if name == "LoginException":
        return Unauthorised("expected a login by password alone; Tryton asks for more; use an account without it")
    return Unavailable(f"Tryton could not do it: {clean(name)}")


def _typed(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, datetime):
        return {"__class__": "datetime", **{name: getattr(value, name) for name in CALENDAR + CLOCK}}
    if isinstance(value, date):
        return {"__class__": "date", **{name: getattr(value, name) for name in CALENDAR}}
    if isinstance(value, time):
        return {"__class__": "time", **{name: getattr(value, name) for name in CLOCK}}
    if isinstance(value, timedelta):
        return {"__class__": "timedelta", "seconds": value.total_seconds()}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(value).decode()}
    raise TypeError(f"no JSON for {type(value).__name__}")


def _value(found: dict[str, Any]) -> Any:
    match found.get("__class__"):
        case "Decimal":
            return Decimal(found["decimal"])
        case "date":
            return date(*(found[name] for name in CALENDAR))
        case "datetime":
            return datetime(*(found[name] for name in CALENDAR + CLOCK))
        case "time":
            return time(*(found[name] for name in CLOCK))
        case "timedelta":
            return timedelta(seconds=float(found["seconds"]))
        case "bytes":
            return base64.b64decode(found["base64"])
    return found


def _refuse(word: str) -> Any:
    raise ValueError(f"no number: {word}")
