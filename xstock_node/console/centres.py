"""Where a country is drawn whose node tells no place: a point in its middle, by ISO 3166-1 alpha-2 code."""

from typing import Final

_TABLE: Final = """
AD 42.5 1.6, AL 41.1 20.1, AM 40.3 44.9, AT 47.6 14.2, AZ 40.4 47.8, BA 44.2 17.8, BE 50.6 4.7, BG 42.7 25.2,
BY 53.5 28.0, CH 46.8 8.2, CY 35.0 33.2, CZ 49.8 15.3, DE 51.1 10.4, DK 56.0 9.4, EE 58.7 25.5, ES 40.2 -3.6,
FI 64.5 26.3, FR 46.6 2.5, GB 53.0 -1.6, GE 42.2 43.5, GR 39.3 22.4, HR 45.6 16.0, HU 47.2 19.4, IE 53.2 -8.1,
IL 31.4 35.0, IS 65.0 -18.6, IT 42.8 12.1, KG 41.5 74.6, KZ 48.2 67.3, LI 47.2 9.5, LT 55.3 23.9, LU 49.8 6.1,
LV 56.9 24.9, MC 43.7 7.4, MD 47.2 28.5, ME 42.8 19.2, MK 41.6 21.7, MT 35.9 14.4, NL 52.2 5.6, NO 61.2 9.0,
PL 52.1 19.4, PT 39.6 -8.5, RO 45.9 25.0, RS 44.1 20.8, RU 55.8 37.6, SE 60.5 15.0, SI 46.1 14.8, SK 48.7 19.5,
SM 43.9 12.5, TJ 38.5 71.0, TM 39.1 59.4, TR 39.1 35.2, UA 49.0 31.4, UZ 41.7 63.1, VA 41.9 12.5, XK 42.6 20.9
"""
CENTRES: Final = {
    code: (float(longitude), float(latitude))
    for code, latitude, longitude in (row.split() for row in _TABLE.replace("\n", " ").split(","))
}
"""Longitude and latitude in degrees."""
