"""GS1-128: the barcode of a handling unit, Code 128 in code set C with FNC1 first (ISO/IEC 15417, GS1 General
Specifications 5.4). Only what an SSCC needs: an even number of digits.
"""

from typing import Final

# widths of bar, space, bar ... of the symbol characters 0 to 105, then the stop character
WIDTHS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 113222 "
    "123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 212123 212321 "
    "232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 "
    "111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 241112 134111 "
    "111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
_PATTERNS: Final = WIDTHS.split(" ")
START_C, FNC1, STOP = 105, 102, 106
QUIET: Final = 10


def characters(digits: str) -> list[int]:
    """The symbol characters of `digits` (an even number of them): start, FNC1, pairs, check character, stop."""
    pairs = [int(digits[place : place + 2]) for place in range(0, len(digits), 2)]
    data = [FNC1, *pairs]
    check = (START_C + sum(place * value for place, value in enumerate(data, 1))) % 103
    return [START_C, *data, check, STOP]


def gs1_128_svg(digits: str, height: int = 60) -> str:
    """The symbol as SVG, one unit a module, with its quiet zones."""
    x, bars = QUIET, []
    for value in characters(digits):
        for place, width in enumerate(map(int, _PATTERNS[value])):
            if place % 2 == 0:
                bars.append(f"M{x} 0h{width}v{height}h-{width}z")
            x += width
    width = x + QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
        f'<rect width="{width}" height="{height}" fill="#fff"/><path d="{"".join(bars)}"/></svg>'
    )
