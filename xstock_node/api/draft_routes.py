"""Routes of draft requests, as data."""

from xstock_node.api.route import Route
from xstock_node.services import draft_desk
from xstock_node.services.branches import Reach
from xstock_node.services.request_views import RequestView

DRAFT_ROUTES = (
    Route(
        "request.drafts",
        "GET",
        "/requests/drafts",
        "see",
        draft_desk.DraftsAsked,
        list[draft_desk.DraftView],
        draft_desk.list_drafts,
        "Draft requests that warnings and foreign messages opened",
        reach=Reach.COMMON,
    ),
    Route(
        "request.draft",
        "GET",
        "/requests/drafts/draft",
        "see",
        draft_desk.DraftRef,
        draft_desk.DraftView,
        draft_desk.show_draft,
        "One draft request",
        reach=Reach.COMMON,
    ),
    Route(
        "request.take",
        "POST",
        "/requests/drafts/take",
        "ask",
        draft_desk.TakeDraft,
        RequestView,
        draft_desk.take_draft,
        "Send a draft as a request of this node",
        reach=Reach.LISTED,
    ),
    Route(
        "request.dismiss",
        "POST",
        "/requests/drafts/dismiss",
        "ask",
        draft_desk.Dismissal,
        draft_desk.DraftView,
        draft_desk.dismiss_draft,
        "Put a draft away for good",
    ),
)
