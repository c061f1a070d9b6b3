"""Adapters that run in the node's own process: its built-ins, and what the operator names in `plugins.in_process`."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

from xstock_node.plugins import calls
from xstock_node.plugins.calls import Defect, Method
from xstock_node.plugins.context import Context
from xstock_node.plugins.hookspecs import Registry
from xstock_node.plugins.registered import adapter_of


async def call(
    registry: Registry, context: Context, kind: str, adapter: str, name: str, method: Method, argument: Any
) -> Any:
    """One call; what it gives is checked for its type as if it came from another process."""
    if name == calls.FITS:
        return None
    act = getattr(adapter_of(registry, kind, adapter), name)
    arguments = () if method.takes is None else (argument,)

    async def work() -> Any:
        return await (act(*arguments, context) if kind == "notifier" else act(context, *arguments))

    value = await apart(work, method.seconds, kind)
    return calls.unpack(calls.pack(value, method.gives), method.gives)


async def stream(
    registry: Registry, context: Context, kind: str, adapter: str, name: str, method: Method, argument: Any
) -> AsyncGenerator[Any, None]:
    """The values of a stream."""
    arguments = () if method.takes is None else (argument,)
    async with asyncio.timeout(method.seconds):
        async for value in getattr(adapter_of(registry, kind, adapter), name)(context, *arguments):
            kind_of = calls.ITEMS.get(type(value).__name__, int)
            yield calls.unpack(calls.pack(value, kind_of), kind_of)


async def apart(work: Callable[[], Any], seconds: float, kind: str) -> Any:
    """Let foreign code work in a task of its own, and wait so long for it; `Defect` where it is late or raises."""
    task = asyncio.ensure_future(work())
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        ended = task.done()
        task.cancel()
    if not ended:
        raise Defect(f"expected it to end within {seconds:.0f} s; it did not")
    if task.cancelled():
        raise Defect("it cancelled itself; tell its author")
    error = task.exception()
    if error is None:
        return task.result()
    raise calls.raised(*calls.told(error), kind)
