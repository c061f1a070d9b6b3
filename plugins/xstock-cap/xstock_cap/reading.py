"""An alert from the elements of CAP (clause 3.2), tolerant of what can be understood, silent about nothing.

Refused is what would have to be guessed: who sent which warning when, whether it is real, what it does to an earlier
one, whom it is for. Flagged is what breaks a rule and is clear all the same. The same elements come as XML and as JSON.
"""

from collections.abc import Collection
from typing import Any, Final, get_args

import msgspec

from xstock_cap import bounds, countries, rules
from xstock_cap.blocks import read_block
from xstock_cap.fields import Fields
from xstock_cap.notes import Notes, Refused, within_limits
from xstock_cap.words import read_references, read_words
from xstock_node.plugins.interchange import Alert, Reference, Status
from xstock_node.plugins.markup import Element

SCOPES: Final = ("Public", "Restricted", "Private")
KINDS: Final = ("Alert", "Update", "Cancel", "Ack", "Error")


def read_alert(root: Element, notes: Notes, country: str = "") -> Alert:
    """The alert under `root`, whose elements have no namespace; `country` is that of the feed it came by.

    Raises `Refused`.
    """
    fields = Fields(root, notes)
    if sum(len(one.findall("area")) for one in fields.elements("info")) > bounds.MANY:
        raise Refused("over-limit", f"expected at most {bounds.MANY} areas; came more")
    identifier, sender = fields.needed("identifier"), fields.needed("sender")
    for name, text in (("identifier", identifier), ("sender", sender)):
        if rules.UNREFERABLE.search(text):
            notes.flag(f"rule-R9: {name} has a space, a comma, < or &")
    sent = fields.time("sent")
    if not sent:
        raise Refused("no-time", f"expected sent with an offset; came {fields.text('sent')[:60]!r}")
    kind = _word(fields, "msgType", KINDS)
    references = _references(fields, kind, notes)
    thread, named, codes = _own_codes(fields.texts("code"))
    alert = Alert(
        identifier=identifier,
        sender=sender,
        sent=sent,
        status=_word(fields, "status", get_args(Status)),
        kind=kind,
        scope=_word(fields, "scope", SCOPES),
        source=fields.prose("source"),
        restriction=fields.prose("restriction"),
        addresses=read_words(fields.text("addresses")),
        codes=codes,
        note=fields.prose("note", bounds.PROSE),
        references=references,
        incidents=_incidents(read_words(fields.text("incidents")), notes),
        thread=thread,
        blocks=tuple(read_block(one, notes) for one in fields.elements("info")),
    )
    _remark(alert, fields, notes)
    found = named or countries.told(alert) or ((country,) if country else ())
    return within_limits(msgspec.structs.replace(alert, countries=tuple(dict.fromkeys(found))))


def _word(fields: Fields, name: str, known: Collection[str]) -> Any:
    """One of a closed list, without which the warning cannot be understood."""
    text = fields.needed(name)
    if text not in known:
        raise Refused(f"unknown-{name.lower()}", f"expected {name} as one of {', '.join(known)}; came {text[:60]!r}")
    return text


def _references(fields: Fields, kind: str, notes: Notes) -> tuple[Reference, ...]:
    text = fields.text("references")
    if len(text.split(None, bounds.MANY)) > bounds.MANY:
        raise Refused("over-limit", f"expected at most {bounds.MANY} references; came more")
    found, wrong = read_references(text)
    for one in wrong:
        notes.skip("reference", one)
    if any(not one.sent for one in found):
        notes.flag("rule-R10: references have a time that is none")
    if kind in rules.ON_EARLIER and not found:
        if kind != "Update":
            raise Refused("rule-R7", f"expected references in {kind}; came none that can be read")
        notes.flag("rule-R7: an update of nothing that it names")
    return found


def _incidents(words: tuple[str, ...], notes: Notes) -> tuple[str, ...]:
    """Some services write the kind of message there, which names no incident."""
    found = tuple(word for word in words if word not in KINDS)
    if len(found) < len(words):
        notes.flag(f"incidents-misused: {words[0]}")
    return found


def _own_codes(codes: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Thread, countries and the rest, as `writing` puts them into codes."""
    thread = next((one.removeprefix(rules.THREAD) for one in codes if one.startswith(rules.THREAD)), "")
    named = tuple(one.removeprefix(rules.COUNTRY) for one in codes if one.startswith(rules.COUNTRY))
    return thread, named, tuple(one for one in codes if not one.startswith((rules.THREAD, rules.COUNTRY)))


def _remark(alert: Alert, fields: Fields, notes: Notes) -> None:
    if alert.scope == "Restricted" and not alert.restriction:
        notes.flag("rule-R8: restricted, and not said to whom")
    if alert.scope == "Private" and not alert.addresses:
        notes.flag("rule-R8: private, and not said to whom")
    for name in fields.names:
        if name.endswith("}Signature"):
            notes.flag("signature-not-checked")
        elif name not in rules.ELEMENTS["alert"]:
            notes.skip("unknown-element", name)
