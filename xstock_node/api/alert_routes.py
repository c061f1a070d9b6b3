"""Routes of public warnings, as data."""

from xstock_node.api.route import Route
from xstock_node.services import alert_views, own_warnings
from xstock_node.services.branches import Reach

ALERT_ROUTES = (
    Route(
        "alert.list",
        "GET",
        "/alerts",
        "see",
        alert_views.AlertsAsked,
        list[alert_views.WarningRow],
        alert_views.list_alerts,
        "Public warnings that touch this node",
        reach=Reach.COMMON,
    ),
    Route(
        "alert.show",
        "GET",
        "/alerts/alert",
        "see",
        alert_views.AlertRef,
        alert_views.WarningView,
        alert_views.show_alert,
        "One public warning with all that it says",
        reach=Reach.COMMON,
    ),
    Route(
        "alert.issue",
        "POST",
        "/alerts/own",
        "ask",
        own_warnings.IssueRequest,
        own_warnings.OwnWarningView,
        own_warnings.issue,
        "Issue a warning of this node, or revise one",
    ),
    Route(
        "alert.cancel",
        "POST",
        "/alerts/own/cancel",
        "ask",
        own_warnings.CancelRequest,
        own_warnings.OwnWarningView,
        own_warnings.cancel,
        "Say that an own warning is over",
    ),
    Route(
        "alert.own",
        "GET",
        "/alerts/own",
        "see",
        None,
        list[own_warnings.OwnWarningView],
        own_warnings.list_own,
        "Warnings that this node issued",
        reach=Reach.COMMON,
    ),
)
