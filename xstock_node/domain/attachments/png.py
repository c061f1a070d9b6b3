"""PNG (ISO/IEC 15948) without metadata: whole, with its pixels as they were, and nothing but them.

- kept are the critical chunks, and of the others those that change how pixels look: tRNS, gAMA, cHRM, sRGB, pHYs;
- each kept chunk has the size that the standard gives it, so that nothing else hides there;
- the pixels inflate to exactly what the header says, within bounds; nothing follows IEND.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from xstock_node.domain.attachments.media import Media, broken
from xstock_node.protocol import limits

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_LOOKS: Final = {b"tRNS": range(1, 257), b"gAMA": range(4, 5), b"cHRM": range(32, 33), b"sRGB": range(1, 2)}
LOOKS: Final = _LOOKS | {b"pHYs": range(9, 10)}
DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
PIECE: Final = 1 << 20


class Chunk(NamedTuple):
    """One chunk: its four letters and what it holds."""

    kind: bytes
    data: bytes

    def raw(self) -> bytes:
        """As it stands in a file."""
        crc = zlib.crc32(self.kind + self.data)
        return struct.pack(">I", len(self.data)) + self.kind + self.data + struct.pack(">I", crc)


def clean(data: bytes) -> bytes:
    """The picture without metadata; raises FieldError where it is not a whole PNG within bounds."""
    every = list(_chunks(data))
    kept = list(_kept(every))
    kinds = [chunk.kind for chunk in kept]
    first = kinds.index(b"IDAT") if b"IDAT" in kinds else 0
    pixels = [chunk.data for chunk in kept if chunk.kind == b"IDAT"]
    if kinds[0] != b"IHDR" or kinds.count(b"IHDR") != 1 or not pixels:
        raise broken(Media.PNG, "no header first, or no pixels")
    if set(kinds[first : first + len(pixels)]) != {b"IDAT"} or kinds[first + len(pixels) :] != [b"IEND"]:
        raise broken(Media.PNG, "chunks out of order")
    _check_palette(kept)
    _check_pixels(pixels, _size(every[0].data))
    return SIGNATURE + b"".join(chunk.raw() for chunk in kept)


def _chunks(data: bytes) -> Iterator[Chunk]:
    """All chunks up to IEND; what follows it is left out."""
    place = len(SIGNATURE)
    for _ in range(limits.PICTURE_PARTS):
        head = data[place : place + 8]
        if len(head) < 8:
            raise broken(Media.PNG, "an end in the middle")
        size, kind = struct.unpack(">I4s", head)
        found = Chunk(kind, data[place + 8 : place + 8 + size])
        end = place + 12 + size
        if end > len(data) or found.raw()[-4:] != data[end - 4 : end]:
            raise broken(Media.PNG, "a chunk that is cut or changed")
        yield found
        if kind == b"IEND":
            return
        place = end
    raise broken(Media.PNG, f"more than {limits.PICTURE_PARTS} chunks")


def _kept(every: Iterable[Chunk]) -> Iterator[Chunk]:
    seen: set[bytes] = set()
    for chunk in every:
        if chunk.kind in (b"IHDR", b"PLTE", b"IDAT", b"IEND"):
            yield chunk
        elif not chunk.kind[0] & 0x20:  # a critical chunk that no standard knows
            raise broken(Media.PNG, "an unknown critical chunk")
        elif len(chunk.data) in LOOKS.get(chunk.kind, ()) and chunk.kind not in seen:
            seen.add(chunk.kind)
            yield chunk


def _check_palette(kept: list[Chunk]) -> None:
    palettes = [chunk.data for chunk in kept if chunk.kind == b"PLTE"]
    if len(palettes) > 1 or any(len(p) % 3 or not 3 <= len(p) <= 768 for p in palettes) or kept[-1].data:
        raise broken(Media.PNG, "a palette or end of another size")


def _size(header: bytes) -> int:
    """How many bytes the pixels of a header come to, filter bytes included."""
    if len(header) != 13:
        raise broken(Media.PNG, "a header of another size")
    width, height, depth, colour, packing, filters, lacing = struct.unpack(">IIBBBBB", header)
    if depth not in DEPTHS.get(colour, ()) or packing or filters or lacing > 1 or not width or not height:
        raise broken(Media.PNG, "a header that says nothing known")
    passes = ADAM7 if lacing else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            total += rows * (1 + -(-columns * depth * CHANNELS[colour] // 8))
    if width * height > limits.PICTURE_PIXELS or total > limits.PICTURE_BYTES:
        raise broken(Media.PNG, f"{width} x {height} pixels, more than may be shown")
    return total


def _check_pixels(parts: list[bytes], size: int) -> None:
    """Raise FieldError unless the parts inflate to exactly so many bytes; no more than those are ever made."""
    stream, left, rest = zlib.decompressobj(), size, b"".join(parts)
    try:
        while left >= 0 and not stream.eof:
            piece = stream.decompress(rest, PIECE)
            left -= len(piece)
            if not piece and not stream.unconsumed_tail:
                break
            rest = stream.unconsumed_tail
    except zlib.error:
        raise broken(Media.PNG, "pixels that do not inflate") from None
    if left or not stream.eof or stream.unused_data:
        raise broken(Media.PNG, "other pixels than its header says")
