"""Routes of convoys, and of the corridors that they take."""

from xstock_node.api.route import Route
from xstock_node.services import convoy_desk, corridor_desk, declaring
from xstock_node.services.branches import Reach

View = corridor_desk.CorridorView
Name = corridor_desk.CorridorName
Passage = convoy_desk.PassageView
_ALL = list[View]

CONVOY_ROUTES = (
    Route("convoy.list", "GET", "/convoys", "see", None, list[convoy_desk.ConvoyView], convoy_desk.list_convoys,
          "The watch board: convoys announced, passed, late, doubtful", reach=Reach.LISTED),
    Route("convoy.declare", "POST", "/convoys/lists", "move", declaring.DeclareRequest, declaring.DeclaredView,
          declaring.declare, "Sign a short-lived list of the plates of a corridor's convoys"),
    Route("convoy.code", "POST", "/convoys/codes", "move", convoy_desk.CaseRequest, list[convoy_desk.CodeView],
          convoy_desk.codes, "The codes that an operation's consignments carry", reach=Reach.CASE),
    Route("convoy.seen", "POST", "/convoys/passages", "move", convoy_desk.SeenRequest, Passage, convoy_desk.note_seen,
          "Note that a convoy was seen"),
    Route("convoy.doubtful", "GET", "/convoys/doubtful", "see", None, list[Passage], convoy_desk.list_doubtful,
          "Passages that a person confirms or dismisses", reach=Reach.LISTED),
    Route("convoy.confirm", "POST", "/convoys/confirm", "move", convoy_desk.PassageId, Passage, convoy_desk.confirm,
          "It was this convoy: the passage is told"),
    Route("convoy.dismiss", "POST", "/convoys/dismiss", "move", convoy_desk.PassageId, Passage, convoy_desk.dismiss,
          "It was another vehicle: nothing is told"),
    Route("corridor.list", "GET", "/corridors", "see", None, _ALL, corridor_desk.list_corridors,
          "The corridors that are watched", reach=Reach.COMMON),
    Route("corridor.set", "POST", "/corridors", "move", corridor_desk.CorridorRequest, View, corridor_desk.set_corridor,
          "Watch a corridor, or change it while it is calm"),
    Route("corridor.remove", "POST", "/corridors/remove", "move", Name, _ALL, corridor_desk.remove_corridor,
          "Watch a corridor no more"),
    Route("corridor.threaten", "POST", "/corridors/threat", "move", Name, View, corridor_desk.threaten,
          "Begin threat mode: passages are told late and coarse"),
    Route("corridor.calm", "POST", "/corridors/calm", "move", Name, View, corridor_desk.calm,
          "Ask for the end of threat mode, or grant it as a second person"),
    Route("corridor.alert", "POST", "/corridors/alerts", "move", corridor_desk.AlertHours, View,
          corridor_desk.note_alert, "Note an air alert"),
)  # fmt: skip
