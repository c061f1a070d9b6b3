"""One POST a notice, signed with HMAC-SHA256 in the way of the Standard Webhooks specification (symmetric, v1).

Signed is `id.timestamp.body`; the id is the notice's and the same at each try, the timestamp that of the try.
"""

import base64
import binascii
import hashlib
import hmac
import time
from typing import Annotated
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Meta

from xstock_mail.files import LOOPBACK, read_secret
from xstock_node.plugins import NotCarried, Notice, NotifierContext, Undeliverable

PREFIX = "whsec_"
LEAST_SECRET = 24
LARGEST = 16 * 1024


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`plugins/webhook.toml`: where to post, the file with the secret, and whose notices (empty: everybody's)."""

    url: Annotated[str, Meta(max_length=2000)]
    secret_file: str
    people: tuple[str, ...] = ()
    timeout: Annotated[float, Meta(gt=0, le=25)] = 10.0

    def __post_init__(self) -> None:
        url = urlsplit(self.url)
        local = url.scheme == "http" and url.hostname in LOOPBACK
        if not url.hostname or not (url.scheme == "https" or local) or url.username or url.fragment:
            raise ValueError("expected an https URL without user and fragment; http is for this machine alone")


class Webhook:
    """The notifier `webhook`."""

    name = "webhook"
    settings = WebhookSettings

    async def send(self, notice: Notice, context: NotifierContext) -> None:
        """Return once the other system answered with 2xx; redirects are not followed, its words not read."""
        settings: WebhookSettings = context.settings
        if settings.people and notice.to not in settings.people:
            raise NotCarried
        body = msgspec.json.encode(notice)
        if len(body) > LARGEST:
            raise Undeliverable(f"expected a notice of at most {LARGEST} bytes; came {len(body)}")
        secret = secret_of(read_secret(context.folder, settings.secret_file))
        headers = headers_of(notice.id, int(time.time()), body, secret)
        limit = aiohttp.ClientTimeout(total=settings.timeout)
        async with (
            aiohttp.ClientSession(timeout=limit, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.post(settings.url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            answer.close()
            if not 200 <= answer.status < 300:
                raise RuntimeError(f"expected 2xx; came {answer.status}")


def secret_of(text: str) -> bytes:
    """The key of a secret: `whsec_` and base64 of 24 bytes or more."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else b""
    except binascii.Error:
        key = b""
    if len(key) < LEAST_SECRET:
        raise ValueError(f"expected {PREFIX} and base64 of at least {LEAST_SECRET} bytes in secret_file")
    return key


def headers_of(id_: str, at: int, body: bytes, key: bytes) -> dict[str, str]:
    """The headers that go with a body; `at` unix seconds."""
    signed = f"{id_}.{at}.".encode() + body
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "User-Agent": "xstock-mail",
        "webhook-id": id_,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{signature}",
    }
