"""JPEG (ITU-T T.81) without metadata: its tables and scans as they were, and nothing but them.

- of the application segments are kept: JFIF without its small picture, Adobe's for how colours are coded, and of Exif
  the orientation alone, in a segment made anew: without it a photo of a telephone would lie on its side. Colour
  profiles go, because they name the device; so do comments;
- tables have the sizes that the standard gives them, so that nothing else hides there; nothing follows EOI.
"""

import re
import struct
from typing import Final, NamedTuple

from xstock_node.domain.attachments.media import Media, broken
from xstock_node.protocol import limits

SOI, EOI, SOS, DHT, DQT, DRI, COM = 0xD8, 0xD9, 0xDA, 0xC4, 0xDB, 0xDD, 0xFE
APP0, APP1, ADOBE, APP15 = 0xE0, 0xE1, 0xEE, 0xEF
FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
ORIENTATION: Final = 0x0112
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FILL: Final = re.compile(rb"\xff+")


class Segment(NamedTuple):
    """A marker, what its segment holds, and the coded data that follow a start of scan."""

    marker: int
    data: bytes
    scan: bytes = b""

    def raw(self) -> bytes:
        """As it stands in a file."""
        return struct.pack(">BBH", 0xFF, self.marker, len(self.data) + 2) + self.data + self.scan


def clean(data: bytes) -> bytes:
    """The picture without metadata; raises FieldError where it is not a whole JPEG within bounds."""
    every = _segments(data)
    frames = [s.data for s in every if s.marker in FRAMES]
    scans = [s for s in every if s.marker == SOS]
    if len(frames) != 1 or not 1 <= len(scans) <= limits.PICTURE_SCANS or not all(s.scan for s in scans):
        raise broken(Media.JPEG, "not one picture with its scans")
    _check_frame(frames[0])
    kept = [s for s in every if not APP0 <= s.marker <= APP15 and s.marker != COM]
    for segment in kept:
        _check_table(segment)
    return b"\xff\xd8" + b"".join(s.raw() for s in (*_applications(every), *kept)) + b"\xff\xd9"


def _segments(data: bytes) -> list[Segment]:
    """All segments up to the end of the picture; what follows it is left out."""
    found: list[Segment] = []
    place = 2
    while len(found) < limits.PICTURE_PARTS:
        fill = _FILL.match(data, place)
        if fill is None or fill.end() >= len(data):
            raise broken(Media.JPEG, "an end in the middle")
        marker, place = data[fill.end()], fill.end() + 1
        if marker == EOI:
            return found
        size = int.from_bytes(data[place : place + 2], "big")
        end = place + size
        if marker < 0xC0 or 0xD0 <= marker <= SOI or size < 2 or end > len(data):
            raise broken(Media.JPEG, "a segment that is cut or none")
        segment = Segment(marker, data[place + 2 : end])
        place = end
        if marker == SOS:
            following = _MARKER.search(data, place)
            if following is None:
                raise broken(Media.JPEG, "a scan without an end")
            segment = segment._replace(scan=data[place : following.start()].rstrip(b"\xff"))
            place = following.start()
        found.append(segment)
    raise broken(Media.JPEG, f"more than {limits.PICTURE_PARTS} segments")


def _check_frame(frame: bytes) -> None:
    if len(frame) < 6 or len(frame) != 6 + 3 * frame[5] or not 1 <= frame[5] <= 4:
        raise broken(Media.JPEG, "a frame of another size")
    height, width = struct.unpack(">HH", frame[1:5])
    if not height or not width:
        raise broken(Media.JPEG, "a frame without a size")
    if width * height > limits.PICTURE_PIXELS:
        raise broken(Media.JPEG, f"{width} x {height} pixels, more than may be shown")


def _check_table(segment: Segment) -> None:
    """Raise FieldError where a segment is of no known kind or holds more or less than it says."""
    marker, data, place = segment.marker, segment.data, 0
    if marker == DQT:
        while place < len(data):
            place += 129 if data[place] >> 4 else 65
    elif marker == DHT:
        while place < len(data):
            place += 17 + sum(data[place + 1 : place + 17])
    elif marker == SOS:
        place = 4 + 2 * data[0] if data else 1
    elif marker == DRI:
        place = 2
    elif marker in FRAMES:
        return
    else:
        raise broken(Media.JPEG, f"a segment of kind {marker:#x}")
    if place != len(data):
        raise broken(Media.JPEG, "a table of another size")


def _applications(every: list[Segment]) -> list[Segment]:
    """The segments that tell how to show the picture, made anew; the first of each kind counts."""
    found: dict[int, Segment] = {}
    for marker, data, _ in every:
        if marker == APP0 and data.startswith(b"JFIF\0") and len(data) >= 14:
            found.setdefault(APP0, Segment(APP0, data[:12] + b"\0\0"))
        elif marker == APP1 and data.startswith(b"Exif\0\0") and (turn := _orientation(data[6:])):
            tag = struct.pack(">HHIHH", ORIENTATION, 3, 1, turn, 0)
            found.setdefault(APP1, Segment(APP1, b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + tag + b"\0\0\0\0"))
        elif marker == ADOBE and data.startswith(b"Adobe") and len(data) >= 12:
            found.setdefault(ADOBE, Segment(ADOBE, data[:12]))
    return [found[marker] for marker in sorted(found)]


def _orientation(tiff: bytes) -> int:
    """The orientation (2 to 8) that the first directory of an Exif block names; 0 for none, or for upright."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return 0
    (start,) = struct.unpack(f"{order}I", tiff[4:8])
    if len(tiff) < start + 2:
        return 0
    (count,) = struct.unpack(f"{order}H", tiff[start : start + 2])
    for place in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, number, value = struct.unpack(f"{order}HHIH", tiff[place : place + 10])
        if (tag, kind, number) == (ORIENTATION, 3, 1):
            return int(value) if 2 <= value <= 8 else 0
    return 0
