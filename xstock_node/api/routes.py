"""Every route as data: name, method, path, right, types, handler. OpenAPI and the rights matrix come from here.

A handler is `async (office, actor, request) -> response`; the request is a JSON body, or a query where it is a GET.
"""

from xstock_node.api.alert_routes import ALERT_ROUTES
from xstock_node.api.convoy_routes import CONVOY_ROUTES
from xstock_node.api.draft_routes import DRAFT_ROUTES
from xstock_node.api.duty_routes import DUTY_ROUTES
from xstock_node.api.exercise_routes import EXERCISE_ROUTES
from xstock_node.api.form_routes import FORM_ROUTES
from xstock_node.api.impact_routes import IMPACT_ROUTES
from xstock_node.api.import_routes import IMPORT_ROUTES
from xstock_node.api.message_routes import MESSAGE_ROUTES
from xstock_node.api.operation_routes import OPERATION_ROUTES
from xstock_node.api.paper_routes import PAPER_ROUTES
from xstock_node.api.people_routes import PEOPLE_ROUTES
from xstock_node.api.plugin_routes import PLUGIN_ROUTES
from xstock_node.api.route import Handler, Route
from xstock_node.api.stock_routes import STOCK_ROUTES
from xstock_node.api.town_routes import TOWN_ROUTES
from xstock_node.api.unneeded_routes import UNNEEDED_ROUTES
from xstock_node.services import (
    acting,
    bundling,
    checks,
    database_check,
    disclosing,
    ending_doubt,
    enrolment,
    governing,
    looked,
    overview,
    peer_test,
)
from xstock_node.services.branches import Reach

__all__ = ["BY_NAME", "PREFIX", "ROUTES", "Handler", "Route"]
PREFIX = "/api/1"


NODE_ROUTES = (
    Route(
        "status",
        "GET",
        "/status",
        "see",
        None,
        overview.StatusView,
        overview.status,
        "This node at a glance",
        reach=Reach.COMMON,
    ),
    Route(
        "doctor", "GET", "/doctor", "operate", None, list[looked.Finding], checks.doctor, "What is well, what is not"
    ),
    Route(
        "db.check",
        "POST",
        "/db/check",
        "operate",
        None,
        database_check.DatabaseCheck,
        database_check.check_database,
        "Hash everything again, heal what is damaged",
    ),
    Route(
        "doubt.end",
        "POST",
        "/doubt/end",
        "operate",
        None,
        ending_doubt.DoubtEnded,
        ending_doubt.end_doubt,
        "Promise again, though not all have told their cases",
    ),
    Route(
        "log.verify",
        "GET",
        "/logs/verify",
        "audit",
        None,
        list[checks.LogVerification],
        checks.verify_logs,
        "Hash every stored record again",
    ),
    Route(
        "log.tail",
        "GET",
        "/logs/acts",
        "audit",
        acting.TailRequest,
        list[acting.ActView],
        acting.tail,
        "The newest acts of people and programs",
    ),
    *STOCK_ROUTES,
    *PLUGIN_ROUTES,
    *MESSAGE_ROUTES,
    *FORM_ROUTES,
    *CONVOY_ROUTES,
    *TOWN_ROUTES,
    *IMPACT_ROUTES,
    *UNNEEDED_ROUTES,
    Route(
        "peer.list",
        "GET",
        "/peers",
        "see",
        overview.PeerName,
        list[overview.PeerView],
        overview.peers,
        "Pinned peers",
        reach=Reach.COMMON,
    ),
    Route(
        "peer.sync",
        "POST",
        "/peers/sync",
        "operate",
        overview.PeerName,
        overview.SyncResult,
        overview.sync,
        "One round with a peer, or with all, now",
    ),
    Route(
        "peer.invite",
        "POST",
        "/peers/invite",
        "govern",
        enrolment.InviteRequest,
        enrolment.InviteView,
        enrolment.invite,
        "An invitation for one application",
    ),
    Route(
        "peer.join",
        "POST",
        "/peers/join",
        "operate",
        enrolment.JoinRequest,
        enrolment.JoinView,
        enrolment.join,
        "Take a charter and apply to a sponsor",
    ),
    Route(
        "network.list",
        "GET",
        "/networks",
        "see",
        None,
        list[governing.NetworkView],
        governing.list_networks,
        "The networks of this node",
        reach=Reach.COMMON,
    ),
    Route(
        "network.charter",
        "GET",
        "/networks/charter",
        "see",
        governing.NetworkName,
        governing.CharterView,
        governing.show_charter,
        "The newest charter",
        reach=Reach.COMMON,
    ),
    Route(
        "network.charter.take",
        "POST",
        "/networks/charter",
        "operate",
        governing.CharterText,
        governing.CharterView,
        governing.take_charter,
        "Take a charter that enough governors signed",
    ),
    Route(
        "network.members",
        "GET",
        "/networks/members",
        "see",
        governing.NetworkName,
        list[governing.MemberView],
        governing.list_members,
        "Everybody and where they stand",
        reach=Reach.COMMON,
    ),
    Route(
        "network.vouch",
        "POST",
        "/networks/vouch",
        "govern",
        governing.VouchRequest,
        governing.MemberView,
        governing.vouch,
        "As a governor: stand for a name",
    ),
    Route(
        "network.revoke",
        "POST",
        "/networks/revoke",
        "govern",
        governing.RevokeRequest,
        governing.MemberView,
        governing.revoke,
        "As a governor: speak against a name",
    ),
    Route(
        "network.apply",
        "POST",
        "/networks/apply",
        "operate",
        enrolment.ApplyRequest,
        enrolment.ApplicationFile,
        enrolment.apply,
        "Apply for membership",
    ),
    Route(
        "network.applications",
        "GET",
        "/networks/applications",
        "see",
        enrolment.ApplicationsAsked,
        list[enrolment.ApplicationView],
        enrolment.list_applications,
        "Who wants to join",
        reach=Reach.COMMON,
    ),
    Route(
        "network.application.take",
        "POST",
        "/networks/applications",
        "govern",
        enrolment.ApplicationFile,
        enrolment.ApplicationView,
        enrolment.take_application,
        "Take an application that came as a file",
    ),
    Route(
        "log.erase",
        "POST",
        "/logs/erase",
        "release",
        disclosing.EraseRequest,
        disclosing.Erased,
        disclosing.erase,
        "Erase records of an own log everywhere",
    ),
    Route(
        "peer.test",
        "POST",
        "/peers/test",
        "operate",
        overview.PeerName,
        list[peer_test.Line],
        peer_test.peer_test,
        "Everything that has to work with a peer",
    ),
    Route(
        "bundle.export",
        "POST",
        "/bundles/export",
        "operate",
        bundling.ExportRequest,
        bundling.Bundle,
        bundling.export,
        "What a peer, or everybody, may miss",
    ),
    Route(
        "bundle.import",
        "POST",
        "/bundles/import",
        "operate",
        bundling.ImportRequest,
        bundling.Imported,
        bundling.import_,
        "Take in what somebody carried here",
    ),
)

ROUTES = (
    *NODE_ROUTES,
    *OPERATION_ROUTES,
    *PEOPLE_ROUTES,
    *PAPER_ROUTES,
    *DUTY_ROUTES,
    *EXERCISE_ROUTES,
    *ALERT_ROUTES,
    *DRAFT_ROUTES,
    *IMPORT_ROUTES,
)
BY_NAME = {route.name: route for route in ROUTES}
