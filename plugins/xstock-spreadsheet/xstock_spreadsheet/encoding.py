"""Bytes of a text file to text: strict UTF-8, then what a person named, then the likeliest old code page.

Order: a byte order mark; strict UTF-8; UTF-8 with single broken lines; encodings that a person named; detection.
A line written in another encoding than the rest is marked, never read as garbage.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.letters import CANDIDATES, likeliness

_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_SAMPLE_LINES: Final = 400
_C1: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Decoded:
    """The text of a file, the encoding's Python name, and lines (from 1) that are in another encoding."""

    text: str
    encoding: str
    broken: frozenset[int] = frozenset()


def decode(raw: bytes, hinted: tuple[str, ...] = ()) -> Decoded:
    """The text of `raw`; raises FileRefused when it is no text at all."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return _with_mark(raw, name)
    raw_16 = _unmarked_utf16(raw)
    if raw_16:
        return Decoded(raw[: len(raw) - len(raw) % 2].decode(raw_16), raw_16)
    if b"\0" in raw:
        raise _no_text("zero bytes, which no text has")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return _not_utf8(raw, hinted)
    _refuse_binary(text)
    return Decoded(text, "utf-8")


def named_codec(name: str) -> str | None:
    """Python's name of the encoding that a file says it is in; None for unknown ones and those that are no text."""
    try:
        return codecs.lookup(name).name if codecs.lookup(name)._is_text_encoding else None
    except (LookupError, ValueError):
        return None


def _with_mark(raw: bytes, name: str) -> Decoded:
    try:
        text = raw.decode(name)
    except UnicodeDecodeError:
        if name == "utf-8-sig":
            return _line_by_line(raw.removeprefix(codecs.BOM_UTF8), "utf-8", name)
        text = raw[: len(raw) - len(raw) % 2].decode(name, "replace")
        if text.count("\ufffd") > 1:
            raise _no_text("bytes that are not the UTF-16 its mark promises") from None
        text = text.replace("\ufffd", "")
    if "\0" in text:
        raise _no_text("zero characters, which no text has")
    return Decoded(text, name)


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 without a mark: of its line ends and delimiters every second byte is zero."""
    raw = raw[: len(raw) - len(raw) % 2]  # a file that ends within a letter is half written
    if len(raw) < 8:
        return None
    for name, ends in (("utf-16-le", b"\n\0"), ("utf-16-be", b"\0\n")):
        if raw.count(b"\0") * 16 > len(raw) and ends in raw:
            try:
                text = raw.decode(name)
            except UnicodeDecodeError:
                continue
            if "\n" in text and not _C1.search(text):
                return name
    return None


def _not_utf8(raw: bytes, hinted: tuple[str, ...]) -> Decoded:
    lines = _LINE_END.split(raw)
    valid, broken = _split_by_utf8(lines)
    cut_end = broken == [len(lines)] and len(lines) > 1 and _is_cut(lines[-1])
    first_valid = bool(valid) and valid[0] < broken[0]
    if broken and (len(valid) > len(broken) or (valid and (cut_end or (first_valid and len(valid) > 1)))):
        return _line_by_line(raw, "utf-8", "utf-8")
    for name in hinted:
        try:
            text = raw.decode(name)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
        return Decoded(text, codecs.lookup(name).name, frozenset(valid))
    name = _detect(lines)
    text = raw.decode(name, "replace")
    _refuse_binary(text)
    return Decoded(text, name, frozenset(valid))


def _split_by_utf8(lines: list[bytes]) -> tuple[list[int], list[int]]:
    """Numbers of the lines beyond ASCII that are valid UTF-8, and of those that are not."""
    valid, broken = [], []
    for number, line in enumerate(lines, 1):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            broken.append(number)
        else:
            valid.append(number)
    return valid, broken


def _is_cut(line: bytes) -> bool:
    """True when only the last character of the line is torn."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return wrong.end >= len(line) and wrong.reason == "unexpected end of data"
    return False


def _line_by_line(raw: bytes, codec: str, name: str) -> Decoded:
    lines = _LINE_END.split(raw)
    _, broken = _split_by_utf8(lines)
    if broken and broken[-1] == len(lines) and _is_cut(lines[-1]):
        broken.pop()  # a file that ends within a letter is half written, not in another encoding
    return Decoded(raw.decode(codec, "replace"), name, frozenset(broken))


def _detect(lines: list[bytes]) -> str:
    sample = b"\n".join([line for line in lines if not line.isascii()][:_SAMPLE_LINES] or lines[:_SAMPLE_LINES])
    head = b"\n".join(lines[:60])
    scored = [(likeliness(sample, head, name), -order, name) for order, name in enumerate(CANDIDATES)]
    best = max(scored)
    if best[0] > 0:
        return best[2]
    from charset_normalizer import from_bytes

    guess = from_bytes(sample).best()
    if guess is None:
        raise _no_text("bytes that fit no encoding of text")
    return guess.encoding


def _refuse_binary(text: str) -> None:
    sample = text[:20_000]
    if len(_C1.findall(sample)) * 20 > len(sample):
        raise _no_text("bytes that are mostly no letters")


def _no_text(came: str) -> FileRefused:
    return FileRefused("unreadable_file", "a text file (csv) or an xlsx workbook", came, "save the list again as csv")
