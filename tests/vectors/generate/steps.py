"""Steps of a case: who may take which, in the state that the supplier's chain gives."""

from typing import Any

from tests.vectors.generate.cases import Chain
from tests.vectors.generate.form import Subject
from tests.vectors.generate.people import BG, HR
from xstock_node.protocol import messages
from xstock_node.protocol.messages import NOTHING


class Talk:
    """Two chains that see each other, unless a message crosses."""

    def __init__(self, *said: str) -> None:
        self.requester, self.supplier = Chain(BG, HR), Chain(HR, BG)
        for one in said:
            self.say(one)

    def say(self, one: str) -> bytes:
        """`R accept`, or `R~ accept` for a message that saw nothing of the other side's last one."""
        who, _, step = one.partition(" ")
        mine, other = (self.requester, self.supplier) if who[0] == "R" else (self.supplier, self.requester)
        return mine.write(step, self._seen(other, "~" in who))

    def next(self, one: str) -> bytes:
        """A further message, not kept."""
        who, _, step = one.partition(" ")
        mine, other = (self.requester, self.supplier) if who[0] == "R" else (self.supplier, self.requester)
        return mine.make(step, self._seen(other, "~" in who))

    def given(self) -> dict[str, Any]:
        """Both chains."""
        return {"requester": self.requester.texts(), "supplier": self.supplier.texts()}

    def _seen(self, other: Chain, crossing: bool) -> Any:
        if not crossing:
            return other.link
        links = self._links(other)
        return links[-2] if len(links) > 1 else NOTHING

    @staticmethod
    def _links(chain: Chain) -> list[Any]:
        return [messages.parse(raw).link for raw in chain.notes]


OFFERED = ("R request", "S offer")
CONFIRMED = (*OFFERED, "R accept", "S confirm")
TAKEN: tuple[tuple[str, str, tuple[str, ...], str, str], ...] = (
    ("a request opens a case", "16.13", (), "R request", "requested"),
    ("a notice, then a request", "16.13", ("R notify",), "R request", "requested"),
    ("an offer", "16.13", ("R request",), "S offer", "offered"),
    ("an acceptance is a proposal: the state stays", "16.10", OFFERED, "R accept", "offered"),
    ("the supplier confirms what it saw accepted", "16.10", (*OFFERED, "R accept"), "S confirm", "confirmed"),
    (
        "crossing: an acceptance that had not seen the withdrawal is taken, and void",
        "16.10",
        (*OFFERED, "S withdraw"),
        "R~ accept",
        "withdrawn",
    ),
    (
        "crossing: the withdrawal stands although it had not seen the acceptance",
        "16.10",
        (*OFFERED, "R accept"),
        "S~ withdraw",
        "withdrawn",
    ),
    ("the supplier lets an acceptance lapse", "16.10", (*OFFERED, "R accept"), "S lapse", "lapsed"),
    ("the supplier concludes a cancellation", "16.10", (*CONFIRMED, "R cancel"), "S cancelled", "cancelled"),
    ("dispatch although a cancellation waits unseen", "16.10", (*CONFIRMED, "R cancel"), "S~ dispatch", "dispatched"),
    ("expiry is a step of the supplier", "16.11", OFFERED, "S expire", "expired"),
    ("goods are received", "16.13", (*CONFIRMED, "S dispatch"), "R received", "dispatched"),
    (
        "a fact after the end is not refused",
        "16.13",
        (*CONFIRMED, "R cancel", "S cancelled"),
        "R received",
        "cancelled",
    ),
    ("a departure before any confirmation is a fact too", "16.13", OFFERED, "S departed", "offered"),
    ("both close", "16.13", (*CONFIRMED, "S dispatch", "R received", "R close-proposed"), "S close", "closed"),
)
REFUSED: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("unseen proposal: a confirmation that had not seen the acceptance", "16.10", (*OFFERED, "R accept"), "S~ confirm"),
    ("a confirmation that nobody asked for", "16.10", OFFERED, "S confirm"),
    ("the requester confirms", "16.13", (*OFFERED, "R accept"), "R confirm"),
    ("the supplier accepts its own offer", "16.13", OFFERED, "S accept"),
    ("an acceptance that had seen the withdrawal", "16.10", (*OFFERED, "S withdraw"), "R accept"),
    ("an acceptance before any offer", "16.13", ("R request",), "R accept"),
    ("a second confirmation of one acceptance", "16.10", CONFIRMED, "S confirm"),
    ("dispatch of what was not confirmed", "16.13", OFFERED, "S dispatch"),
    ("a cancellation concluded that nobody asked for", "16.10", CONFIRMED, "S cancelled"),
    ("the requester lets it expire by its clock", "16.11", OFFERED, "R expire"),
    ("an offer after the end", "16.13", (*OFFERED, "S withdraw"), "S offer"),
    ("a step that nobody knows", "16.13", OFFERED, "S sell"),
    ("the supplier says that it received", "16.13", (*CONFIRMED, "S dispatch"), "S received"),
)


def steps() -> Subject:
    """Steps."""
    about = "A message after both chains; `state` is that of the supplier's chain with it. The writer is a member,"
    found = Subject("cases", about + " unless `former_member`.")
    for name, clause, said, one, state in TAKEN:
        talk = Talk(*said)
        found.ok(name, clause, "step", {"state": state}, talk.given(), talk.next(one))
    for name, clause, said, one in REFUSED:
        talk = Talk(*said)
        found.bad(name, clause, "step", "step", talk.given(), talk.next(one))
    for one, said, state in (
        ("S dispatch", CONFIRMED, "dispatched"),
        ("R received", (*CONFIRMED, "S dispatch"), "dispatched"),
    ):
        talk = Talk(*said)
        given = talk.given() | {"former_member": True}
        found.ok(
            f"former member: {one[2:]} only reduces an obligation",
            "14.7",
            "step",
            {"state": state},
            given,
            talk.next(one),
        )
    for one, said in (("R amend", CONFIRMED), ("S offer", ("R request",)), ("R request", ())):
        talk = Talk(*said)
        given = talk.given() | {"former_member": True}
        found.bad(f"former member: no new {one[2:]}", "14.7", "step", "not-found", given, talk.next(one))
    return found
