"""PNG and JPEG lose all that tells who, where and when, keep every pixel, and nothing else passes for one."""

import gc
import struct
import tempfile
import time
import zlib
from pathlib import Path

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attached import GPS, WHO, chunk, exif, jpeg, large_png, pdf, png, segment, telling_jpeg, telling_png
from xstock_node.domain.attachments import jpeg as jpegs
from xstock_node.domain.attachments import png as pngs
from xstock_node.domain.attachments.cleaning import clean
from xstock_node.domain.attachments.media import Media
from xstock_node.domain.fields import FieldError
from xstock_node.protocol import limits

PICTURES = [telling_png(), png(), telling_jpeg(), telling_jpeg(1), jpeg()]


def opens(data: bytes, suffix: str) -> bool:
    """Whether a program that knows nothing of ours draws the picture."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"a{suffix}").write_bytes(data)
        (Path(folder) / "page.typ").write_text(f'#image("a{suffix}")', "utf-8")
        return typst.compile(str(Path(folder) / "page.typ")).startswith(b"%PDF")


@pytest.mark.parametrize(("data", "suffix"), [(telling_png(), ".png"), (telling_jpeg(), ".jpg")])
def test_a_clean_picture_opens_and_tells_nothing(data: bytes, suffix: str) -> None:
    assert GPS in data and WHO in data
    cleaned = clean(data).data
    assert GPS not in cleaned and WHO not in cleaned and len(cleaned) < len(data)
    assert opens(data, suffix) and opens(cleaned, suffix)


def test_a_png_keeps_its_pixels_and_what_changes_their_look() -> None:
    kinds = [c.kind for c in pngs._chunks(clean(telling_png()).data)]
    assert kinds == [b"IHDR", b"gAMA", b"IDAT", b"IEND"]
    pixels = [c.data for c in pngs._chunks(telling_png()) if c.kind == b"IDAT"]
    assert pixels[0] in clean(telling_png()).data


def test_a_jpeg_keeps_tables_and_scans_byte_for_byte_and_of_exif_the_way_up() -> None:
    cleaned = clean(telling_jpeg(6)).data
    plain = [s for s in jpegs._segments(jpeg()) if not 0xE0 <= s.marker <= 0xEF]
    kept = jpegs._segments(cleaned)
    assert [s for s in kept if not 0xE0 <= s.marker <= 0xEF] == plain
    assert [s.marker for s in kept if 0xE0 <= s.marker <= 0xEF] == [0xE0, 0xE1]
    assert next(s for s in kept if s.marker == 0xE0).data == b"JFIF\0\1\1\0\0\1\0\1\0\0"  # without its small picture
    assert jpegs._orientation(next(s for s in kept if s.marker == 0xE1).data[6:]) == 6
    assert cleaned.endswith(b"\xff\xd9") and cleaned.count(b"\xff\xd8") == 1


@pytest.mark.parametrize("orientation", [0, 1, 9, 65535])
def test_an_orientation_that_says_nothing_leaves_no_exif(orientation: int) -> None:
    assert b"Exif" not in clean(telling_jpeg(orientation)).data


def test_adobe_s_segment_stays_because_colours_hang_on_it() -> None:
    data = jpeg(extra=segment(0xEE, b"Adobe\0\x64\0\0\0\0\1" + WHO))
    cleaned = clean(data).data
    assert b"Adobe\0\x64\0\0\0\0\1" in cleaned and WHO not in cleaned


@pytest.mark.parametrize("data", PICTURES)
def test_cleaning_twice_changes_nothing_more(data: bytes) -> None:
    once = clean(data)
    assert clean(once.data) == once


@pytest.mark.parametrize("lacing", [0, 1])
@pytest.mark.parametrize(("depth", "colour", "channels"), [(1, 0, 1), (8, 2, 3), (16, 6, 4), (4, 3, 1)])
def test_every_form_of_pixels_is_counted_as_the_standard_says(
    lacing: int, depth: int, colour: int, channels: int
) -> None:
    width, height = 5, 7
    grids = [(0, 0, 1, 1)] if not lacing else list(pngs.ADAM7)
    size = 0
    for left, top, across, down in grids:
        columns, rows = len(range(left, width, across)), len(range(top, height, down))
        size += rows * (1 + (columns * depth * channels + 7) // 8) if columns else 0
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, lacing))
    palette = chunk(b"PLTE", bytes(48)) if colour == 3 else b""
    data = pngs.SIGNATURE + head + palette + chunk(b"IDAT", zlib.compress(bytes(size))) + chunk(b"IEND", b"")
    assert clean(data).media is Media.PNG
    more = data.replace(chunk(b"IDAT", zlib.compress(bytes(size))), chunk(b"IDAT", zlib.compress(bytes(size + 1))))
    with pytest.raises(FieldError):
        clean(more)


def header(width: int, height: int) -> bytes:
    return pngs.SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))


def pixels(raw: bytes, after: bytes = b"") -> bytes:
    return chunk(b"IDAT", zlib.compress(raw, 9) + after) + chunk(b"IEND", b"")


BAD = {
    "empty": b"",
    "text": b"a photo of two torn tents",
    "gif": b"GIF89a" + bytes(100),
    "svg with script": b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
    "html before a jpeg": b"<html>" + jpeg(),
    "zip": b"PK\3\4" + bytes(100),
    "png cut": telling_png()[:-40],
    "png header alone": header(3, 2),
    "png without pixels": header(3, 2) + chunk(b"IEND", b""),
    "png with a changed chunk": png().replace(b"gAMA\0", b"gAMA\1"),
    "png with an unknown critical chunk": png(extra=chunk(b"ABCD", b"")),
    "png with a file behind its pixels": header(1, 1) + pixels(bytes(2), after=b"PK\3\4"),
    "png with two headers": png(extra=header(3, 2)[8:]),
    "png of other pixels": header(1, 1) + pixels(bytes(1000)),
    "png of pixels that are noise": header(1, 1) + chunk(b"IDAT", b"\x78\x9cnoise") + chunk(b"IEND", b""),
    "png of no size": header(0, 1) + pixels(b""),
    "jpeg cut": telling_jpeg()[:-200],
    "jpeg without a scan": jpeg(scan=b""),
    "jpeg of two pictures": jpeg(extra=jpeg()[2:-2]),
    "jpeg with something in a table": jpeg(extra=segment(0xDB, b"\0" + b"\1" * 64 + b"PK\3\4")),
    "jpeg with an odd segment": jpeg(extra=segment(0xF7, b"PK\3\4")),
    "jpeg of no size": jpeg(width=0),
    "jpeg that is a marker": b"\xff\xd8\xff",
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_whole_picture_is_refused_by_content_alone(name: str) -> None:
    with pytest.raises(FieldError) as refused:
        clean(BAD[name])
    assert refused.value.expected and refused.value.came and "PK" not in str(refused.value)


def test_what_follows_the_end_goes_so_that_no_file_is_two_things() -> None:
    for data in (
        png(after=b"PK\3\4 an archive"),
        jpeg(after=b"<script>1</script>"),
        jpeg(segment(0xFE, b"<?php 1 ?>")),
    ):
        assert not any(word in clean(data).data for word in (b"PK\3\4", b"<script", b"<?php"))


# Bombs: large by what they say, large by what they become, and slow ones.
BOMBS = {
    "pixels that a header promises": header(60_000, 60_000) + pixels(bytes(10)),
    "pixels that inflate": header(10_000, 10_000) + pixels(bytes(140_000_000)),
    "a jpeg of four thousand million pixels": jpeg(width=65_535, height=65_535),
    "chunks without end": header(3, 2) + chunk(b"abCd", b"") * 400_000,
    "segments without end": b"\xff\xd8" + segment(0xFE, b"") * 1_200_000,
    "fill without end": b"\xff\xd8" + b"\xff" * 5_000_000,
    "scans without end": jpeg(extra=segment(0xDA, b"\1\1\0\0\x3f\0") * 10_000),
    "an exif block that turns round": jpeg(extra=segment(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff")),
    "more than 5 MiB": large_png(limits.BLOB + limits.KIB),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_no_second(name: str) -> None:
    gc.freeze()  # what other tests left in this process is not walked again for the bomb's many small objects
    began = time.process_time()
    try:
        assert len(clean(BOMBS[name]).data) < len(BOMBS[name])
    except FieldError:
        pass
    finally:
        took = time.process_time() - began
        gc.unfreeze()
    assert took < 1.0


def test_the_largest_photo_is_taken() -> None:
    data = large_png(limits.BLOB - 2 * limits.KIB)
    assert clean(data).data == data


@settings(max_examples=400)
@given(st.sampled_from(PICTURES), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=8), st.data())
def test_changed_bytes_give_a_clean_picture_or_the_refusal(
    data: bytes, changes: list[tuple[int, int]], more: st.DataObject
) -> None:
    changed = bytearray(data)
    for place, value in changes:
        changed[place % len(changed)] = value
    cut = more.draw(st.integers(0, len(changed)))
    bytes_ = bytes(changed[:cut]) + more.draw(st.binary(max_size=20)) + bytes(changed[cut:])
    try:
        cleaned = clean(bytes_)
    except FieldError:
        return
    assert clean(cleaned.data) == cleaned and len(cleaned.data) <= len(bytes_) + 40


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8\xff", pngs.SIGNATURE]))
def test_any_bytes_give_the_refusal(data: bytes, first: bytes) -> None:
    with pytest.raises(FieldError):
        clean(first + data)


@given(st.binary(max_size=80))
def test_any_exif_block_gives_an_orientation_or_none(data: bytes) -> None:
    for order in (b"II*\0", b"MM\0*"):
        assert jpegs._orientation(order + data) in {0, *range(2, 9)}
    assert jpegs._orientation(exif(8)) == 8


def test_the_type_is_that_of_the_content() -> None:
    assert [clean(data).media for data in (png(), jpeg(), pdf())] == [Media.PNG, Media.JPEG, Media.PDF]
