"""The zip package of a workbook, opened with limits: nothing is unpacked beyond them, no DOCTYPE is parsed."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Final
from xml.parsers import expat

from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.limits import MAX_PART_BYTES, MAX_PARTS, MAX_RATIO, MAX_TOTAL_BYTES, RATIO_FROM

# What zipfile, zlib and expat raise for damaged bytes; a ValueError is zipfile seeking to nowhere.
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, expat.ExpatError, struct.error,
    EOFError, OSError, NotImplementedError, RuntimeError, ValueError, KeyError,
)  # fmt: skip
Start = Callable[[str, dict[str, str]], None]
Text = Callable[[str], None]


class Package:
    """The parts of a workbook's zip, by name; raises FileRefused for whatever is not a sound workbook."""

    def __init__(self, raw: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except _BROKEN as wrong:
            raise unsound("a broken zip file") from wrong
        parts = self._zip.infolist()
        if len(parts) > MAX_PARTS:
            raise too_large(f"{len(parts)} parts")
        if any(part.flag_bits & 1 for part in parts):
            raise encrypted()
        unpacked = sum(part.file_size for part in parts)
        if unpacked > MAX_TOTAL_BYTES or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * max(len(raw), 1)):
            raise too_large(f"{unpacked} bytes when unpacked")
        self.names = {part.filename.lstrip("/"): part for part in parts}

    def parse(self, name: str, start: Start, end: Callable[[str], None], text: Text) -> bool:
        """Send the events of one xml part to the three handlers, names without namespace; False when it is missing."""
        part = self.names.get(name)
        if part is None:
            return False
        if part.file_size > MAX_PART_BYTES:
            raise too_large(f"a part of {part.file_size} bytes")
        try:
            with self._zip.open(part) as stream:
                parse_stream(stream, name.rsplit("/", 1)[-1], start, end, text)
        except _BROKEN as wrong:
            raise unsound(f"a damaged part ({name.rsplit('/', 1)[-1]})") from wrong
        return True

    def start_of(self, name: str, most: int = 200) -> bytes:
        """The first bytes of a part; none where it is missing or broken."""
        part = self.names.get(name)
        try:
            with self._zip.open(part) if part else io.BytesIO() as stream:
                return stream.read(most)
        except _BROKEN:
            return b""


def parse_stream(stream: IO[bytes], what: str, start: Start, end: Callable[[str], None], text: Text) -> None:
    """Send the events of an xml document to the three handlers, names without namespace; raises FileRefused."""
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda tag, attributes: start(_local(tag), attributes)
    parser.EndElementHandler = lambda tag: end(_local(tag))
    parser.CharacterDataHandler = text
    left = MAX_PART_BYTES
    try:
        while chunk := stream.read(1 << 18):
            left -= len(chunk)
            if left < 0:
                raise too_large("a part larger than it says")
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except _BROKEN as wrong:
        raise unsound(f"a damaged part ({what})") from wrong


_NAMES: dict[str, str] = {}


def _local(tag: str) -> str:
    found = _NAMES.get(tag)
    if found is None:
        found = tag.rpartition(":")[2]
        if len(_NAMES) < 1000:
            _NAMES[tag] = found
    return found


def _refuse_doctype(*_: object) -> None:
    raise unsound("xml with a DOCTYPE, which no workbook has")


def unsound(came: str) -> FileRefused:
    """The refusal of something that is no readable workbook."""
    return FileRefused(
        "unreadable_file", "a whole workbook", came, "open it in a spreadsheet program and save it again"
    )


def too_large(came: str) -> FileRefused:
    """The refusal of a workbook beyond the limits."""
    return FileRefused("too_large", "a workbook within the limits", came, "split the list or remove what is no stock")


def encrypted() -> FileRefused:
    """The refusal of a workbook that only a password opens."""
    return FileRefused("encrypted_file", "a workbook without password", "one that needs a password", "save it without")
