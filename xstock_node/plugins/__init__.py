"""What a plugin author imports: `hookimpl`, the adapter types, and nothing else of the node."""

from xstock_node.plugins.adapters import (
    FileReader,
    FileReading,
    InventorySource,
    NotCarried,
    Notice,
    Notifier,
    NotifierContext,
    ReadHints,
    RejectedLine,
    Undeliverable,
)
from xstock_node.plugins.hookspecs import API_LEVEL, Registry, hookimpl

__all__ = [
    "API_LEVEL",
    "FileReader",
    "FileReading",
    "InventorySource",
    "NotCarried",
    "Notice",
    "Notifier",
    "NotifierContext",
    "ReadHints",
    "Registry",
    "RejectedLine",
    "Undeliverable",
    "hookimpl",
]
