"""A bundle drawn as QR codes: another reader reads each code of the page, and together they are the bundle."""

import builtins
import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zxingcpp

from tests.processes import xstock
from xstock_node.cli.code_sheet import BORDER, SCALE, draw
from xstock_node.protocol import codes
from xstock_node.services import bundling
from xstock_node.services.errors import Refusal

SVG = re.compile(r'<svg width="(\d+)" height="(\d+)"[^>]*><path [^>]*d="([^"]+)"')
STROKE = re.compile(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?")


def read(page: bytes) -> list[str]:
    """The texts of all codes of a page, from its drawings."""
    found = []
    for width, height, path in SVG.findall(page.decode()):
        assert width == height
        (barcode,) = zxingcpp.read_barcodes(raster(int(width) // SCALE, path))
        found.append(barcode.text)
    return found


def raster(side: int, path: str) -> memoryview:
    """A drawing of strokes as grey values, `SCALE` dots a module."""
    size = side * SCALE
    dots = bytearray(b"\xff" * size * size)
    x = y = 0.0
    for verb, first, second in STROKE.findall(path):
        if verb == "h":
            for row in range(int(y) * SCALE, int(y + 1) * SCALE):
                start, end = row * size + int(x) * SCALE, row * size + int(x + float(first)) * SCALE
                dots[start:end] = bytes(end - start)
            x += float(first)
        else:
            x, y = (float(first), float(second)) if verb == "M" else (x + float(first), y + float(second))
    return memoryview(dots).cast("B", shape=[size, size])


def test_every_code_of_a_page_is_read_back() -> None:
    data = Random(1).randbytes(5_000)
    texts = codes.split(data)
    page = draw(texts, "a <bundle>")
    assert read(page) == texts and len(texts) > 3
    assert codes.join(reversed(read(page))) == data
    assert b"<bundle>" not in page and b"XS1Q 1/5" in page and BORDER == 4


def test_a_bundle_is_exported_as_a_page(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "codes.html"
    assert xstock("init", "--name", "redcross.example.org", home=home).returncode == 0
    run = xstock("bundle", "export", "--codes", "--out", str(out), "--json", home=home)
    written = json.loads(run.stdout)
    content = codes.join(read(out.read_bytes()))
    assert bundling.digest(content) == written["digest"] and b"redcross.example.org" in content


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *given: Any, **named: Any) -> Any:
        if name == "segno":
            raise ImportError(name)
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(Refusal) as refused:
        draw(["XS1Q 1/1 abc eHg="], "a bundle")
    assert refused.value.code == "no-segno" and "pip install" in refused.value.do
