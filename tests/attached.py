"""Pictures and documents made here, byte by byte, with all that a telephone or a scanner writes into them."""

import struct
import zlib
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject, StreamObject

GPS = b"44.2120N 22.8790E"
WHO = b"Ana Horvat, 385911234567"


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int = 3, height: int = 2, noise: int = 0, extra: bytes = b"", after: bytes = b"") -> bytes:
    """A grey PNG; `noise` bytes of an own chunk, `extra` chunks before the pixels, `after` its end."""
    lines = b"".join(b"\0" + bytes(range(width)) for _ in range(height))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    more = chunk(b"prVt", bytes(noise)) if noise else b""
    body = chunk(b"gAMA", struct.pack(">I", 45455)) + extra + more + chunk(b"IDAT", zlib.compress(lines))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"") + after


def telling_png() -> bytes:
    """A PNG that says where and by whom it was made, in every place that may say so."""
    told = chunk(b"eXIf", exif(1)) + chunk(b"tEXt", b"Author\0" + WHO) + chunk(b"tIME", bytes(7))
    return png(extra=told + chunk(b"zTXt", b"a\0\0" + zlib.compress(WHO)) + chunk(b"iTXt", b"XML\0" + GPS), after=WHO)


def large_png(size: int, seed: int = 0) -> bytes:
    """A PNG of about so many bytes, whose pixels do not become smaller."""
    from random import Random

    width = 1024
    rows = size // (width + 1)
    raw = Random(seed).randbytes(rows * (width + 1))
    lines = b"".join(b"\0" + raw[n * (width + 1) + 1 : (n + 1) * (width + 1)] for n in range(rows))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, rows, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(lines, 0)) + chunk(b"IEND", b"")


def exif(orientation: int) -> bytes:
    """An Exif block (TIFF, least byte first) with an orientation, and a position and a name behind it."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    place = struct.pack("<HHII", 0x8825, 4, 1, 38)
    return b"II*\0" + struct.pack("<IH", 8, 2) + entry + place + bytes(4) + GPS + b"\0" + WHO


def segment(marker: int, data: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(extra: bytes = b"", after: bytes = b"", width: int = 8, height: int = 8, scan: bytes = b"\x3f") -> bytes:
    """A grey JPEG of one block: all its coefficients are zero."""
    table = bytes([1, *[0] * 15, 0])
    return b"".join(
        (
            b"\xff\xd8",
            segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1" + b"\x55" * 3),
            extra,
            segment(0xDB, b"\0" + b"\1" * 64),
            segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"),
            segment(0xC4, b"\0" + table),
            segment(0xC4, b"\x10" + table),
            segment(0xDA, b"\1\1\0\0\x3f\0") + scan,
            b"\xff\xd9",
            after,
        )
    )


def telling_jpeg(orientation: int = 6) -> bytes:
    """A JPEG that says where and by whom it was made, as a telephone's does, with a second picture behind it."""
    told = segment(0xE1, b"Exif\0\0" + exif(orientation)) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + GPS)
    told += segment(0xE2, b"ICC_PROFILE\0\1\1" + WHO) + segment(0xED, b"Photoshop 3.0\0" + WHO) + segment(0xFE, WHO)
    return jpeg(extra=told, after=jpeg(segment(0xFE, GPS)))


def pdf(*, pages: int = 1, told: bool = False, inside: bytes = b"") -> bytes:
    """A PDF of blank pages; `told`: with names and places in every place for them; `inside` a JPEG on the first."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 100)
    writer.metadata = None
    if inside:
        picture = StreamObject()
        picture._data = inside
        picture.update({NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Image")})
        picture[NameObject("/Filter")] = NameObject("/DCTDecode")
        writer.pages[0][NameObject("/Picture")] = writer._add_object(picture)
    if told:
        writer.add_metadata({"/Author": WHO.decode(), "/Keywords": GPS.decode()})
        said = DecodedStreamObject()
        said.set_data(b"<x:xmpmeta>" + GPS + b"</x:xmpmeta>")
        writer.root_object[NameObject("/Metadata")] = writer._add_object(said)
        writer.pages[0][NameObject("/PieceInfo")] = writer._add_object(said)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()
