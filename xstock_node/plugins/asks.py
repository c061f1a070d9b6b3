"""What the node answers to the questions of an isolated plugin: its store, its way out, and the node's desks."""

from collections.abc import Mapping

import msgspec

from xstock_node.plugins import desks, frames
from xstock_node.plugins.context import Http, Store
from xstock_node.plugins.errors import NotAllowed


async def answer(store: Store, http: Http, opened: Mapping[str, object], what: str, value: bytes) -> bytes:
    """The packed answer; raises what the store, the way out or a desk raises, and `NotAllowed` for else."""
    if what == "http":
        ask = msgspec.msgpack.decode(value, type=frames.HttpAsk)
        found = await http.request(ask.method, ask.url, headers=ask.headers, body=ask.body, timeout=ask.timeout)
        return msgspec.msgpack.encode(found)
    if what == "get":
        return msgspec.msgpack.encode(await store.get(msgspec.msgpack.decode(value, type=str)))
    if what == "keys":
        return msgspec.msgpack.encode(await store.keys(msgspec.msgpack.decode(value, type=str)))
    if what == "read":
        part = msgspec.msgpack.decode(value, type=frames.ReadAsk)
        return msgspec.msgpack.encode(await store.read(part.stream, part.after, part.most))
    if what == "write":
        write = msgspec.msgpack.decode(value, type=frames.WriteAsk)
        await store.write(write.put, write.append)
        return b""
    if (answered := await desks.answer(opened, what, value)) is not None:
        return answered
    raise NotAllowed(f"expected http, get, keys, read, write, or a desk of its manifest's powers; came {what[:40]}")
