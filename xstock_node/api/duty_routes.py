"""Routes of the duty roster and of what waits for whom, as data."""

from xstock_node.api.route import Route
from xstock_node.services import duty_desk, hand_overs, handing_over
from xstock_node.services.branches import Reach
from xstock_node.services.duty_desk import RosterFile, RosterView, WaitingId, WaitingView
from xstock_node.services.hand_overs import HandOverId, HandOversAsked, HandOverView
from xstock_node.services.handing_over import NoteRequest, NoteView

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
        NoteRequest,
        NoteView,
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
    Route(
        "duty.hand-overs",
        "GET",
        "/duty/hand-overs",
        "see",
        HandOversAsked,
        list[HandOverView],
        hand_overs.list_hand_overs,
        "The notes that were handed over, and who took over",
    ),
    Route(
        "duty.hand-over",
        "POST",
        "/duty/hand-over",
        "ask",
        NoteRequest,
        HandOverView,
        hand_overs.give,
        "Hand duty over: the note of this moment waits for who comes on",
    ),
    Route(
        "duty.take-over",
        "POST",
        "/duty/take-over",
        "ask",
        HandOverId,
        HandOverView,
        hand_overs.take,
        "Take duty over: somebody else has read the note",
    ),
)
