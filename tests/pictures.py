"""Pictures read without a library: the grey values of a PNG page, for a reader of codes."""

import struct
import zlib

import zxingcpp

CHANNELS = 4


def codes_of(png: bytes) -> list[str]:
    """The texts of all codes on a page, sorted."""
    return sorted({found.text for found in zxingcpp.read_barcodes(grey(png))})


def grey(png: bytes) -> memoryview:
    """One channel of an 8-bit RGBA picture (PNG, ISO/IEC 15948); the filters work on each channel by itself."""
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (8, 6)
    raw = zlib.decompress(_data(png))
    stride = width * CHANNELS + 1
    above, dots = bytes(width), bytearray()
    for start in range(0, len(raw), stride):
        above = _unfiltered(raw[start], raw[start + 2 : start + stride : CHANNELS], above)
        dots += above
    assert len(dots) == width * height
    return memoryview(dots).cast("B", shape=[height, width])


def _data(png: bytes) -> bytes:
    parts, place = [], 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            parts.append(png[place + 8 : place + 8 + size])
        place += size + 12
    return b"".join(parts)


def _unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    if kind == 0:
        return line
    if kind == 2:
        return bytes((one + up) & 255 for one, up in zip(line, above, strict=True))
    out, left, corner = bytearray(), 0, 0
    for one, up in zip(line, above, strict=True):
        guess = left if kind == 1 else (left + up) // 2 if kind == 3 else _paeth(left, up, corner)
        left, corner = (one + guess) & 255, up
        out.append(left)
    return bytes(out)


def _paeth(left: int, up: int, corner: int) -> int:
    near = left + up - corner
    return min((abs(near - left), 0, left), (abs(near - up), 1, up), (abs(near - corner), 2, corner))[2]
