"""Invented alerts, in one line each."""

from typing import Any

from xstock_node.domain.alerts import Alert, Area, Block, Coded, Reference

HOUR, T0 = 3600, 1_800_000_000
SENDER = "desk@cp.example"


def area(*codes: str, words: str = "Lower town") -> Area:
    return Area(description=words, codes=tuple(Coded(scheme="EMMA_ID", value=code) for code in codes))


def block(language: str = "en", **said: Any) -> Block:
    fields: dict[str, Any] = {
        "event": "Flood",
        "severity": "Severe",
        "expires": T0 + 12 * HOUR,
        "areas": (area("RO001"),),
    }
    return Block(language=language, **(fields | said))


def word(name: str, kind: str = "Alert", after: int = 0, refers: tuple[str, ...] = (), **said: Any) -> Alert:
    """An alert sent `after` seconds; `refers` are identifiers of the same sender."""
    sender = said.get("sender", SENDER)
    fields: dict[str, Any] = {"sender": SENDER, "status": "Actual"}
    if kind != "Cancel":
        fields["blocks"] = (block(),)
    references = tuple(Reference(sender=sender, identifier=one, sent=T0) for one in refers)
    return Alert(identifier=name, kind=kind, sent=T0 + after, **(fields | {"references": references} | said))  # type: ignore[arg-type]
