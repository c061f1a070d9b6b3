"""The tables are true to the nomenclatures, the schema and our catalogue."""

from importlib.resources import files

from dispatch_schemas import enumerated, nomenclature
from xstock_dispatch.codes import CLASS_OF, CLASSES, ITEMS, UM_OF, UNITS, known_class
from xstock_dispatch.kinds import KINDS, MOMENTS
from xstock_dispatch.writing import MODES

from xstock_node.domain.catalogue import parse_catalogue


def test_every_class_and_unit_is_one_of_emsi() -> None:
    assert CLASSES - {"MAT"} <= nomenclature("RESOURCE.RTYPE.CLASS")
    assert enumerated("rtype", "RCLASS") >= CLASSES
    assert UNITS.keys() <= nomenclature("RESOURCE.UM") & enumerated("resource", "UM")


def test_every_word_that_is_written_is_in_the_schema() -> None:
    assert {kind.type for kind in KINDS.values()} <= enumerated("context", "MSGTYPE")
    assert {kind.mission for kind in KINDS.values()} - {""} <= enumerated("mission", "STATUS")
    assert {kind.resource for kind in KINDS.values()} <= enumerated("resource", "STATUS")
    assert set(MOMENTS.values()) <= enumerated("rgeo", "TYPE")
    assert set(MODES.values()) == enumerated("context", "MODE")


def test_every_item_is_in_the_catalogue_and_once_here() -> None:
    shipped = parse_catalogue(files("xstock_node.domain").joinpath("data", "catalogue.toml").read_bytes())
    assert CLASS_OF.keys() <= {item.code for item in shipped.all()}
    assert sum(map(len, ITEMS.values())) == len({item for items in ITEMS.values() for item in items})
    assert len(UM_OF) == sum(map(len, UNITS.values()))


def test_tents_blankets_generators_water_and_medical_sets_have_codes() -> None:
    wanted = {"MAT/EQ/OTH/TENT", "MAT/EQ/OTH/BLNKT", "MAT/EQ/ELC/POWGN", "MAT/EQ/OTH/WATPUR", "MAT/CM/MEDICN/1STAID"}
    assert wanted <= ITEMS.keys() and CLASS_OF["KMEDKIAE01B"] == "MAT/CM/MEDSPL"


def test_an_unknown_leaf_is_taken_for_its_parent() -> None:
    assert known_class("MAT/EQ/OTH/TENT/XXL/RED") == "MAT/EQ/OTH/TENT"
    assert known_class("MAT/VEH/ROADVE/CAR") == "MAT/VEH" and known_class("NO/SUCH") == ""
