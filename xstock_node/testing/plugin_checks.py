"""The contract of plugins, checked: what the host needs of every plugin, and each kind of adapter of its own.

Every check is a sentence that holds or does not; where it does not, the finding says what came and what to do.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from xstock_node.plugins import manifest as manifests
from xstock_node.plugins.adapters import ReadHints
from xstock_node.plugins.errors import AdapterError, Unauthorised
from xstock_node.plugins.host import Adapter, PluginHost
from xstock_node.plugins.inventory import MovementLine
from xstock_node.plugins.isolation import read_file
from xstock_node.plugins.public import PageAsk, PublicRequest
from xstock_node.services.syncing import staged_of
from xstock_node.testing.folder_plugin import FolderPlugin, ReadFile
from xstock_node.testing.form_checks import form_checks
from xstock_node.testing.identity_checks import identity_checks
from xstock_node.testing.message_checks import feed_checks, format_checks
from xstock_node.testing.plugin_samples import a_movement, a_notice
from xstock_node.testing.plugins import LooseWays
from xstock_node.testing.recorded import RecordedServer, recorded_answers

UNIT = 40
EARLIEST = 946_684_800  # the year 2000
HINTS = ReadHints(today="2027-01-31")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One check: the `promise`, whether it `holds`, and what was `found` where it does not.

    `checked` is False where the check has nothing to play: it then holds by nobody's word.
    """

    adapter: str
    promise: str
    holds: bool
    found: str = ""
    checked: bool = True


class NotChecked(Exception):
    """There is nothing to play: the text says what to record."""


async def check(plugin: FolderPlugin) -> AsyncIterator[Checked]:
    """All checks of a plugin, one after the other; those of adapters only where it loads."""
    async with recorded_answers(plugin.check.answer) as server:
        with TemporaryDirectory(prefix="xstock-check-") as folder:
            home, ways = Path(folder), LooseWays()
            plugin.write_settings(home, server.url)
            host = PluginHost([plugin.distribution], [plugin.point])
            host.attach(ways, home)
            try:
                async for found in _all(plugin, host, server, ways):
                    yield found
            finally:
                await host.stop()
                await ways.close()


async def _all(
    plugin: FolderPlugin, host: PluginHost, server: RecordedServer, ways: LooseWays
) -> AsyncIterator[Checked]:
    status = host.statuses[0]
    yield Checked(
        adapter="", promise="it is found and its manifest is in order", holds=not status.reason, found=status.reason
    )
    if status.reason:
        return
    one = host.plugins[status.name]
    package = manifests.find_package(plugin.point.module)
    said = package.manifest is not None
    what = f"write {manifests.FILE} into the package, and ship it in the wheel"
    yield Checked(adapter="", promise="it has a manifest", holds=said, found="" if said else what)
    why = await one.check()
    yield Checked(adapter="", promise="it loads apart and registers what its manifest says", holds=not why, found=why)
    if why:
        return
    for adapter in host.adapters.values():
        for promise, work in _checks_of(adapter, plugin, server, ways).items():
            checked = True
            try:
                trouble = await work()
            except NotChecked as error:
                trouble, checked = str(error), False
            except Exception as error:
                trouble = f"{type(error).__name__}: {error}"
            holds = not trouble or not checked
            yield Checked(adapter=adapter.name, promise=promise, holds=holds, found=trouble, checked=checked)


Work = Callable[[], Awaitable[str]]


def _checks_of(adapter: Adapter, plugin: FolderPlugin, server: RecordedServer, ways: LooseWays) -> dict[str, Work]:
    if adapter.kind == "file-reader":
        return {f"it reads {one.name} as said": lambda one=one: _reads(one, plugin) for one in plugin.check.file}  # type: ignore[misc]
    if adapter.kind == "message-format":
        return format_checks(adapter, plugin)
    if adapter.kind == "form":
        return form_checks(adapter)
    if adapter.name not in plugin.check.adapter:
        missing = f"expected [adapter.{adapter.name}.settings] in tests/check.toml; came none; write it"
        return {"its checks have settings": lambda: _said(missing)}
    settled: dict[str, Work] = {"its settings are of its type": lambda: adapter.plugin.fits(adapter.kind, adapter.name)}
    own: dict[str, dict[str, Work]] = {
        "inventory-source": {
            "it says which system it reads": lambda: _describes(adapter),
            "a snapshot ends, counts right and names each line once": lambda: _snapshot(adapter),
            "the keys of its lines stay the same": lambda: _stable(adapter),
            "its lines are stock: a name or code, a word for the unit, no negative figure": lambda: _sound(adapter),
            "a snapshot can be cut short": lambda: _cut(adapter),
            "it reads through the node": lambda: _asked(adapter, server),
            "a refused key stops it": lambda: _refused(adapter, server, ways),
        },
        "inventory-writer": {
            "a movement that nobody made is not found": lambda: _unheard(adapter),
            "a movement is made and found again by its key": lambda: _moves(adapter),
            "the same movement again is the same, not another": lambda: _again(adapter),
            "what was reserved is released, what left is issued, what came is received": lambda: _whole(adapter),
        },
        "alert-source": feed_checks(adapter),
        "route": {"its requests are answered as said": lambda: _answers(adapter, plugin)},
        "page": {"it shows a page in time": lambda: _shows(adapter)},
        "message-carrier": {},
        "identity-provider": identity_checks(adapter, server),
        "notifier": {"it carries a notice": lambda: _carries(adapter)},
    }
    return settled | own.get(adapter.kind, {})


async def _said(text: str) -> str:
    return text


async def _describes(adapter: Adapter) -> str:
    found = await adapter.plugin.call(adapter.kind, adapter.name, "describe")
    return "" if found.system.strip() else "expected a name in `system`; came an empty text"


async def _snapshot(adapter: Adapter) -> str:
    staged = await staged_of(adapter)
    if not staged.lines:
        return "expected at least one line in what is recorded; came none"
    as_of = staged.judge().as_of
    return "" if as_of > EARLIEST else f"expected `as_of` in unix seconds, such as context.now(); came {as_of}"


async def _stable(adapter: Adapter) -> str:
    first, second = await staged_of(adapter), await staged_of(adapter)
    moved = first.lines.keys() ^ second.lines.keys()
    return f"expected the same keys twice; {len(moved)} differ" if moved else ""


async def _sound(adapter: Adapter) -> str:
    staged = await staged_of(adapter)
    if staged.unsound:
        last = staged.rejected[-1]
        return f"expected finite figures, ISO days and short texts; {last.text} has {last.reason}"
    for line in staged.lines.values():
        what = line.item_code or line.item_name
        if not what:
            return f"expected a code or a name; line {line.key!r} has neither: reject it"
        if line.unit is not None and not 0 < len(line.unit) <= UNIT:
            return f"expected a word for the unit, or None; {what} has {line.unit[:60]!r}"
        if any(figure is not None and figure < 0 for figure in (line.reserved, line.damaged, line.incoming)):
            return f"expected no negative reserved, damaged or incoming; {what} has one"
        if line.quantity < 0 and "negative" not in line.flags:
            return f"expected the flag `negative` on a negative balance; {what} has {line.quantity}"
    return ""


async def _cut(adapter: Adapter) -> str:
    async with aclosing(adapter.plugin.stream(adapter.kind, adapter.name, "snapshot")) as values:
        async for _ in values:
            break
    return "" if not await adapter.plugin.check() else "its process ended"


async def _asked(adapter: Adapter, server: RecordedServer) -> str:
    if adapter.plugin.manifest.network != "http":
        raise NotChecked("it does not use context.http: show by tests of your own that it keeps to its time")
    return "" if server.requests else "expected requests through context.http; the recorded server saw none"


async def _refused(adapter: Adapter, server: RecordedServer, ways: LooseWays) -> str:
    """Answer 401 from now on: the adapter has to raise Unauthorised, and is asked no more."""
    if adapter.plugin.manifest.network != "http":
        raise NotChecked("it does not use context.http: show by a test of your own that it raises Unauthorised")
    server.refuse = True
    try:
        await adapter.plugin.call(adapter.kind, adapter.name, "describe")
    except Unauthorised:
        return ""
    except AdapterError as error:
        return f"expected Unauthorised after 401; came {type(error).__name__}: {error}"
    finally:
        server.refuse = False
        adapter.plugin.forgive()
    return "expected Unauthorised after 401; came an answer: describe has to make a call that needs the key"


async def _unheard(adapter: Adapter) -> str:
    found = await adapter.plugin.call(adapter.kind, adapter.name, "lookup", "check-unheard-of")
    return "" if found is None else f"expected None; came {found.reference}"


async def _moves(adapter: Adapter) -> str:
    movement = a_movement("reserve", await _taken(adapter))
    made = await adapter.plugin.call(adapter.kind, adapter.name, "reserve", movement)
    found = await adapter.plugin.call(adapter.kind, adapter.name, "lookup", movement.key)
    if made.key != movement.key:
        return f"expected the key {movement.key}; came {made.key}"
    return "" if found is not None and found.reference == made.reference else f"expected {made.reference}; came {found}"


async def _answers(adapter: Adapter, plugin: FolderPlugin) -> str:
    sent = [one for one in plugin.check.request if one.adapter == adapter.name]
    for number, one in enumerate(sent):
        request = PublicRequest(method="POST", query=one.query, body=one.body.encode(), id=f"check-{number}", at=1)
        answer = await adapter.plugin.call(adapter.kind, adapter.name, "answer", request)
        if answer.status != one.status:
            return f"expected {one.status} to {one.body[:60]!r}; came {answer.status}"
    return "" if sent else "expected a [[request]] in tests/check.toml; came none; write one"


async def _shows(adapter: Adapter) -> str:
    page = await adapter.plugin.call(adapter.kind, adapter.name, "show", PageAsk())
    uneven = [table.title for table in page.tables if any(len(row) != len(table.headers) for row in table.rows)]
    return f"expected as many cells as headers in each row; a row of {uneven[0]!r} has not" if uneven else ""


async def _taken(adapter: Adapter) -> MovementLine:
    """One line of what is recorded, as a movement takes it."""
    source = Adapter(adapter.plugin, "inventory-source", adapter.name, "", (), False)
    line = next(iter((await staged_of(source)).lines.values()))
    return MovementLine(
        key=line.key or "", quantity=line.quantity, unit=line.unit, item_code=line.item_code, location=line.location
    )


async def _again(adapter: Adapter) -> str:
    movement = a_movement("reserve", await _taken(adapter))
    first = await adapter.plugin.call(adapter.kind, adapter.name, "reserve", movement)
    second = await adapter.plugin.call(adapter.kind, adapter.name, "reserve", movement)
    return "" if first.reference == second.reference else f"expected {first.reference}; came {second.reference}"


async def _whole(adapter: Adapter) -> str:
    taken = await _taken(adapter)
    for kind, of in (("release", "check-reserve"), ("issue", "check-reserve"), ("receive", "")):
        made = await adapter.plugin.call(adapter.kind, adapter.name, kind, a_movement(kind, taken, of))  # type: ignore[arg-type]
        if not made.reference:
            return f"expected the system's own reference of the {kind}; came none"
    return ""


async def _carries(adapter: Adapter) -> str:
    await adapter.plugin.call(adapter.kind, adapter.name, "send", a_notice())
    return ""


async def _reads(one: ReadFile, plugin: FolderPlugin) -> str:
    host = PluginHost([plugin.distribution], [plugin.point])
    with TemporaryDirectory(prefix="xstock-check-") as folder:
        path = Path(folder) / one.name
        path.write_text(one.content.lstrip("\n"), "utf-8")
        reading = await read_file(host, path, HINTS)
    wanted = (one.rows, one.rejected, one.error or None)
    came = (len(reading.rows), len(reading.rejected), reading.error)
    if wanted != came:
        return f"expected (rows, rejected, error) {wanted}; came {came}: {reading.error_text or ''}"
    return ""
