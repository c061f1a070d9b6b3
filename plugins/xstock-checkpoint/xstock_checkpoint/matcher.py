"""The matcher: takes what cameras say, and hands over to the node which declared convoys were among it, nothing else.

It runs at the operator of the cameras and keeps nothing: no file, no counter and no log line of a plate. A camera gets
200 for a hit once the node has it on disk, for a miss at once, and 503 where the node could not be told, so that it
sends the message again.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from aiohttp import BodyPartReader, ClientError, ClientSession, ClientTimeout, web

from xstock_checkpoint.readings import READERS, Reading, read
from xstock_node.domain.declared import BYTES, SURE, DeclaredList
from xstock_node.plugins.declared_lists import BadList, open_list
from xstock_node.plugins.markup import BadMarkup

BODY: Final = 1024 * 1024
"""Bytes of a message without its pictures."""
WHOLE: Final = 32 * 1024 * 1024
"""Bytes of a message with its pictures, which are passed over unread."""
ANSWER: Final = 16 * 1024
SECONDS: Final = 10.0
OLDEST: Final = 2 * 86_400
TEXTS: Final = ("application/json", "text/json", "application/xml", "text/xml", "text/plain", "")


class Post(NamedTuple):
    """Where the cameras stand, and the node that is told."""

    place: str
    country: str
    event: str
    node: str
    token: str


class Matcher:
    """One list, one post, one node. `now` gives unix seconds; `say` takes lines for the operator, never of a plate."""

    def __init__(
        self,
        path: Path,
        digits: str,
        post: Post,
        session: ClientSession,
        now: Callable[[], float] = time.time,
        say: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
    ) -> None:
        self._path, self._digits, self._post, self._session = path, digits, post, session
        self._now, self._say = now, say
        self._held: tuple[float, DeclaredList | None] = (0.0, None)
        self._turns = asyncio.Semaphore(2)
        self._lacks = ""

    def app(self) -> web.Application:
        """An address for each make of camera."""
        app = web.Application(client_max_size=BODY)
        for make in READERS:
            app.router.add_post(f"/{make}", self.answer)
        return app

    def list_now(self) -> DeclaredList | None:
        """The list that runs now; None where there is none, and a line that says why. A newer file is taken at once."""
        try:
            changed = self._path.stat().st_mtime
            if changed != self._held[0]:
                raw = self._path.read_bytes()[: 3 * BYTES + 1]
                self._held = (changed, None)
                self._held = (changed, open_list(raw, self._digits, int(self._now())))
        except (OSError, BadList) as error:
            self._without(f"no list: {error}")
            return None
        held = self._held[1]
        if held is None or not held.begins <= self._now() < held.ends:
            self._without("no list runs now: nothing is told; ask the node's operator for one")
            return None
        self._lacks = ""
        return held

    def _without(self, why: str) -> None:
        """Say once why nothing is looked for."""
        if why != self._lacks and (self._lacks == "" or why.startswith("no list:")):
            self._say(why)
        self._lacks = why

    async def answer(self, request: web.Request) -> web.Response:
        """One message of a camera."""
        make = request.path.strip("/")
        try:
            async with asyncio.timeout(SECONDS):
                found = read(make, await _text_of(request))
        except (BadMarkup, TimeoutError):
            return web.Response(status=400, text=f"expected a message of {make}")
        listed = self.list_now()
        if listed is None:
            return web.Response()
        for reading in found:
            async with self._turns:
                convoys, exact = await asyncio.to_thread(listed.find, reading.plate)
            for convoy in convoys:
                if not await self._told(make, convoy, exact and reading.confidence >= SURE, reading):
                    return web.Response(status=503, text="the node was not told; send it again")
        return web.Response()

    async def _told(self, make: str, convoy: str, sure: bool, reading: Reading) -> bool:
        """Whether the node has it on disk, or wants it no more."""
        now = int(self._now())
        at = reading.at if now - OLDEST < reading.at <= now + 300 else now  # else the camera's clock is wrong
        post = self._post
        body: dict[str, object] = {"convoy": convoy, "place": post.place, "country": post.country, "event": post.event}
        body |= {"at": at, "source": make, "sure": sure}
        try:
            async with self._session.post(
                f"{post.node}/plugins/xstock-checkpoint/hits",
                data=msgspec.json.encode(body),
                headers={"Authorization": f"Bearer {post.token}", "Content-Type": "application/json"},
                timeout=ClientTimeout(total=SECONDS),
                allow_redirects=False,
            ) as answer:
                said = (await answer.content.read(ANSWER)).decode("utf-8", "replace")
                status = answer.status
        except (ClientError, TimeoutError, OSError) as error:
            self._say(f"the node was not reached: {type(error).__name__}")
            return False
        if status == 409:
            self._say("a convoy of the list is expected no more: ask for a new list")
            return True
        if status != 200:
            self._say(f"the node answered {status}: {said[:300]}")
        return status == 200


async def _text_of(request: web.Request) -> bytes:
    """The message itself: the body, or of a body in parts the first one that is text. Pictures are not read."""
    kind = request.content_type
    if not kind.startswith("multipart/"):
        return await _bounded(request.content.read)
    if request.content_length is not None and request.content_length > WHOLE:
        raise BadMarkup("too-large", f"at most {WHOLE} bytes", str(request.content_length))
    try:
        parts = await request.multipart()
        for _ in range(10):
            part = await parts.next()
            if part is None:
                break
            if isinstance(part, BodyPartReader) and part.headers.get("Content-Type", "").partition(";")[0] in TEXTS:
                return await _bounded(part.read_chunk)
            if isinstance(part, BodyPartReader):
                await part.release()
    except (ValueError, AssertionError) as error:
        raise BadMarkup("bad-shape", "a body in parts", type(error).__name__) from None
    raise BadMarkup("bad-shape", "a part with the reading", "pictures alone")


async def _bounded(chunk: Callable[[int], Awaitable[bytes | bytearray]]) -> bytes:
    """What a stream gives, up to the bound; `BadMarkup` above it."""
    found = b""
    while piece := await chunk(65536):
        found += piece
        if len(found) > BODY:
            raise BadMarkup("too-large", f"at most {BODY} bytes", "more")
    return found
