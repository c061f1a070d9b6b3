"""Routes of the duty roster and of what waits for whom, as data."""

from xstock_node.api.route import Route
from xstock_node.services import duty_desk, handing_over
from xstock_node.services.branches import Reach
from xstock_node.services.duty_desk import RosterFile, RosterView, WaitingId, WaitingView

DUTY_ROUTES = (
    Route(
        "duty.show",
        "GET",
        "/duty",
        "see",
        None,
        RosterView,
        duty_desk.show_roster,
        "Who has duty now and in the week to come, and when nobody has",
        reach=Reach.COMMON,
    ),
    Route(
        "duty.set",
        "POST",
        "/duty",
        "people",
        RosterFile,
        RosterView,
        duty_desk.set_roster,
        "Put another duty roster in place",
    ),
    Route(
        "duty.queue",
        "GET",
        "/duty/queue",
        "see",
        None,
        list[WaitingView],
        duty_desk.list_queue,
        "What waits for people of this node, and who took it",
        reach=Reach.LISTED,
    ),
    Route(
        "duty.note",
        "GET",
        "/duty/note",
        "see",
        handing_over.NoteRequest,
        handing_over.NoteView,
        handing_over.note,
        "The hand-over note: what waits, who is silent, what is open, changed, comes due",
    ),
    Route(
        "duty.take",
        "POST",
        "/duty/take",
        "see",
        WaitingId,
        WaitingView,
        duty_desk.take,
        "Take something that waits; the right it needs is that of its function",
        reach=Reach.LISTED,
    ),
)
