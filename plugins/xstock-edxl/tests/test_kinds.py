"""The table of message types says what the schemas of OASIS say."""

import pytest
from edxl_neutral import ALL_KINDS
from edxl_schemas import RM, etree, needed
from xstock_edxl.kinds import KINDS, MOMENTS, ROLES, STAGES, TYPES

from xstock_node.plugins.interchange import Contact

XS = "{http://www.w3.org/2001/XMLSchema}"
ELEMENTS = (
    *("MessageDescription", "PrecedingMessageID", "Funding", "ResourceInformation", "ResponseInformation", "Resource"),
    *("OwnershipInformation", "ResourceStatus", "AssignmentInformation", "Quantity", "PriceQuote"),
)


def test_every_schema_of_a_message_has_a_row() -> None:
    names = {path.stem.removeprefix("EDXL-RM") for path in needed(RM).glob("EDXL-RM*.xsd")}
    assert names - {"CommonTypes", "Reference"} == set(TYPES)


@pytest.mark.parametrize("name", TYPES)
def test_a_row_says_what_the_schema_says(name: str) -> None:
    schema = etree().parse(needed(RM / f"EDXL-RM{name}.xsd"))
    least = {found.get("name"): found.get("minOccurs", "1") for found in schema.iter(f"{XS}element")}
    (schedule,) = [found for found in schema.iter(f"{XS}element") if found.get("name") == "ScheduleType"]
    allowed = {found.get("value") for found in schedule.iter(f"{XS}enumeration")}
    common = etree().parse(RM / "EDXL-RMCommonTypes.xsd").iterfind(f".//{XS}simpleType[@name='ScheduleTypeType']//*")
    every = {found.get("value") for found in common if found.get("value")}
    row = TYPES[name]
    assert row.without == {found for found in ELEMENTS if found not in least}
    assert row.must == {found for found in ELEMENTS if least.get(found) == "1"}
    assert row.no_moments == (every - allowed if allowed else set())
    assert set(MOMENTS.values()) <= every


def test_every_kind_and_every_role_has_its_word() -> None:
    assert set(KINDS) == set(ALL_KINDS)
    assert {"", *ROLES} == set(Contact.__annotations__["role"].__args__)
    assert all(KINDS[kind].moment in (moment, None) for moment, kind in STAGES)
