"""Posts to a real HTTP server: signed, bounded, and never sent on to where a redirect points."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from xstock_mail.webhook import Webhook, WebhookSettings

from xstock_node.plugins import NotCarried, Notice, NotifierContext, Undeliverable

Make = Callable[..., Notice]
KEY = bytes(range(32))


class Hook:
    """What a server got, and how it answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.headers = 204, dict[str, str]()
        self.wait: asyncio.Event | None = None


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async def take(request: web.Request) -> web.Response:
        found.got.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        if found.wait is not None:
            await found.wait.wait()
        return web.Response(status=found.status, headers=found.headers)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    server = TestServer(app)
    await server.start_server()
    found = Hook(f"http://127.0.0.1:{server.port}/duty")
    yield found
    if found.wait is not None:
        found.wait.set()
    await server.close()


def context(url: str, folder: Path, **changed: Any) -> NotifierContext:
    path = folder / "hook.secret"
    path.write_text(f"whsec_{base64.b64encode(KEY).decode()}\n", "ascii")
    path.chmod(0o600)
    fields: dict[str, Any] = {"url": url, "secret_file": "hook.secret", "timeout": 5}
    return NotifierContext(msgspec.convert(fields | changed, WebhookSettings), folder)


async def test_the_receiver_can_verify_who_sent_a_notice_and_that_it_is_whole(
    hook: Hook, notice: Make, tmp_path: Path
) -> None:
    await Webhook().send(notice(), context(hook.url, tmp_path))
    ((headers, body),) = hook.got
    signed = headers["webhook-id"].encode() + b"." + headers["webhook-timestamp"].encode() + b"." + body
    right = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{right}"
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert headers["webhook-id"] == "0123456789ab" and headers["content-type"] == "application/json"
    said = json.loads(body)
    assert (said["to"], said["operation"], said["kind"], said["exercise"]) == ("ivan", "r-1", "your-turn", False)


async def test_the_id_is_the_same_at_each_try(hook: Hook, notice: Make, tmp_path: Path) -> None:
    hook.status = 500
    for _ in range(2):
        with pytest.raises(RuntimeError, match="500"):
            await Webhook().send(notice(), context(hook.url, tmp_path))
    assert hook.got[0][0]["webhook-id"] == hook.got[1][0]["webhook-id"] and hook.got[0][1] == hook.got[1][1]


async def test_a_redirect_is_an_error_and_is_not_followed(hook: Hook, notice: Make, tmp_path: Path) -> None:
    hook.status, hook.headers = 307, {"Location": hook.url + "/elsewhere"}
    with pytest.raises(RuntimeError, match="307"):
        await Webhook().send(notice(), context(hook.url, tmp_path))
    assert len(hook.got) == 1


async def test_a_silent_server_ends_at_the_time_out_and_a_long_notice_is_never_sent(
    hook: Hook, notice: Make, tmp_path: Path
) -> None:
    hook.wait = asyncio.Event()
    with pytest.raises(TimeoutError):
        await Webhook().send(notice(), context(hook.url, tmp_path, timeout=0.05))
    with pytest.raises(Undeliverable):
        await Webhook().send(notice(text="x" * 20_000), context(hook.url, tmp_path))
    assert len(hook.got) == 1


async def test_only_the_named_people_s_notices_are_posted(hook: Hook, notice: Make, tmp_path: Path) -> None:
    with pytest.raises(NotCarried):
        await Webhook().send(notice(), context(hook.url, tmp_path, people=["eva"]))
    assert not hook.got


@pytest.mark.parametrize(
    "url", ["http://example.org/x", "ftp://127.0.0.1/x", "https:///x", "https://a:b@example.org/", "x"]
)
def test_a_url_that_could_leak_a_notice_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(msgspec.ValidationError):
        context(url, tmp_path)


async def test_a_weak_or_readable_secret_sends_nothing(hook: Hook, notice: Make, tmp_path: Path) -> None:
    made = context(hook.url, tmp_path)
    (tmp_path / "hook.secret").write_text("whsec_c2hvcnQ=\n", "ascii")
    with pytest.raises(ValueError, match="24 bytes"):
        await Webhook().send(notice(), made)
    (tmp_path / "hook.secret").chmod(0o640)
    with pytest.raises(ValueError, match="chmod 600"):
        await Webhook().send(notice(), made)
    assert not hook.got
