"""What the codes of an operation mean to people: states, steps, what waits, roles and sides.

The sources are English and are extracted for translation; whoever shows a code says its word in the reader's language.
"""

import re
from collections.abc import Callable
from typing import Final

from xstock_node.i18n import mark

STATE: Final = {
    "notified": mark("announced"),
    "standby": mark("on standby"),
    "requested": mark("asked"),
    "indicated": mark("possible"),
    "offered": mark("offered"),
    "confirmed": mark("confirmed"),
    "cleared": mark("cleared"),
    "dispatched": mark("on the way"),
    "refused": mark("refused at the door"),
    "lost": mark("lost"),
    "received": mark("received"),
    "disputed": mark("disputed"),
    "on-loan": mark("on loan"),
    "converted": mark("given"),
    "recalled": mark("recalled"),
    "return-dispatched": mark("on the way back"),
    "return-received": mark("back"),
    "closed": mark("closed"),
    "declined": mark("declined"),
    "rejected": mark("not taken"),
    "cancelled": mark("stood down"),
    "expired": mark("expired"),
    "withdrawn": mark("withdrawn"),
    "lapsed": mark("lapsed"),
    "waiting": mark("waits for a second person"),
    "open": mark("open"),
    "partly-covered": mark("partly covered"),
    "covered": mark("covered"),
    "sent": mark("sent"),
    "dropped": mark("put away"),
}
STEP: Final = {
    "accept": mark("Accept"),
    "amend": mark("Propose a change"),
    "amended": mark("Agree to the change"),
    "ask": mark("Ask"),
    "border": mark("Border passed"),
    "cancel": mark("Stand down"),
    "cancel-own": mark("Take the offer back"),
    "cancelled": mark("Agree to the cancellation"),
    "clear": mark("Clear for the road"),
    "close": mark("Close"),
    "close-proposed": mark("Propose to close"),
    "confirm": mark("Confirm"),
    "convert": mark("Ask to keep as a gift"),
    "converted": mark("Agree to a gift"),
    "correct": mark("Correct a word"),
    "counted": mark("Count stated"),
    "damaged": mark("Report damage"),
    "decline": mark("Decline"),
    "departed": mark("Departed"),
    "dispatch": mark("Dispatch"),
    "disputed": mark("Dispute"),
    "end-use": mark("Report end of use"),
    "expire": mark("Let it expire"),
    "extend": mark("Ask to extend the loan"),
    "extended": mark("Agree to the extension"),
    "green-light": mark("Give the green light"),
    "indicate": mark("Say what is possible"),
    "instruct": mark("Instruct"),
    "lapse": mark("Let it lapse"),
    "lost": mark("Report a loss"),
    "not-agreed": mark("Not agreed"),
    "notify": mark("Announce a need"),
    "offer": mark("Offer"),
    "on-loan": mark("Take on loan"),
    "recall": mark("Recall"),
    "recall-agreed": mark("Agree to the recall"),
    "received": mark("Count what arrived"),
    "refused": mark("Refuse at the door"),
    "reject": mark("Do not take the offer"),
    "rejected": mark("Rejected"),
    "request": mark("Request"),
    "resolve": mark("Propose a resolution"),
    "resolved": mark("Agree to the resolution"),
    "return-received": mark("Count what came back"),
    "returned": mark("Send back"),
    "short-close": mark("Propose to close short"),
    "short-closed": mark("Agree to close short"),
    "stage": mark("Announce a consignment"),
    "standby": mark("Hold on standby"),
    "told": mark("Told"),
    "withdraw": mark("Withdraw"),
}
WAIT: Final = {
    "your-turn": mark("Your turn"),
    "answer-late": mark("Your answer is late"),
    "no-answer": mark('No answer yet (that is no "no")'),
    "approval": mark("Waits for a signature"),
    "at-risk": mark("Promised, but the stock is short"),
    "stand-down": mark("Covered: the others may be told"),
    "grant": mark("A role waits for a second person"),
    "loan-due": mark("A loan is due back"),
    "count": mark("A count waits for a second person"),
    "break-glass": mark("Rights were taken in need"),
    "duty-code": mark("Signed in by a paper code"),
    "alert": mark("A warning touches us"),
    "convoy-late": mark("A convoy is late"),
    "passage": mark("A passage waits for a person"),
}
ROLE: Final = {
    "viewer": mark("viewer"),
    "logistics": mark("logistics officer"),
    "pharmacist": mark("pharmacist"),
    "warehouse": mark("warehouse"),
    "stock-owner": mark("stock owner"),
    "night-deputy": mark("night deputy"),
    "duty-officer": mark("duty officer"),
    "approver": mark("approver"),
    "transport-customs": mark("transport and customs"),
    "auditor": mark("auditor"),
    "exercise-controller": mark("exercise controller"),
    "node-admin": mark("administrator"),
}
SIDE: Final = {"requester": mark("the requester"), "supplier": mark("the supplier"), "": mark("nobody")}
TERM: Final = {
    "loan": mark("loan"),
    "donation": mark("donation"),
    "replacement": mark("replacement in kind"),
    "cost-recovery": mark("at cost"),
}
CATEGORY: Final = {
    "shelter": mark("shelter"),
    "bedding": mark("bedding"),
    "household": mark("household"),
    "water": mark("water"),
    "hygiene": mark("hygiene"),
    "food": mark("food"),
    "power": mark("power"),
    "flood": mark("flood"),
    "medical": mark("medical"),
    "clothing": mark("clothing"),
    "fuel": mark("fuel"),
    "team": mark("teams"),
    "other": mark("other"),
}
LEVEL: Final = {"red": mark("red"), "orange": mark("orange"), "yellow": mark("yellow"), "green": mark("green")}
_RANKED: Final = re.compile(r"(.*) \((red|orange|yellow|green)\)", re.S)


def state_in_words(state: str, say: Callable[[str], str]) -> str:
    """Where a thing stands that waits: a state in words, or a warning's title with the word for its rank."""
    if state in STATE:
        return say(STATE[state])
    ranked = _RANKED.fullmatch(state)
    return f"{ranked[1]} ({say(LEVEL[ranked[2]])})" if ranked else state
