"""The sentences of planning: needs, shares, routes, loads and plans say why by code and figures.

The same form as `reasons`: English templates, looked up by code; every parameter is already text.
"""

from typing import Final

from xstock_node.domain.reasons import Reason
from xstock_node.domain.reasons import sentence as stock_sentence

PLAN_MESSAGES: Final[dict[str, str]] = {
    # how a need became a quantity
    "worked_once": "{count} {per} x {rate} {measure} = {total} {measure}; {holds} each: {quantity}",
    "worked_days": "{count} {per} x {rate} {measure} x {days} days = {total} {measure}; {holds} each: {quantity}",
    "no_item": "the catalogue has no item for {ratio}; find it another way",
    "unknown_item": "the catalogue has no item {code} for {ratio}; correct the ratio or the catalogue",
    "instead": "instead of {other}, not beside it",
    "to_confirm": "a planning figure that the requester confirms",
    "above_ratio": "{asked} asked, {by_ratio} by the agreed ratio: no weight beyond it until a person says why",
    # what is a fair part
    "weighed_by_asked": "no agreed ratio: the asked figure is the weight",
    "reach": "at most {most} can reach the place in any way",
    "share_whole": "all {asked} that were asked",
    "share_as_far": "{quantity} of {asked}: as far as whole lots, the ratio and the roads go",
    "share_equal": "{quantity} of {asked} ({percent} %): the equal share within severity {severity}",
    "class_before": "nothing of {asked}: what is there goes to the needs of severity {graver}, which come before"
    " severity {severity} by the agreed rule",
    "tie": "it did not divide; the tie rule decided by requester id, here {requester}",
    # why there is no way
    "place_too_small": "{place} takes lorries up to {limit} t, not {truck} t",
    "crossing_closed": "from {start} to {end} there is no way while {crossings} is closed",
    "truck_too_large": "no crossing between {start} and {end} takes {truck} t; {limit} t would pass",
    "no_inspection": "no crossing between {start} and {end} has the inspection {services}",
    "no_road": "no road leads from {start} to {end}",
    # why a plan is as it is
    "solver_missing": "highspy is not installed: this is the plain plan, within every limit but not proved to be good",
    "solver_off": "the plain plan was asked for: within every limit but not proved to be good",
    "replay_differs": "another plan came out than {hash}: by another solver or version of it, or from changed inputs",
    "flow": "{quantity} {item} of {supplier} from {depot} to {site} as {terms}, {hours} h on the way, there at hour"
    " {arrive}",
    "flow_assumed": "{quantity} {item} of {supplier} from {depot} to {site} as {terms}; the road is unknown,"
    " reckoned with {hours} h, so that they would be there at hour {arrive}",
    "flow_instead": "instead of {item}, for which they count as {counts}",
    "flow_late": "{late} h after hour {needed_by}, at which they are needed",
    "flow_late_assumed": "so reckoned {late} h after hour {needed_by}, at which they are needed",
    "unmet": "{unmet} of {asked} {item} stay unmet",
    "nobody_offers": "nobody offers {item}: {quantity} more have to be found elsewhere",
    "all_given": "all that may go there is given away: {quantity} more have to be found elsewhere",
    "below_lot": "{unmet} is less than the smallest lot of {lot}",
    "no_room": "no vehicle is left: with one more {vehicle} at {depot} up to {quantity} more could come",
    # what a plan assumed
    "plan_clock": "hours count from 00:00 UTC of {day}; acceptances reach the suppliers by hour {accept_by}",
    "no_place": "request {request} names no place",
    "any_terms": "request {request} names no terms: all of them are taken as acceptable",
    "no_time": "no time was named for {item} ({line}): planned as wanted at once, and nothing is called late",
    "no_severity": "no severity was named for {item} ({line}): planned as {severity}, the least grave",
    "no_substitutes": "substitutes for {item} ({line}) are welcome, but the catalogue names none",
    "held_other": "{supplier} offers {item} in {case}, which no line asks for in that unit",
    "declined": "{supplier} declined {requests}: its stock offers are not planned there",
    "hint_reduced": "{quantity} less of the stock offer of {item} of {supplier}: it was stated before"
    " they were offered to us",
    "hints": "stock offers are hints: only their owners know what is left, and nothing is held until they answer",
    "line_unit": "{item} ({line}) is asked for in another unit than before and not planned: plan its request alone",
    "left_unit": "{count} stock offers of {item} are counted in another unit and left out",
    "left_condition": "{count} stock offers of {item} are not ready for use and left out",
    "left_figures": "{count} stock offers of {item} say a figure or a day that cannot be and are left out",
    "left_terms": "{count} stock offers of {item} name no terms and are left out",
    "most_hints": "only the {count} largest stock offers of {item} were looked at",
    "roads_on_file": "hours of roads are those of the reception profiles: driving, queues and clearance;"
    " rest of drivers and opening hours are not in them",
    "road_unknown": "the road to {site} from {depots} is unknown: reckoned with {hours} h, clearance included,"
    " which nobody has stated",
    "road_in_part": "of the road from {depot} to {site} {unknown} is unknown; it takes at least {at_least} h and is"
    " reckoned with no less than {hours} h",
    "lead_unknown": "how long clearance takes beforehand is unknown for {countries}: none is reckoned with",
    "vehicles_unstated": "nobody has stated what vehicles are there: as many as the load takes are reckoned with",
    # where the fairness rule comes from
    "rule_default": "no agreement in force with a supplier of this plan sets a fairness rule: the default holds, strict"
    " by class",
    "rule_agreed": "the fairness rule of agreement {agreements}",
    "rules_differ": "the fairness rules of agreements {agreements} differ: the default holds, strict by class",
    # what an offer would need in order to serve
    "refused_hold_over": "{quantity} more if the hold, which ends at hour {until}, lasted until hour {accepted}",
    "refused_nothing_to_give": "an offer has nothing to give above what stays ({kept}) in whole lots of {multiple}",
    "refused_terms_refused": "{quantity} more if the terms {terms} were acceptable",
    "refused_no_lane": "{quantity} more if there were a way from {depot} to {site}",
    "refused_lane_too_small": "{quantity} more with a smaller lorry: {limit} t may pass, not {truck} t",
    "refused_no_vehicle": "{quantity} more if {depot} had a {vehicle}",
    "refused_expires": "{quantity} more if an expiry of {expiry} were good enough ({wanted} is wanted)",
    "refused_far_too_late": "{quantity} more if {late} h late were acceptable",
}


def sentence(reason: Reason) -> str:
    """The English sentence of a reason of planning or of stock; an unknown code is shown as it is."""
    template = PLAN_MESSAGES.get(reason.code)
    return stock_sentence(reason) if template is None else template.format_map(reason.params)
