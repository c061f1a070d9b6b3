"""All limits on what a file may make the reader do, in one place."""

from typing import Final

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
MAX_PART_BYTES: Final = 256 * 1024 * 1024  # one part of a workbook, unpacked
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024  # all parts of a workbook, unpacked
MAX_RATIO: Final = 400  # unpacked to packed; checked only above RATIO_FROM
RATIO_FROM: Final = 32 * 1024 * 1024
MAX_PARTS: Final = 5_000
MAX_ROWS: Final = 200_000
MAX_CELLS: Final = 4_000_000
MAX_COLUMNS: Final = 512  # cells further right are counted and asked about, not read
MAX_CELL_TEXT: Final = 32_767
HEADER_WITHIN: Final = 80  # rows searched for the header
GAP_ROWS: Final = 1_000  # a longer run of blank rows parts a stray cell from the list
MAX_VALUE_TEXT: Final = 80  # a longer text is no figure, date, unit or code
MAX_ASKED: Final = 200  # sentences put to a human
MAX_REPEATS: Final = 1_000  # times that one filled row of an OpenDocument sheet is repeated
