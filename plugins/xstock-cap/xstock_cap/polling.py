"""Asking a feed for what is new: ETag and Last-Modified (RFC 9110, 13.1), and patience where it asks for it.

What is known of an address is kept in the plugin's store. For an hour only: should the node lose a reading, it comes
again with the next whole answer.
"""

import hashlib
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Annotated, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from xstock_node.plugins import Context, HttpAnswer, Unauthorised, Unavailable

FRESH: Final = 3600
"""Seconds for which an answer is taken as known."""
SECONDS: Final = 25.0
PATIENCE: Final = 3600.0
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADER: Final = 1000

Url = Annotated[str, Meta(min_length=1, max_length=1000)]


class State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of one address: what its server called the last answer, and when it may be asked; unix seconds."""

    etag: str = ""
    modified: str = ""
    read_at: int = 0
    wait_until: int = 0


class Fetched(NamedTuple):
    """A whole answer. `kept` is to be written into the store once its content is read."""

    body: bytes
    kept: Mapping[str, bytes]


def checked_url(text: str) -> None:
    """Raises ValueError for what is no address of a feed."""
    url = urlsplit(text)
    local = url.scheme == "http" and url.hostname in LOOPBACK
    if not url.hostname or not (url.scheme == "https" or local) or "@" in url.netloc or url.fragment:
        raise ValueError("expected an https URL without user and fragment; http is for this machine alone")


def key_of(adapter: str, what: str, url: str) -> str:
    """Under which key the store has something of an address."""
    return f"{adapter}/{what}/{hashlib.sha256(url.encode()).hexdigest()[:32]}"


async def state_of(context: Context, adapter: str, url: str) -> State:
    """What is known of an address; what cannot be read is not known."""
    raw = await context.store.get(key_of(adapter, "state", url))
    try:
        return msgspec.json.decode(raw or b"{}", type=State)
    except msgspec.MsgspecError:
        return State()


async def fetch(context: Context, adapter: str, url: str) -> Fetched | None:
    """The answer, None where nothing changed. Raises `Unauthorised`, or `Unavailable` with how long to wait."""
    known, now = await state_of(context, adapter, url), context.now()
    if now < known.wait_until <= now + PATIENCE:
        raise Unavailable(f"{_host(url)} asked to wait", float(known.wait_until - now))
    headers = {"Accept": "*/*", "User-Agent": "xstock-cap"}  # some answer 406 to anything narrower
    if now - known.read_at < FRESH:
        headers |= {"If-None-Match": known.etag} if known.etag else {}
        headers |= {"If-Modified-Since": known.modified} if known.modified else {}
    answer = await context.http.request("GET", url, headers=headers, timeout=SECONDS)
    if answer.status == 304:
        return None
    key = key_of(adapter, "state", url)
    try:
        _well(answer, url, now)
    except Unavailable as error:
        if error.retry_after:
            waiting = State(known.etag, known.modified, known.read_at, now + int(error.retry_after))
            await context.store.write({key: msgspec.json.encode(waiting)})
        raise
    state = State(_header(answer, "etag"), _header(answer, "last-modified"), now)
    return Fetched(answer.body, {key: msgspec.json.encode(state)})


def _well(answer: HttpAnswer, url: str, now: int) -> None:
    status, host = answer.status, _host(url)
    if status in (401, 403):
        raise Unauthorised(f"expected {host} to give its feed; came {status}; ask it for access, or mend the settings")
    if status == 429 or status >= 500:
        raise Unavailable(f"expected a feed of {host}; came {status}; it is asked again", _retry_after(answer, now))
    if status != 200:
        moved = f" to {answer.headers.get('location', '')[:200]}" if 300 <= status < 400 else ""
        raise Unavailable(f"expected a feed of {host}; came {status}{moved}; mend its address in the settings")


def _retry_after(answer: HttpAnswer, now: int) -> float:
    """Seconds, from seconds or a date (RFC 9110, 10.2.3); 0 where the server says nothing."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), PATIENCE)
    try:
        return min(max(0.0, parsedate_to_datetime(text).timestamp() - now), PATIENCE)
    except (ValueError, OverflowError):
        return 0.0


def _header(answer: HttpAnswer, name: str) -> str:
    text = answer.headers.get(name, "")
    return text if len(text) <= _HEADER and text.isprintable() else ""


def _host(url: str) -> str:
    return urlsplit(url).hostname or url[:60]
