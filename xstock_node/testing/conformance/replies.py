"""What a listening partner may answer: rounds with notes, records, or any bytes."""

from typing import Any

from aiohttp import web

from xstock_node.protocol import frames
from xstock_node.protocol.names import LogId
from xstock_node.testing.conformance.listening import Call, Reply, quiet


def says(*notes: bytes, **fields: Any) -> Reply:
    """A round's answer with these notes; with the partner's identity where there are none, so that it is news and the
    node calls again at once."""

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        told = quiet(call) | {"notes": [note.decode() for note in notes or (call.partner.raw,)]} | fields
        return web.json_response(told)

    return reply


def sends(body: bytes, **headers: str) -> Reply:
    """Just these bytes."""

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        return web.Response(body=body, headers=headers)

    return reply


def hands_out(log: LogId, lines: list[bytes], most: int = 1 << 20) -> Reply:
    """Records as they are asked for, at most so many at once."""

    async def reply(request: web.Request, call: Call) -> web.StreamResponse:
        parts = []
        for wanted in call.json()["ranges"]:
            found = lines[wanted["start"] : wanted["start"] + min(wanted["count"], most)]
            parts.append(frames.encode(log, wanted["start"], found, len(found)))
        return web.Response(body=b"".join(parts))

    return reply
