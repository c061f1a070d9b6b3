"""What the node answers to the questions of an isolated plugin: its store, and its way out."""

import msgspec

from xstock_node.plugins import frames
from xstock_node.plugins.context import Http, Store
from xstock_node.plugins.errors import NotAllowed
from xstock_node.plugins.inbox import Document, Inbox


async def answer(store: Store, http: Http, inbox: Inbox | None, what: str, value: bytes) -> bytes:
    """The packed answer; raises what the store, the way out or the inbox raises, and `NotAllowed` for anything else."""
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
    if what == "take" and inbox is not None:
        return msgspec.msgpack.encode(await inbox.take(msgspec.msgpack.decode(value, type=Document)))
    raise NotAllowed(f"expected http, get, keys, read, write, or take by its manifest; came {what[:40]}")
