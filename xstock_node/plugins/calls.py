"""What the host may ask of an adapter: methods by kind, the types that go in and come out, and how long it may take."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from xstock_node.plugins import errors
from xstock_node.plugins.adapters import NotCarried, Notice, RejectedLine, Undeliverable
from xstock_node.plugins.forms import FormData, FormFacts, FormField
from xstock_node.plugins.identity import Account, Answer, Described, Question, Way
from xstock_node.plugins.interchange import Carried, Document, Reading, Writing
from xstock_node.plugins.inventory import Capabilities, Gone, Moved, Movement, SnapshotEnd, SourceLine
from xstock_node.plugins.public import PageAsk, PageData, PublicAnswer, PublicRequest
from xstock_node.protocol import limits


class Method(NamedTuple):
    """`takes` is None where nothing goes in; with `stream` values of the types in `ITEMS` come one by one."""

    takes: Any
    gives: Any
    seconds: float = limits.PLUGIN_CALL
    stream: bool = False


FITS: Final = "fits"
"""A method of every adapter with settings, answered for it: whether they are of its type."""
_FITS: Final = Method(None, None)

METHODS: Final[Mapping[str, Mapping[str, Method]]] = {
    "inventory-source": {
        FITS: _FITS,
        "describe": Method(None, Capabilities),
        "snapshot": Method(None, None, limits.PLUGIN_SNAPSHOT, stream=True),
        "changes": Method(str, None, limits.PLUGIN_SNAPSHOT, stream=True),
    },
    "inventory-writer": {
        FITS: _FITS,
        "reserve": Method(Movement, Moved),
        "release": Method(Movement, Moved),
        "issue": Method(Movement, Moved),
        "receive": Method(Movement, Moved),
        "lookup": Method(str, Moved | None),
    },
    "route": {FITS: _FITS, "answer": Method(PublicRequest, PublicAnswer, 10.0)},
    "page": {FITS: _FITS, "show": Method(PageAsk, PageData, 10.0)},
    "message-format": {
        "read": Method(Document, Reading | None, limits.MESSAGE_SECONDS),
        "write": Method(Writing, tuple[Document, ...]),
    },
    "alert-source": {FITS: _FITS, "poll": Method(None, Reading, limits.PLUGIN_SNAPSHOT)},
    "message-carrier": {FITS: _FITS, "carry": Method(Document, Carried)},
    "identity-provider": {
        FITS: _FITS,
        "describe": Method(None, Described, limits.SIGN_IN_LABEL),
        "begin": Method(Question, Way, limits.SIGN_IN_CALL),
        "finish": Method(Answer, Account, limits.SIGN_IN_CALL),
    },
    "form": {
        "fields": Method(None, tuple[FormField, ...]),
        "make": Method(FormFacts, FormData),
    },
    "notifier": {FITS: _FITS, "send": Method(Notice, None)},
}

ITEMS: Final[Mapping[str, type[msgspec.Struct]]] = {
    one.__name__: one for one in (SourceLine, RejectedLine, Gone, SnapshotEnd)
}
"""What a stream may consist of."""


class BadSettings(errors.AdapterError):
    """The settings are not of the type that the adapter names."""


RAISED: Final[Mapping[str, type[Exception]]] = {
    one.__name__: one
    for one in (
        errors.Unauthorised,
        errors.Unavailable,
        errors.OutcomeUnknown,
        errors.Declined,
        errors.CursorExpired,
        errors.OverQuota,
        errors.NotAllowed,
        BadSettings,
        Undeliverable,
        NotCarried,
    )
}
"""Exceptions that mean something across the border; every other is a defect of the plugin."""


class Defect(Exception):
    """The plugin broke its promise: wrong types, an exception of its own, a crash, no answer in time."""


def pack(value: Any, kind: Any) -> bytes:
    """A value for the way through; `Defect` where it is not of its type."""
    try:
        raw = msgspec.msgpack.encode(value)
        if len(raw) > limits.PLUGIN_FRAME // 2:
            raise ValueError(f"{len(raw)} bytes")
        msgspec.msgpack.decode(raw, type=kind)
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise Defect(f"expected {name}; came {type(value).__name__}: {str(error)[:200]}; tell its author") from None
    return raw


def unpack(raw: bytes, kind: Any) -> Any:
    """A value that came through; `Defect` where it is not of its type."""
    try:
        return msgspec.msgpack.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        name = getattr(kind, "__name__", str(kind))
        raise Defect(f"expected {name}; came {str(error)[:200]}; tell its author") from None


def raised(word: str, text: str, retry_after: float, adapter_kind: str = "notifier") -> Exception:
    """The exception that a word stands for; what only notifiers may raise is a defect of every other kind."""
    kind = RAISED.get(word)
    if kind is None or (kind in (Undeliverable, NotCarried) and adapter_kind != "notifier"):
        return Defect(f"it raised {word[:80]}: {text[:400]}; tell its author")
    if issubclass(kind, errors.Unavailable):
        return kind(text, bounded(retry_after))
    return kind(text)


def told(error: BaseException) -> tuple[str, str, float]:
    """An exception as a word, a text and seconds to wait; a plugin's own kind is told as what it is a kind of."""
    known = {kind: name for name, kind in RAISED.items()}
    found = next((known[kind] for kind in type(error).__mro__ if kind in known), type(error).__name__)
    return found, str(error)[:1000], bounded(getattr(error, "retry_after", 0.0))


def bounded(seconds: object) -> float:
    """Seconds to wait by another system's word: 0 for what is no such number, never more than an hour."""
    if not isinstance(seconds, int | float) or not seconds > 0:  # NaN is not
        return 0.0
    return float(min(seconds, limits.PLUGIN_RETRY_MAX))
