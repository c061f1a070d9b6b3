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
}


def sentence(reason: Reason) -> str:
    """The English sentence of a reason of planning or of stock; an unknown code is shown as it is."""
    template = PLAN_MESSAGES.get(reason.code)
    return stock_sentence(reason) if template is None else template.format_map(reason.params)
