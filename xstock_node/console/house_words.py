"""What the codes of the house mean: plugins and their adapters, sources, members and applicants, warnings, convoys.

The other half of `vocabulary.py`, which has the words of operations and goods.
"""

from typing import Final

from xstock_node.domain.code_words import STEP
from xstock_node.domain.impact import COUNTERS
from xstock_node.i18n import mark

PLUGIN_STATE: Final = {
    "loaded": mark("loaded"),
    "disabled": mark("switched off"),
    "quarantined": mark("in quarantine"),
    "not allowed": mark("not allowed"),
}
ISOLATION: Final = {
    "none": mark("nothing: it runs in the node"),
    "process": mark("a process of its own"),
    "process and bubblewrap": mark("a process of its own, in bubblewrap"),
    "process and Landlock": mark("a process of its own, held by Landlock"),
}
ADAPTER_KIND: Final = {
    "file-reader": mark("reader of files"),
    "inventory-source": mark("source of stock"),
    "inventory-writer": mark("writes into the stock system"),
    "notifier": mark("carries notices"),
    "route": mark("address on the public port"),
    "page": mark("page"),
    "message-format": mark("format of messages"),
    "alert-source": mark("feed of warnings"),
    "form": mark("form"),
    "message-carrier": mark("carries messages"),
    "identity-provider": mark("accounts elsewhere"),
}
ADAPTER_STATE: Final = {
    "on": mark("on"),
    "off": mark("off"),
    "stopped": mark("stopped: its system refused us"),
    "disabled": mark("switched off"),
    "bad settings": mark("wrong settings"),
}
POWER: Final = {
    "read-stock": mark("read stock"),
    "write-stock": mark("write stock"),
    "notify": mark("notify people"),
    "public-routes": mark("answer on the public port"),
    "pages": mark("show pages"),
    "messages": mark("exchange messages"),
    "alerts": mark("bring and publish warnings"),
    "forms": mark("fill in forms"),
    "convoys": mark("see convoys"),
    "members": mark("speak for towns"),
    "sign-in": mark("say who somebody is"),
}
SOURCE_KIND: Final = {
    "file": mark("a list"),
    "hand": mark("kept by hand"),
    "system": mark("a system"),
}
SOURCE_STATE: Final = {
    "ok": mark("well"),
    "held": mark("a person has to look"),
    "failing": mark("cannot be read"),
    "waiting": mark("not read yet"),
}
STANDING: Final = {
    "live": mark("member"),
    "review": mark("spoken against"),
    "lapsed": mark("not vouched for any more"),
    "expelled": mark("expelled"),
    "stranger": mark("no member"),
}
TIER: Final = {
    "governor": mark("governor"),
    "member": mark("member"),
    "town": mark("town"),
    "observer": mark("observer"),
}
APPLICANT: Final = {
    "node": mark("node"),
    "town": mark("town"),
    "island": mark("island"),
    "municipality": mark("municipality"),
    "region": mark("region"),
}
APPLICATION: Final = {
    "waiting": mark("waits for an answer"),
    "sponsored": mark("sponsored"),
    "refused": mark("refused"),
    "left": mark("left"),
}
ISSUED: Final = {
    "in-force": mark("in force"),
    "ended": mark("over"),
    "revised": mark("revised"),
    "cancelled": mark("taken back"),
    "cancel": mark("the word that it is over"),
}
ALERT_MARK: Final = {
    "exercise": mark("exercise"),
    "test": mark("test"),
    "system": mark("a message between machines"),
    "draft": mark("draft"),
    "private": mark("not public"),
    "restricted": mark("not public"),
    "first-not-seen": mark("the first word of it never came"),
    "other-sender": mark("refers to warnings of another sender"),
    "place-unknown": mark("place unknown"),
    "rank-unknown": mark("gravity unknown"),
    "other-language": mark("in another language"),
    "unpaired": mark("in one language alone"),
    "no-end": mark("it names no end"),
    "said-otherwise": mark("it came again with other words"),
    "expired": mark("expired"),
    "elsewhere": mark("elsewhere"),
}
CAP: Final = {
    "Alert": mark("warning"),
    "Update": mark("update"),
    "Cancel": mark("cancellation"),
    "Ack": mark("acknowledgement"),
    "Error": mark("error"),
    "Extreme": mark("extreme"),
    "Severe": mark("severe"),
    "Moderate": mark("moderate"),
    "Minor": mark("minor"),
    "Unknown": mark("unknown"),
    "Immediate": mark("act now"),
    "Expected": mark("expected soon"),
    "Future": mark("later"),
    "Past": mark("past"),
    "Observed": mark("observed"),
    "Likely": mark("likely"),
    "Possible": mark("possible"),
    "Unlikely": mark("unlikely"),
}
"""Words of the Common Alerting Protocol 1.2 (3.2.1, 3.2.2)."""
STAND: Final = {
    "announced": mark("announced"),
    "under-way": mark("on the way"),
    "staged": mark("made ready"),
    "cleared": mark("cleared"),
    "dispatched": mark("on the way"),
    "at-border": mark("at the border"),
    "turned-back": mark("turned back"),
    "asked": mark("waits for the green light"),
}
CHOICE: Final = {
    "at-border": mark("at the border"),
    "entry": mark("declared to customs"),
    "hold": mark("held by customs"),
    "release": mark("released by customs"),
    "delayed": mark("delayed"),
    "diverted": mark("on another road"),
    "incident": mark("an incident"),
    "checkpoint": mark("passed a checkpoint"),
    "out": mark("on the way there"),
    "loan": mark("while on loan"),
    "back": mark("on the way back"),
    "requester": mark("the requester"),
    "supplier": mark("the supplier"),
}
"""What fields of steps let a person choose from."""
ORIGIN: Final = {"alert": mark("warning"), "town": mark("town")}
CONDITION: Final = {
    "new": mark("new"),
    "serviceable": mark("serviceable"),
    "used": mark("used"),
    "repairable": mark("repairable"),
}
PAPER_STAGE: Final = {
    **STEP,
    "clearance": mark("before customs clearance"),
    "receipt": mark("Count what arrived"),
    "return": mark("Send back"),
}
"""By when a paper has to be there, or with which step it came."""
STOCK_SOURCE: Final = {
    "stock": mark("from the stock"),
    "hand": mark("kept by hand"),
    "exercise": mark("made up for an exercise"),
}
DISASTER: Final = {one.name: one.title for one in COUNTERS}
"""Counters of a disaster, whose titles stand in `domain/impact.py`."""
ANSWER: Final = {
    "published": mark("Published"),
    "withdrawn": mark("Withdrawn"),
    "unchanged": mark("As before"),
    "held": mark("A person has to release"),
    "impossible": mark("Cannot be said in a record"),
    "aged": mark("Too old to be offered"),
    "answered": mark("Answered"),
    "silent": mark("Silent"),
    "check": mark("What"),
    "state": mark("State"),
    "found": mark("Found"),
    "do": mark("What to do"),
    "invite": mark("Invitation"),
    "network": mark("Network"),
    "expires": mark("Valid until"),
    "digits": mark("Digits to read out"),
    "sponsor": mark("Sponsor"),
    "sponsor_digits": mark("The sponsor's digits"),
    "own_digits": mark("Our digits, to read out"),
    "charter": mark("Charter"),
    "text": mark("Text to send"),
    "name": mark("Name"),
    "begins": mark("Begins"),
    "ends": mark("Ends"),
    "runs": mark("Still runs"),
    "requests": mark("Requests"),
    "operations": mark("Operations"),
    "binding": mark("Binding"),
    "by_state": mark("By state"),
    "steps_signed": mark("Steps signed"),
    "answer_seconds": mark("Seconds to our answers"),
    "answered_seconds": mark("Seconds to answers of others"),
    "covered": mark("Needs covered"),
    "code": mark("Code"),
    "exp": mark("Valid until"),
    "address": mark("Address"),
    "token": mark("Token"),
}
"""Fields of what an act answers."""
HOUSE: Final = {
    "answer": ANSWER,
    "plugin-state": PLUGIN_STATE,
    "isolation": ISOLATION,
    "adapter-kind": ADAPTER_KIND,
    "adapter-state": ADAPTER_STATE,
    "power": POWER,
    "source-kind": SOURCE_KIND,
    "source-state": SOURCE_STATE,
    "standing": STANDING,
    "tier": TIER,
    "applicant": APPLICANT,
    "application": APPLICATION,
    "issued": ISSUED,
    "alert-mark": ALERT_MARK,
    "cap": CAP,
    "stand": STAND,
    "disaster": DISASTER,
    "origin": ORIGIN,
    "choice": CHOICE,
    "condition": CONDITION,
    "stock-source": STOCK_SOURCE,
    "paper-stage": PAPER_STAGE,
}
