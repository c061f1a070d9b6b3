"""Reading: page after page of a system's answer, each row a line."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from xstock_node.plugins import (
    AdapterError,
    Capabilities,
    Context,
    CursorExpired,
    Gone,
    HttpAnswer,
    NotAllowed,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
    Unavailable,
    read_secret,
)
from xstock_rest.settings import Interface, RestSettings, filled, interface
from xstock_rest.values import Rejected, at, line_of, text

SECONDS: Final = 25.0
MOST_ROWS: Final = 200_000
MOST_PAGES: Final = 20_000


class RestSource:
    """The inventory source `rest`."""

    name = "rest"
    title = "Web interface"
    settings = RestSettings

    async def describe(self, context: Context) -> Capabilities:
        """Ask for the first page: address, secret and the place of the rows are right."""
        told = interface(context.settings)
        async for _ in _pages(context, told):
            break
        return Capabilities(system=told.system if told.tried else f"{told.system} (not tried)")

    async def snapshot(self, context: Context) -> AsyncIterator[SourceLine | RejectedLine | SnapshotEnd]:
        """All rows, at most 200,000; where there are more, the end says that it is not complete."""
        told, as_of = interface(context.settings), context.now()
        number, keys = 0, set[str]()
        async for rows in _pages(context, told):
            for row in rows:
                number += 1
                if number > MOST_ROWS:
                    yield SnapshotEnd(as_of=as_of, count=len(keys), complete=False)
                    return
                line = _line(row, number, told)
                if isinstance(line, SourceLine):
                    if line.key in keys:
                        raise Unavailable(
                            f"expected each key once; row {number} has one again; stock moved, or mend key"
                        )
                    keys.add(line.key)
                yield line
        yield SnapshotEnd(as_of=as_of, count=len(keys))

    async def changes(
        self, context: Context, cursor: str
    ) -> AsyncIterator[SourceLine | Gone | RejectedLine | SnapshotEnd]:
        """Rows that are gone leave no trace."""
        raise CursorExpired("expected a whole snapshot: this interface tells no changes")
        yield  # makes it a generator


async def _pages(context: Context, told: Interface) -> AsyncIterator[list[Any]]:
    """The rows of one answer after the other."""
    paging, headers = told.paging, await _headers(context, told)
    url: str | None = _first(context, told)
    seen, count = set[str](), 0
    while url is not None:
        if url in seen or len(seen) >= MOST_PAGES:
            raise Unavailable("expected pages with an end; one came again, or there are too many; check paging")
        seen.add(url)
        found = _json(_checked(await context.http.request("GET", url, headers=headers, timeout=SECONDS), context))
        rows = at(found, told.rows)
        if not isinstance(rows, list):
            raise AdapterError(
                f"expected rows at {told.rows or 'the top'} of the answer; came something else; mend rows"
            )
        yield rows
        count += len(rows)
        match paging.kind:
            case "offset":
                url = _with(url, {paging.parameter: str(count)}) if _more(found, rows, count, told) else None
            case "page":
                number = str(paging.first + len(seen))
                url = _with(url, {paging.parameter: number}) if _more(found, rows, count, told) else None
            case "next":
                url = _linked(url, at(found, paging.next))
            case "cursor":
                cursor = text(at(found, paging.next))
                url = _with(url, {paging.parameter: cursor}) if cursor else None
            case _:
                url = None


def _more(found: Any, rows: list[Any], count: int, told: Interface) -> bool:
    """Whether another page is to be asked for. A server may give fewer rows than asked, so its own total counts."""
    total = at(found, told.paging.total) if told.paging.total else None
    if not isinstance(total, int) or isinstance(total, bool):
        return len(rows) >= told.paging.size
    if not rows and count < total:
        raise Unavailable(f"expected {total} rows; came {count}; stock moved, or mend paging")
    return count < total


def _first(context: Context, told: Interface) -> str:
    settings, paging = context.settings, told.paging
    url = settings.url.rstrip("/") + filled(told.path, settings.values, escape=True)
    given = {name: filled(value, settings.values) for name, value in told.query.items()}
    if paging.size_parameter:
        given[paging.size_parameter] = str(paging.size)
    if paging.kind == "offset":
        given[paging.parameter] = "0"
    elif paging.kind == "page":
        given[paging.parameter] = str(paging.first)
    return _with(url, given)


def _with(url: str, given: dict[str, str]) -> str:
    """An address with query parameters set."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True)) | given
    return parts._replace(query=urlencode(query)).geturl()


def _linked(url: str, link: Any) -> str | None:
    """Where a link of the answer leads; never to another server, as the secret goes along."""
    if link is None or link == "":
        return None
    target = urljoin(url, link) if isinstance(link, str) else ""
    if urlsplit(target)[:2] != urlsplit(url)[:2]:
        raise NotAllowed("expected a next page of the same server; came another address; check paging")
    return target


async def _headers(context: Context, told: Interface) -> dict[str, str]:
    """What shows the secret. For a session this is a login, made once."""
    settings, auth = context.settings, told.auth
    headers = {"Accept": "application/json"}
    if auth.kind == "none":
        return headers
    word = read_secret(context.folder, settings.secret_file)
    match auth.kind:
        case "bearer":
            headers["Authorization"] = f"Bearer {word}"
        case "basic":
            pair = base64.b64encode(f"{settings.user}:{word}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        case "header":
            headers[auth.header] = f"{auth.prefix}{word}"
        case "session":
            headers["Cookie"] = await _login(context, told, word)
    return headers


async def _login(context: Context, told: Interface, word: str) -> str:
    settings, auth = context.settings, told.auth
    given = {name: filled(value, settings.values) for name, value in auth.body.items()}
    body = json.dumps(given | {auth.user_name: settings.user, auth.password_name: word}).encode()
    url = settings.url.rstrip("/") + filled(auth.path, settings.values, escape=True)
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    answer = _checked(await context.http.request("POST", url, headers=headers, body=body, timeout=SECONDS), context)
    try:
        cookies = SimpleCookie(answer.headers.get("set-cookie", ""))
    except CookieError:
        cookies = SimpleCookie()
    if not cookies:
        raise Unauthorised("expected a session cookie at the login; none came; check user, secret and auth")
    return "; ".join(f"{name}={morsel.coded_value}" for name, morsel in cookies.items())


def _checked(answer: HttpAnswer, context: Context) -> HttpAnswer:
    """An answer with 200. Raises what another status means; the body of an error is not passed on."""
    if answer.status == 200:
        return answer
    if answer.status in (401, 403):
        raise Unauthorised(f"expected the system to take the secret; came {answer.status}; check secret and rights")
    if answer.status == 429 or answer.status >= 500:
        raise Unavailable(f"expected an answer; came {answer.status}", retry_after(answer.headers, context.now()))
    raise AdapterError(f"expected an answer; came {answer.status}; check url, profile and values")


def _json(answer: HttpAnswer) -> Any:
    try:
        return json.loads(answer.body, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Unavailable("expected JSON; came something else; check url") from None


def _refuse(word: str) -> Any:
    raise ValueError(f"no number: {word}")


def retry_after(headers: dict[str, str], now: int) -> float:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3), 0 where there is none or none that can be read."""
    found = headers.get("retry-after", "").strip()
    if found.isascii() and found.isdigit():
        return float(found[:6])
    try:
        when = parsedate_to_datetime(found)
    except ValueError:
        return 0.0
    return max(0.0, (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now)


def _line(row: Any, number: int, told: Interface) -> SourceLine | RejectedLine:
    try:
        key, line = line_of(row, told)
        return SourceLine(key=key, line=line)
    except Rejected as error:
        return RejectedLine(line=number, reason=str(error), text=_shown(row, told))


def _shown(row: Any, told: Interface) -> str | None:
    """Code and name of a rejected row, so that a person finds it."""
    found = []
    for field in ("item_code", "item_name"):
        try:
            found.append(text(at(row, told.fields[field])) if field in told.fields else None)
        except Rejected:
            continue
    return " ".join(part for part in found if part)[:200] or None
