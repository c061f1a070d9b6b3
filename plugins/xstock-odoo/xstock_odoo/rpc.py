"""Two ways to call a method of Odoo: JSON-2 (19 and newer) and XML-RPC (18 and older; it is to be removed).

Both are of Odoo's "External API" pages. A key or password that is refused is not tried a second time in a call.
"""

import json
import xmlrpc.client
from datetime import UTC
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol
from xml.parsers import expat

from xstock_node.plugins import AdapterError, Context, HttpAnswer, Unauthorised, Unavailable
from xstock_odoo.settings import key

SECONDS: Final = 25.0
LONGEST: Final = 200
"""Characters of the server's words that are passed on."""
JSON2_SINCE: Final = 19
DENIED: Final = (3, 4)
"""XML-RPC faults: AccessDenied, AccessError; 2 is what is said to a person, 1 everything else, with a traceback."""


class Line(Protocol):
    """A way to call methods of models; `version` as the server tells it."""

    version: str

    async def call(self, model: str, method: str, **given: Any) -> Any:
        """What a method returns. Raises `Unauthorised`, `Unavailable`, and `AdapterError` for what is not there."""
        ...


async def connect(context: Context) -> Line:
    """The way that this server speaks. For XML-RPC this is a login, made once."""
    wanted, secret = context.settings.protocol, key(context.folder, context.settings.key_file)
    version = await _web_version(context) if wanted != "xmlrpc" else None
    if wanted == "json2" or (version is not None and _major(version) >= JSON2_SINCE):
        return _Json2(context, secret, version or "19 or newer")
    if not context.settings.user:
        raise Unauthorised("expected user in the settings: this Odoo is older than 19, and XML-RPC logs in by name")
    line = _XmlRpc(context, secret)
    await line.login()
    return line


class _Json2:
    def __init__(self, context: Context, secret: str, version: str) -> None:
        self._context, self.version = context, version
        self._headers = {
            "Authorization": f"bearer {secret}",
            "Content-Type": "application/json; charset=utf-8",
            "X-Odoo-Database": context.settings.database,
        }

    async def call(self, model: str, method: str, **given: Any) -> Any:
        body = json.dumps(given).encode()
        answer = await _sent(self._context, "POST", f"/json/2/{model}/{method}", self._headers, body)
        return _json(answer)


class _XmlRpc:
    version = ""

    def __init__(self, context: Context, secret: str) -> None:
        self._context, self._secret, self._user = context, secret, 0

    async def login(self) -> None:
        settings = self._context.settings
        told = await self._ask("common", "version")
        self.version = clean(told.get("server_version", "")) if isinstance(told, dict) else ""
        found = await self._ask("common", "authenticate", settings.database, settings.user, self._secret, {})
        if not isinstance(found, int) or isinstance(found, bool):
            raise Unauthorised("expected Odoo to let the user in; it does not; check database, user and key")
        self._user = found

    async def call(self, model: str, method: str, **given: Any) -> Any:
        who = (self._context.settings.database, self._user, self._secret)
        return await self._ask("object", "execute_kw", *who, model, method, [], given)

    async def _ask(self, service: str, method: str, *given: Any) -> Any:
        body = xmlrpc.client.dumps(given, method).encode()
        answer = await _sent(self._context, "POST", f"/xmlrpc/2/{service}", {"Content-Type": "text/xml"}, body)
        try:
            _plain(answer.body)
            (found,), _ = xmlrpc.client.loads(answer.body, use_builtin_types=True)
        except xmlrpc.client.Fault as fault:
            raise _fault(fault) from None
        except (
            expat.ExpatError,
            xmlrpc.client.Error,
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            LookupError,
        ) as error:
            raise Unavailable(f"expected XML-RPC of Odoo; came {type(error).__name__}; check url") from None
        return found


def _plain(body: bytes) -> None:
    """Refuses a document type before anything else reads the body: entities of it could grow without bound."""
    parser = expat.ParserCreate()

    def refuse(*_: Any) -> None:
        raise ValueError("a document type")

    parser.StartDoctypeDeclHandler = refuse
    parser.Parse(body, True)


def _fault(fault: xmlrpc.client.Fault) -> AdapterError:
    if fault.faultCode in DENIED:
        return Unauthorised("expected Odoo to let the user read this; it does not; check key and access rights")
    said = fault.faultString if isinstance(fault.faultString, str) else ""
    if fault.faultCode == 2:
        return AdapterError(f"Odoo says: {clean(said)}")
    last = said.strip().rpartition("\n")[2]  # what stands above it is a traceback
    if "doesn't exist" in last or "Invalid field" in last:
        return AdapterError(f"expected the app Inventory of Odoo; came: {clean(last)}")
    return Unavailable(f"Odoo could not do it: {clean(last)}")


async def _web_version(context: Context) -> str | None:
    """What `/web/version` tells, which is there since 19."""
    answer = await _sent(context, "GET", "/web/version", {}, b"", missing=True)
    if answer.status != 200:
        return None
    try:
        return clean(json.loads(answer.body)["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


async def _sent(
    context: Context, method: str, path: str, headers: dict[str, str], body: bytes, missing: bool = False
) -> HttpAnswer:
    """An answer with 200; with `missing`, also one that says that there is no such page."""
    url = context.settings.url.rstrip("/") + path
    answer = await context.http.request(method, url, headers=headers, body=body, timeout=SECONDS)
    if answer.status == 200 or (missing and answer.status in (301, 302, 303, 404, 405)):
        return answer
    if answer.status in (401, 403):
        raise Unauthorised(
            f"expected Odoo to take the key; came {answer.status}; check key, database and access rights"
        )
    if answer.status == 429 or answer.status >= 500:
        wait = retry_after(answer.headers, context.now())
        raise Unavailable(f"expected an answer of Odoo; came {answer.status}", wait)
    raise AdapterError(f"expected an answer of Odoo; came {answer.status}{_words(answer)}; check url and database")


def _words(answer: HttpAnswer) -> str:
    """The message of an error of JSON-2, without its traceback."""
    try:
        return f": {clean(json.loads(answer.body)['message'])}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _json(answer: HttpAnswer) -> Any:
    try:
        return json.loads(answer.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Unavailable("expected JSON of Odoo; came something else; check url") from None


def _major(version: str) -> int:
    """19 of `19.0`, `saas~19.1` or `19.0+e`."""
    digits = "".join(c if c.isascii() and c.isdigit() else " " for c in version).split()
    return int(digits[0][:4]) if digits else 0


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
