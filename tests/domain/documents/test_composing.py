"""From facts to a sheet: unknown stays unknown, sums name what they lack, nothing invisible gets onto a paper."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from tests import paper_samples as samples
from xstock_node.domain.documents.composing import BLANK, compose, parse_documents
from xstock_node.domain.documents.sheets import Sheet, printable
from xstock_node.domain.documents.values import moment
from xstock_node.domain.fields import FieldError
from xstock_node.services.documents.library import DATA, documents, words


def sheet(code: str, *languages: str, **rest: object) -> Sheet:
    return compose(code, samples.facts(**rest), words(languages or ("bg", "en")), documents())  # type: ignore[arg-type]


def values(found: Sheet, label: str) -> tuple[str, ...]:
    return next(entry.value for entry in found.entries if entry.label[-1] == label)


def column(found: Sheet, label: str) -> list[tuple[str, ...]]:
    grid = next(grid for grid in found.grids if label in [column.label[-1] for column in grid.columns])
    place = [column.label[-1] for column in grid.columns].index(label)
    return [row[place] for row in (*grid.rows, grid.sums) if row]


def test_a_label_and_a_declaration_stand_in_every_language_of_the_paper() -> None:
    found = sheet("gift_certificate", "bg", "ro", "en")
    assert found.title == ("Свидетелство за дарение", "Certificat de donație", "Gift certificate")
    assert found.says[0][0].startswith("Червен кръст (учение)") and found.says[0][2].startswith("Red Cross (exercise)")


def test_an_unknown_figure_is_said_and_never_nothing() -> None:
    assert column(sheet("closing_report"), "Written off") == [("1110",), ("неизвестно", "unknown")]


def test_a_sum_says_how_many_parts_it_does_not_hold() -> None:
    found = sheet("packing_list")
    assert column(found, "m³")[-1] == ("11.27 + 1 × неизвестно", "11.27 + 1 × unknown")
    assert column(found, "Gross kg")[-1] == ("3722",)
    assert values(found, "Net weight, kg") == ("2200.5 + 1 × неизвестно", "2200.5 + 1 × unknown")


def test_a_mixed_unit_has_a_row_an_item_and_its_weight_stands_once() -> None:
    found = sheet("packing_list", consignment=samples.consignment(samples.mixed()))
    assert column(found, "Quantity")[:2] == [("40",), ("36",)]
    assert column(found, "Gross kg") == [("2310.25",), (), ("2310.25",)]


def test_values_are_named_by_item_and_in_all_as_serbia_asks() -> None:
    found = sheet("gift_certificate")
    assert column(found, "Value a unit")[:2] == [("380.01 EUR",), ("275.00 EUR",)]
    assert column(found, "Value in all") == [("419531.04 EUR",), ("606100.00 EUR",), ("1025631.04 EUR",)]
    assert column(found, "kg in all")[0] == ("63480",)


def test_sums_of_two_currencies_stay_apart() -> None:
    first, second = samples.facts().lines
    found = sheet("donors_statement", lines=(first, msgspec.structs.replace(second, currency="RSD")), consignment=None)
    assert column(found, "Value in all")[-1] == ("419531.04 EUR; 606100.00 RSD",)
    assert values(found, "Value") == ("419531.04 EUR; 606100.00 RSD",)


def test_a_loan_that_is_not_all_accounted_for_says_what_is_outstanding() -> None:
    line = msgspec.structs.replace(
        samples.facts().lines[0],
        good=Decimal(100),
        damaged=Decimal(2),
        returned=Decimal(52),
        written_off=Decimal(3),
    )
    assert column(sheet("loan_discharge", lines=(line,)), "Outstanding") == [("47",)]
    unknown = msgspec.structs.replace(line, returned=None)
    assert column(sheet("loan_discharge", "en", lines=(unknown,)), "Outstanding") == [("unknown",)]


def test_what_nobody_has_entered_is_a_line_for_the_pen() -> None:
    found = sheet("waybill", "en", vehicle=None)
    assert values(found, "Vehicle") == values(found, "Driver") == ()
    assert BLANK in sheet("reexport_undertaking", loan_due=None, customs_deadline=None).says[0][0]


@pytest.mark.parametrize("code", ["packing_list", "waybill", "clearance_sheet", "order_confirmation", "offer_sheet"])
def test_who_comes_with_a_team_is_said_in_numbers_and_what_nobody_said_is_unknown(code: str) -> None:
    found = sheet(code, "en", "de")
    (grid,) = [g for g in found.grids if "Modultyp" in [column.label[-1] for column in g.columns]]
    assert grid.rows[0][2:] == (("4",), ("unit", "Einheit"), ("HCP",), ("19",), ("13",))
    assert grid.rows[1][4:] == (("unknown", "unbekannt"),) * 3
    without = sheet(code, "en", "de", crews=())
    assert len(without.grids) == len(found.grids) - 1


def test_without_a_green_light_the_reason_why_none_is_needed_stands_in_its_place() -> None:
    found = sheet("drivers_sheet", "en", green_light=None, no_clearance="every country of the way is in the Union")
    assert values(found, "Green light No") == ("every country of the way is in the Union",)


def test_times_show_their_own_clock_and_utc() -> None:
    assert moment(samples.at(5, 30)) == ("2027-03-28 05:30 (02:30 UTC)",)
    assert moment(samples.at(1)) == ("2027-03-28 01:00 (2027-03-27 22:00 UTC)",)
    assert moment(datetime(2027, 3, 28, 1, tzinfo=UTC)) == ("2027-03-28 01:00 UTC",)


def test_only_an_exercise_wears_a_banner() -> None:
    assert len(sheet("waybill").banner) == 2
    assert sheet("waybill", exercise=False).banner == ()


def test_what_prints_nothing_or_turns_the_line_around_stays_off_the_paper() -> None:
    assert printable("a\u202eb\u200bc\x00d\nf\u2066") == "abcd f"
    found = sheet("waybill", "en", instructions="left\u202ethgir")
    assert values(found, "Instructions") == ("leftthgir",)


def test_the_whole_list_of_the_domain_is_there_and_an_unknown_paper_is_refused() -> None:
    wanted = (
        "waybill packing_list goods_received_note loss_damage_report gift_certificate donation_receipt loan_inventory "
        "reexport_undertaking loan_discharge pro_forma cmr_sheet duty_relief_letter batch_list dangerous_goods "
        "green_light clearance_sheet drivers_sheet delivery_slot distribution_plan donors_statement end_use_report "
        "drained_of_fuel temperature_log closing_report cancellation_note pre_notification request offer_sheet "
        "order_confirmation refusal_note short_closing_note recall_notice loss_report"
    )
    assert set(wanted.split()) == set(documents().documents)
    with pytest.raises(FieldError, match="a document of the library"):
        sheet("invoice")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(b'"operation", ', b'"operashun", ', "operashun"), (b'tables = ["asked", ', b'tables = ["asekd", ', "asekd"),
     (b"[[table]]", b"[[tabel]]", "tabel")],
)  # fmt: skip
def test_a_file_of_documents_with_a_wrong_name_is_refused(before: bytes, after: bytes, expected: str) -> None:
    with pytest.raises(FieldError, match=expected):
        parse_documents((DATA / "documents.toml").read_bytes().replace(before, after, 1))
