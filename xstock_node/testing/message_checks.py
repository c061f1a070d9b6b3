"""The contract of formats of messages and of feeds of warnings, checked with what their authors recorded."""

from collections.abc import Awaitable, Callable
from functools import partial

from xstock_node.plugins.host import Adapter
from xstock_node.plugins.inbox import Document
from xstock_node.plugins.interchange import Reading, Writing
from xstock_node.testing.folder_plugin import FolderPlugin, ReadMessage

Work = Callable[[], Awaitable[str]]
FOREIGN = (b"", b"{}", b"<a/>", b"\x00\xff", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")


def format_checks(adapter: Adapter, plugin: FolderPlugin) -> dict[str, Work]:
    """The checks of a format; at least one message has to be recorded."""
    played: dict[str, Work] = {
        f"it reads {one.name} as said": partial(_reads, adapter, plugin, one) for one in _recorded(adapter, plugin)
    }
    missing = "expected a [[message]] in tests/check.toml; came none; write one"
    return {
        **(played or {"it reads what is recorded": partial(_said, missing)}),
        "what it read it writes, and reads again as it was": lambda: _again(adapter, plugin),
        "it takes nothing that is of another format": lambda: _leaves(adapter),
    }


def feed_checks(adapter: Adapter) -> dict[str, Work]:
    """The checks of a feed of warnings."""
    return {
        "a poll gives alerts": lambda: _polls(adapter),
        "a second poll gives no other alerts": lambda: _same(adapter),
    }


async def _said(text: str) -> str:
    return text


async def _read(adapter: Adapter, document: Document) -> Reading | None:
    found: Reading | None = await adapter.plugin.call(adapter.kind, adapter.name, "read", document)
    return found


def _recorded(adapter: Adapter, plugin: FolderPlugin) -> list[ReadMessage]:
    return [one for one in plugin.check.message if one.format in ("", adapter.name)]


def _document(plugin: FolderPlugin, one: ReadMessage) -> Document:
    content = (plugin.folder / "tests" / one.name).read_bytes() if not one.content else one.content.strip().encode()
    return Document(name=one.name, content=content)


async def _reads(adapter: Adapter, plugin: FolderPlugin, one: ReadMessage) -> str:
    found = await _read(adapter, _document(plugin, one)) or Reading(error="of another format")
    wanted, came = (one.alerts, one.messages, one.error), (len(found.alerts), len(found.messages), found.error)
    return "" if wanted == came else f"expected (alerts, messages, error) {wanted}; came {came}: {found.error_text}"


async def _again(adapter: Adapter, plugin: FolderPlugin) -> str:
    for one in _recorded(adapter, plugin):
        first = await _read(adapter, _document(plugin, one))
        if first is None or first.error:
            continue
        writing = Writing(alerts=first.alerts, messages=first.messages)
        documents = await adapter.plugin.call(adapter.kind, adapter.name, "write", writing)
        readings = [await _read(adapter, document) for document in documents]
        alerts = tuple(alert for reading in readings if reading for alert in reading.alerts)
        messages = tuple(message for reading in readings if reading for message in reading.messages)
        if (alerts, messages) != (first.alerts, first.messages):
            return f"expected {one.name} to come back as it was; {len(alerts)} alerts, {len(messages)} messages came"
    return ""


async def _leaves(adapter: Adapter) -> str:
    for content in FOREIGN:
        found = await _read(adapter, Document(name="other", content=content))
        if found is not None and not found.error:
            return f"expected None, or an error, for {content[:40]!r}; came a reading"
    return ""


async def _polls(adapter: Adapter) -> str:
    found: Reading = await adapter.plugin.call(adapter.kind, adapter.name, "poll")
    return "" if found.alerts else f"expected alerts in what is recorded; came none: {found.error_text}"


async def _same(adapter: Adapter) -> str:
    first, second = [await adapter.plugin.call(adapter.kind, adapter.name, "poll") for _ in range(2)]
    known = {(alert.sender, alert.identifier) for alert in first.alerts}
    new = [
        alert.identifier for alert in second.alerts if first.alerts and (alert.sender, alert.identifier) not in known
    ]
    return f"expected no other alerts; came {new[0]}" if new else ""
