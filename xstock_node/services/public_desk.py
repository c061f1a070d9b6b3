"""The public desk: who may ask a plugin what on the public port, and what is answered.

Every request is judged before a plugin sees it: the address is one that a manifest states and the operator switched on,
the method is right, the caller is who it has to be, the body is small enough, and it does not come too often. What goes
wrong inside a plugin is answered with 503 and told to the operator, never to the caller.
"""

import base64
import hashlib
import hmac
import secrets
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from xstock_node.plugins.calls import Defect, bounded
from xstock_node.plugins.errors import AdapterError
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.manifest import AdapterEntry
from xstock_node.plugins.plugin import Switched
from xstock_node.plugins.public import PageAsk, PageData, PublicAnswer, PublicRequest
from xstock_node.plugins.settings import Settings
from xstock_node.protocol import limits
from xstock_node.protocol.quota import TokenBucket
from xstock_node.services.errors import Refusal
from xstock_node.services.looked import Finding
from xstock_node.services.office import Actor, Office

__all__ = ["Caller", "Denied", "Found", "PageData", "PageRequest", "PublicAnswer", "PublicDesk", "PublicRequest"]

TOLERANCE: Final = 300
CALLERS: Final = 10_000
HIDDEN: Final = frozenset(("authorization", "cookie", "proxy-authorization", "webhook-signature"))
PREFIX: Final = "whsec_"
LEAST_SECRET: Final = 24
SECRET_FILE: Final = 4096


class Caller(NamedTuple):
    """Who asks: address, and the SHA-256 of the certificate that was shown and proved, in hex, or an empty text."""

    address: str
    certificate: str = ""


class Denied(Exception):
    """The request is not let through: a status, and a word that says no more than the caller may know."""

    def __init__(self, status: int, word: str, wait: int = 0) -> None:
        super().__init__(word)
        self.status, self.word, self.wait = status, word, wait


class Found(NamedTuple):
    """A route or a public page, with what its manifest states and its settings."""

    adapter: Adapter
    entry: AdapterEntry
    settings: Settings


def group_of(address: str) -> str:
    """Who is counted as one caller: an address of IPv4, or the 64 bits of IPv6 that one customer has many of."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv4Address):
        return address
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


def public_findings(plain: str) -> list[Finding]:
    """What `doctor` says of a public port that others reach without TLS: tokens and webhooks travel in clear."""
    if not plain:
        return []
    do = "set public_port.tls_certificate, or listen on 127.0.0.1 behind a proxy that does TLS"
    return [Finding(check="public port", state="warning", found=f"{plain} listens without TLS", do=do)]


class PublicDesk:
    """Judges requests of strangers, and lets plugins answer."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._buckets: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()
        self._inside: Counter[str] = Counter()

    @contextmanager
    def let_in(self, caller: Caller) -> Iterator[None]:
        """Hold a place for a request while it is dealt with; `Denied` with 503 where all are taken."""
        who = group_of(caller.address)
        held = self._inside[who]
        if self._inside.total() >= limits.PLUGIN_PUBLIC_AT_ONCE or held >= limits.PLUGIN_PUBLIC_AN_ADDRESS:
            raise Denied(503, "busy", 1)
        self._inside[who] += 1
        try:
            yield
        finally:
            self._inside[who] -= 1
            self._inside += Counter()  # forgets who has nothing inside

    def find(self, plugin: str, path: str, method: str, caller: Caller) -> Found:
        """What stands at an address; `Denied` with 404 or 405 otherwise, and with 429 who asks so too often."""
        found = self._standing(plugin, path)
        for one in found:
            if method in one.entry.methods:
                return one
        self._take(("", caller.address), limits.PLUGIN_MISSES_A_SECOND, limits.PLUGIN_MISSES_BURST)
        raise Denied(405, "method") if found else Denied(404, "not-found")

    def admit(self, found: Found, caller: Caller) -> None:
        """Count a request against its rate, before its body is read."""
        key = (f"{found.adapter.kind} {found.adapter.name}", caller.address)
        self._take(key, found.entry.a_minute / 60, max(1.0, found.entry.a_minute / 6))

    def _take(self, key: tuple[str, str], a_second: float, burst: float) -> None:
        key = key[0], group_of(key[1])
        bucket = self._buckets.pop(key, None) or TokenBucket(a_second, burst)
        self._buckets[key] = bucket
        while len(self._buckets) > CALLERS:
            self._buckets.popitem(last=False)
        if wait := bucket.take(1, self._office.node.clock.steady()):
            raise Denied(429, "too-often", max(1, round(wait)))

    def authenticate(self, found: Found, caller: Caller, headers: dict[str, str], body: bytes) -> str:
        """Who asks is who it has to be; the id of a signed webhook. `Denied` with 401 otherwise."""
        host, folder = found.settings.host, self._office.home / "plugins"
        how = found.entry.authentication
        if how in ("none", ""):
            return ""
        if how == "mutual-tls":
            known = {text.replace(":", "").lower() for text in host.certificates}
            if not caller.certificate or caller.certificate not in known:
                raise Denied(401, "certificate")
            return ""
        secret = _secret(folder, host.token_file if how == "token" else host.secret_file)
        if how == "token":
            word, _, shown = headers.get("authorization", "").partition(" ")
            if not secret or word.lower() != "bearer" or not _same(shown.strip(), secret):
                raise Denied(401, "token")
            return ""
        return _signed(secret, headers, body, self._office.node.clock.now())

    async def answer(self, found: Found, request: PublicRequest) -> PublicAnswer | PageData:
        """What the plugin answers; `Denied` with 503 where it does not."""
        adapter = found.adapter
        try:
            if adapter.kind == "page":
                ask = PageAsk(query=request.query, form=_filled(request) if request.method == "POST" else None)
                page: PageData = await adapter.plugin.call("page", adapter.name, "show", ask)
                return page
            given: PublicAnswer = await adapter.plugin.call("route", adapter.name, "answer", request)
            return given
        except (AdapterError, Defect) as error:
            raise Denied(503, "plugin", int(bounded(getattr(error, "retry_after", 0.0))) or 30) from None

    def _standing(self, plugin: str, path: str) -> list[Found]:
        """The routes and public pages at an address that are switched on by a file of settings."""
        found = []
        for kind in ("route", "page"):
            for one in self._office.host.of_kind(kind):
                entry = next(e for e in one.plugin.manifest.adapter or () if (e.kind, e.name) == (kind, one.name))
                if one.plugin.name != plugin or entry.address != path:
                    continue
                try:
                    settings = one.plugin.settings_of(one.name)
                except (OSError, ValueError):
                    continue  # it is named in `plugin list` and by `doctor`
                if settings is not None and (kind == "route" or entry.public):
                    found.append(Found(one, entry, settings))
        return found


class PageRequest(PageAsk, frozen=True, kw_only=True):
    """A page of a plugin by its name, and what is asked of it."""

    page: str


async def show_page(office: Office, actor: Actor, request: PageRequest) -> PageData:
    """A page of a plugin, as data."""
    found = next((one for one in office.host.of_kind("page") if one.name == request.page), None)
    if found is None:
        known = ", ".join(one.name for one in office.host.of_kind("page")) or "none"
        raise Refusal("no-page", f"a page of a plugin ({known})", request.page, "see `xstock plugin list`", 2)
    ask = PageAsk(query=request.query, form=request.form)
    try:
        page: PageData = await found.plugin.call("page", found.name, "show", ask)
    except Switched as error:
        raise Refusal("page-off", f"the page {request.page}", str(error), "switch it on") from None
    except (AdapterError, Defect) as error:
        raise Refusal("page-failed", f"the page {request.page}", str(error), "see `xstock plugin list`") from None
    return page


def _filled(request: PublicRequest) -> dict[str, str]:
    """What was filled into a form; `Denied` for what is none."""
    try:
        text = request.body.decode("utf-8")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=limits.PLUGIN_FORM_FIELDS
        )
    except (UnicodeDecodeError, ValueError):
        raise Denied(400, "form") from None
    return dict(pairs)


def open_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers that a plugin sees: none that carry secrets. `Denied` with 400 for what is no text."""
    return texts({name: value[:2000] for name, value in headers.items() if name not in HIDDEN})


def texts(found: dict[str, str]) -> dict[str, str]:
    """What was shown, where all of it is text; `Denied` with 400 where it has bytes that are none."""
    try:
        "".join(f"{name}{value}" for name, value in found.items()).encode()
    except UnicodeEncodeError:
        raise Denied(400, "not-text") from None
    return found


def _secret(folder: Path, name: str) -> str:
    """The one line of a file that its owner alone can read; empty where there is none, so that nobody gets in."""
    if not name:
        return ""
    try:
        path = folder / name
        if path.stat().st_mode & 0o077:
            return ""
        with path.open("rb") as file:
            return file.read(SECRET_FILE).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _signed(secret: str, headers: dict[str, str], body: bytes, now: int) -> str:
    """The id of a webhook signed by HMAC-SHA256 over `id.timestamp.body` (Standard Webhooks, symmetric, v1)."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True) if secret.startswith(PREFIX) else b""
    except ValueError:
        key = b""
    id_, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if len(key) < LEAST_SECRET or not 0 < len(id_) <= 200 or not f"{id_}{sent}".isascii() or not sent.isdecimal():
        raise Denied(401, "signature")
    if abs(now - int(sent[:12])) > TOLERANCE:
        raise Denied(401, "time")
    signed = f"{id_}.{sent}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    shown = [text.removeprefix("v1,") for text in headers.get("webhook-signature", "").split(" ")[:10]]
    if not any(_same(one, wanted) for one in shown):
        raise Denied(401, "signature")
    return id_


def _same(shown: str, wanted: str) -> bool:
    """Whether two texts are the same, in a time that does not tell; what is no text is not."""
    return secrets.compare_digest(shown.encode(errors="surrogateescape"), wanted.encode())
