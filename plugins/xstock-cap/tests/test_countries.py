"""Countries of names, codes and identifiers."""

import pytest
from xstock_cap.countries import named, of_alpha3, of_codes, of_identifier

from xstock_node.plugins.interchange import Coded


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Bulgaria, Iraq, Iran, Turkey", "BG IQ IR TR"),
        ("Iran, Islamic Republic of, Moldova, Republic of", "IR MD"),
        ("The former Yugoslav Republic of Macedonia", "MK"),
        ("North Macedonia,Kosovo , Türkiye", "MK XK TR"),
        ("Congo, Democratic Republic of the, Congo", "CD CG"),
        ("Korea, Democratic People's Republic of, Korea, Republic of", "KP KR"),
        ("COTE D'IVOIRE, Bosnia & Herzegovina", "CI BA"),
        ("Russian Federation, U.S.A., United Kingdom", "RU US GB"),
        ("Romania, Romania", "RO"),
        ("", ""),
    ],
)
def test_names_as_feeds_write_them(text: str, codes: str) -> None:
    assert named(text) == (tuple(codes.split()), ())


def test_names_that_nobody_knows_are_told() -> None:
    assert named("Atlantis, Romania, Off shore") == (("RO",), ("Atlantis", "Off shore"))


def test_codes_of_areas() -> None:
    pairs = [
        ("EMMA_ID", "UK001"),
        ("NUTS3", "EL301"),
        ("ISO 3166-2", "BG-01"),
        ("ISO 3166-1", "RO"),
        ("iso3166", "AUT"),
    ]
    assert of_codes(Coded(scheme=scheme, value=value) for scheme, value in pairs) == ("GB", "GR", "BG", "RO", "AT")
    unknown = [("EMMA_ID", "QQ001"), ("UGC", "TXZ001"), ("NUTS3", "ro1"), ("EMMA_ID", "ROMANIA")]
    assert of_codes(Coded(scheme=scheme, value=value) for scheme, value in unknown) == ()


def test_numbers_in_identifiers_of_the_wmo() -> None:
    assert of_identifier("2.49.0.0.70.1.BA.240105083949") == ("BA",) and of_identifier("2.49.0.1.840.0.x") == ("US",)
    assert of_identifier("2.49.0.0.999.1.x") == () and of_identifier("desk.70.1") == ()


def test_alpha3() -> None:
    assert (of_alpha3("ROU"), of_alpha3("rou"), of_alpha3("QQQ")) == ("RO", "RO", "")
