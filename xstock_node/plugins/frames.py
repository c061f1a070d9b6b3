"""The frames between the node and an isolated plugin: four bytes of length, then msgpack of one of these."""

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin"):
    """The first frame: which module to load under which name, its settings by adapter, and what the process may use.

    `memory` in bytes; `home` is the node's data folder, of which only the files `readable` are to be read.
    """

    module: str
    name: str
    memory: int
    network: bool
    home: str
    folder: str
    readable: tuple[str, ...]
    settings: dict[str, dict[str, Any]]


class Call(msgspec.Struct, frozen=True, kw_only=True, tag="call"):
    """To the plugin: one method of one adapter with a packed argument; `now` is the node's time in unix seconds."""

    id: int
    kind: str
    adapter: str
    method: str
    now: int
    argument: bytes = b""


class Cancel(msgspec.Struct, frozen=True, kw_only=True, tag="cancel"):
    """To the plugin: nobody waits for this call any more."""

    id: int


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer"):
    """To the plugin: what the node answered to an `Ask`, or why it did not."""

    id: int
    value: bytes = b""
    error: str = ""
    text: str = ""
    retry_after: float = 0.0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An adapter that a plugin registered."""

    kind: str
    name: str
    title: str = ""
    suffixes: tuple[str, ...] = ()
    editable: bool = False


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """From the plugin: it is loaded, and these are its adapters; or `error`: why it is not."""

    adapters: Annotated[tuple[Found, ...], Meta(max_length=limits.PLUGIN_ADAPTERS)] = ()
    error: str = ""


class Items(msgspec.Struct, frozen=True, kw_only=True, tag="items"):
    """From the plugin: the next values of a stream, each with the name of its type."""

    id: int
    values: Annotated[list[tuple[str, bytes]], Meta(max_length=limits.PLUGIN_ITEMS)]


class Result(msgspec.Struct, frozen=True, kw_only=True, tag="result"):
    """From the plugin: a call ended, with a value or with an exception."""

    id: int
    value: bytes = b""
    error: str = ""
    text: str = ""
    retry_after: float = 0.0


class Ask(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """From the plugin: something of the host: its store, or its way out."""

    id: int
    what: str
    value: bytes = b""


class Said(msgspec.Struct, frozen=True, kw_only=True, tag="said"):
    """From the plugin: a line for the log."""

    level: str
    text: str


class HttpAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A request that a plugin asks for."""

    method: str
    url: str
    headers: Annotated[dict[str, str], Meta(max_length=limits.PLUGIN_HTTP_HEADERS)]
    body: bytes
    timeout: float


class WriteAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A write that a plugin asks for."""

    put: Annotated[dict[str, bytes | None], Meta(max_length=limits.PLUGIN_STORE_WRITE)]
    append: Annotated[list[tuple[str, bytes]], Meta(max_length=limits.PLUGIN_STORE_WRITE)]


class ReadAsk(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a stream that a plugin asks for."""

    stream: str
    after: int
    most: int


Down = Begin | Call | Cancel | Answer
Up = Ready | Items | Result | Ask | Said
_up: msgspec.msgpack.Decoder[Up] = msgspec.msgpack.Decoder(Up)
_down: msgspec.msgpack.Decoder[Down] = msgspec.msgpack.Decoder(Down)


def write(frame: Down | Up) -> bytes:
    """A frame as bytes; ValueError where it is too large."""
    raw = msgspec.msgpack.encode(frame)
    if len(raw) > limits.PLUGIN_FRAME:
        raise ValueError(f"expected a frame of at most {limits.PLUGIN_FRAME} bytes; came {len(raw)}")
    return len(raw).to_bytes(4, "big") + raw


async def read(stream: asyncio.StreamReader) -> bytes:
    """The next frame as it came; EOFError at the end, ValueError for one that is too large."""
    size = int.from_bytes(await stream.readexactly(4), "big")
    if size > limits.PLUGIN_FRAME:
        raise ValueError(f"expected a frame of at most {limits.PLUGIN_FRAME} bytes; came {size}")
    return await stream.readexactly(size)


def up(raw: bytes) -> Up:
    """A frame from a plugin; ValueError for what is none."""
    try:
        return _up.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"expected a frame; came {str(error)[:200]}") from None


async def read_down(stream: asyncio.StreamReader) -> Down:
    """The next frame to a plugin; EOFError at the end."""
    return _down.decode(await read(stream))


def first_up(raw: bytes) -> Up:
    """The first frame of all that a plugin said; ValueError where there is none."""
    size = int.from_bytes(raw[:4], "big")
    return up(raw[4 : 4 + size])
