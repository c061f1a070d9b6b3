"""The map as data: where a node stands that tells no place, what is drawn of an operation, what is left out."""

from typing import Any

import pytest

from xstock_node.console.centres import CENTRES
from xstock_node.console.scene import Known, Partner, late_cases, scene, way_of
from xstock_node.services.duty_desk import WaitingView
from xstock_node.services.offer_sums import OfferPlace
from xstock_node.services.operation_views import OperationRow

RS, BG, XX = "redcross.rs", "redcross.bg", "redcross.xx"
PARTNERS = {
    RS: Partner("Црвени крст Србије", "RS"),
    BG: Partner("БЧК", "BG", (23.3, 42.7), own=True),
    XX: Partner("Nowhere", "XX"),
}


def offer(node: str = RS, **fields: Any) -> OfferPlace:
    said = {"organisation": node, "country": "RS", "place": "Београд", "latitude": 44.8, "longitude": 20.5}
    said |= {"offers": 3, "ready_hours": 6, "quantity": "", "unit": "", "own": False}
    return OfferPlace(node=node, **said | fields)


def operation(case: str = "c1", supplier: str = RS, requester: str = BG, state: str = "confirmed") -> OperationRow:
    said = dict.fromkeys(("network", "side", "turn", "opened", "changed", "event"), "")
    return OperationRow(
        case=case, supplier=supplier, requester=requester, state=state, exercise=False, lines="5 H87 TENT", **said
    )


def known(*offers: OfferPlace, **more: Any) -> Known:
    return Known(PARTNERS, offers, **{"needs": {}, "operations": [], "late": frozenset()} | more)


def test_a_node_stands_at_its_offers_else_at_its_own_place_else_in_the_middle_of_its_country() -> None:
    found, trips, lost = scene(known(offer(), needs={BG: "40"}, operations=[operation()]))
    assert [(one.node, one.longitude, one.latitude, one.needed) for one in found] == [
        (RS, 20.5, 44.8, "0"),
        (BG, 23.3, 42.7, "40"),
    ]
    assert [(trip.start, trip.end, trip.way) for trip in trips] == [(0, 1, "promised")] and lost == 0
    without, _, _ = scene(known(offer(latitude=None, longitude=None)))
    assert (without[0].longitude, without[0].latitude) == CENTRES["RS"]
    abroad, _, _ = scene(known(offer(BG, country="RS", latitude=None, longitude=None)))
    assert (abroad[0].longitude, abroad[0].latitude) == CENTRES["RS"], "goods of Bulgaria that lie in Serbia"


def test_what_lies_nowhere_is_counted_and_never_drawn() -> None:
    nowhere = offer(XX, country="XX", latitude=None, longitude=None)
    found, trips, lost = scene(known(nowhere, needs={XX: "1"}, operations=[operation(supplier=XX)]))
    assert [one.node for one in found] == [BG] and trips == [] and lost == 4


def test_two_places_of_a_node_stay_two_and_other_units_stay_out() -> None:
    found, _, _ = scene(
        known(
            offer(quantity="5", unit="H87"),
            offer(latitude=45.0, quantity="7", unit="H87"),
            offer(unit="SET"),
            unit="H87",
        )
    )
    assert [one.offered for one in found] == ["5", "7"]


@pytest.mark.parametrize(
    ("state", "way"),
    [
        ("requested", "asked"), ("indicated", "asked"), ("offered", "asked"), ("confirmed", "promised"),
        ("cleared", "promised"), ("dispatched", "moving"), ("refused", "moving"), ("return-dispatched", "moving"),
        ("received", None), ("on-loan", None), ("closed", None), ("declined", None), ("lost", None),
    ],
)  # fmt: skip
def test_an_operation_is_drawn_until_it_has_arrived(state: str, way: str | None) -> None:
    assert way_of(state, is_late=False) == way
    assert way_of(state, is_late=True) == (way and "late")


def test_who_is_late_is_told_by_the_queue() -> None:
    def waiting(kind: str, case: str) -> WaitingView:
        names = ("id", "request", "other", "state", "detail", "since", "answer_by", "told_at", "taken_by", "taken_at")
        said: dict[str, Any] = dict.fromkeys(names, "")
        return WaitingView(kind=kind, case=case, role="duty-officer", exercise=False, calm=False, told=[], **said)  # type: ignore[arg-type]

    queue = [waiting("no-answer", "c1"), waiting("your-turn", "c2"), waiting("convoy-late", "c3"), waiting("alert", "")]
    assert late_cases(queue) == {"c1", "c3"}


def test_every_centre_lies_in_the_region() -> None:
    assert len(CENTRES) > 50
    assert all(-25 <= lon <= 88 and 31 <= lat <= 72 for lon, lat in CENTRES.values())
