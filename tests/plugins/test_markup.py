"""XML and JSON of strangers: each attack is refused in under a second and 100 MB, and a secret never shows."""

import json
import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from xstock_node.plugins.markup import BadMarkup, parse_json, parse_xml
from xstock_node.protocol import limits

FULL = limits.MESSAGE
CANARY = "canary-7f3a"
SECONDS, MEMORY = 1.0, 100 * 1024


def filled(unit: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """As many units as a message may hold."""
    return before + unit * ((FULL - len(before) - len(after)) // len(unit)) + after


def laughs(levels: int = 12) -> bytes:
    """Entities that grow tenfold at each level."""
    inner = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, levels))
    return f'<!DOCTYPE r [<!ENTITY a0 "ha">{inner}]><r>&a{levels - 1};</r>'.encode()


def hidden(encoding: str) -> bytes:
    """A document type that no search for its bytes finds."""
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "{CANARY}">]><r>&a;</r>'.encode(encoding)


def with_entity(path: str) -> bytes:
    return f'<!DOCTYPE r [<!ENTITY a SYSTEM "file://{path}">]><r>&a;</r>'.encode()


Made = Callable[[], bytes]
NAMES = b"".join(b"<a p:b%x=''/>" % n for n in range(59_000))
XML: dict[str, tuple[str, Made]] = {
    "entities-that-laugh": ("doctype", lambda: laughs()),
    "one-large-entity": (
        "doctype",
        lambda: b'<!DOCTYPE r [<!ENTITY a "' + b"x" * 200_000 + b'">]><r>' + b"&a;" * 200_000,
    ),
    "external-dtd": ("doctype", lambda: b'<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><r/>'),
    "external-parameter-entity": (
        "doctype",
        lambda: b'<!DOCTYPE r [<!ENTITY % a SYSTEM "file:///etc/hostname">%a;]><r/>',
    ),
    "doctype-alone": ("doctype", lambda: b"<!DOCTYPE r><r/>"),
    "utf-16": ("doctype", lambda: hidden("utf-16")),
    "utf-16-without-mark": ("doctype", lambda: hidden("utf-16-be")),
    "utf-32": ("not-xml", lambda: hidden("utf-32")),
    "utf-7": ("not-xml", lambda: b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE r+AD4-<r/>'),
    "ebcdic": ("not-xml", lambda: '<?xml version="1.0" encoding="cp037"?><!DOCTYPE r><r/>'.encode("cp037")),
    "encoding-of-python": ("not-xml", lambda: b'<?xml version="1.0" encoding="rot13"?><r/>'),
    "undeclared-entity": ("not-xml", lambda: b"<r>&a;</r>"),
    "deep": ("too-deep", lambda: filled(b"<a>")),
    "deep-and-closed": ("too-deep", lambda: b"<a>" * 61 + b"</a>" * 61),
    "wide": ("too-many", lambda: filled(b"<a/>", b"<r>", b"</r>")),
    "many-attributes": ("too-many", lambda: b"<r " + b" ".join(b'a%x=""' % n for n in range(280_000)) + b"/>"),
    "many-names": ("too-many", lambda: b"<r>" + b"".join(b"<a%x/>" % n for n in range(59_000)) + b"</r>"),
    "long-namespace": ("too-large", lambda: b'<r xmlns:p="' + b"u" * 100_000 + b'">' + NAMES + b"</r>"),
    "long-default-namespace": (
        "too-large",
        lambda: b'<r xmlns="' + b"u" * 2_000_000 + b'">' + b"<a/>" * 59_000 + b"</r>",
    ),
    "huge": ("too-large", lambda: b"<r>" + b" " * FULL + b"</r>"),
    "gzip": ("packed", lambda: b"\x1f\x8b\x08\x00" + b"\x00" * 100),
    "zip": ("packed", lambda: b"PK\x03\x04" + b"\x00" * 100),
    "unclosed": ("not-xml", lambda: b"<r><a>"),
    "unclosed-tag": ("not-xml", lambda: filled(b"x", b"<r><")),
    "unclosed-comment": ("not-xml", lambda: filled(b"x", b"<r><!--")),
    "crossed": ("not-xml", lambda: b"<a><b></a></b>"),
    "two-roots": ("not-xml", lambda: b"<a/><b/>"),
    "nothing": ("not-xml", lambda: b""),
    "control-character": ("not-xml", lambda: b"<r>\x01</r>"),
    "json": ("not-xml", lambda: b"{}"),
}
JSON: dict[str, tuple[str, Made]] = {
    "deep": ("too-deep", lambda: b"[" * FULL),
    "deep-objects": ("too-deep", lambda: filled(b'{"":')),
    "deep-after-quotes": ("too-deep", lambda: b'["\\"[",' + b"[" * 100),
    "wide": ("too-many", lambda: filled(b"[],", b"[", b"0]")),
    "wide-objects": ("too-many", lambda: filled(b'{"":0},', b"[", b"0]")),
    "huge": ("too-large", lambda: b'"' + b"a" * FULL + b'"'),
    "long-number": ("not-json", lambda: b"1" * FULL),
    "nan": ("not-json", lambda: b"[NaN]"),
    "infinity": ("not-json", lambda: b"[-Infinity]"),
    "infinite-by-exponent": ("not-json", lambda: b"[1e999]"),
    "half-a-character": ("not-json", lambda: b'["\\ud83d"]'),
    "utf-16": ("not-json", lambda: "[1]".encode("utf-16")),
    "latin-1": ("not-json", lambda: '["é"]'.encode("latin-1")),
    "gzip": ("packed", lambda: b"\x1f\x8b\x08\x00"),
    "unclosed": ("not-json", lambda: b'{"a": [1'),
    "unclosed-text": ("not-json", lambda: b'"' + b'\\"' * 1_500_000 + b"\\"),
    "open-quotes": ("not-json", lambda: filled(b'"a",', b"[", b'"')),
    "two-values": ("not-json", lambda: b"1 2"),
    "nothing": ("not-json", lambda: b""),
    "xml": ("not-json", lambda: b"<r/>"),
}
HEAVY_BUT_READ: dict[str, Made] = {
    "xml-wide": lambda: b"<r>" + b"<a/>" * 59_000 + b"</r>",
    "xml-namespaces": lambda: b"<r>" + b"".join(b'<p:a xmlns:p="urn:%d"/>' % n for n in range(59_000)) + b"</r>",
    "xml-lines": lambda: filled(b"\n", b"<r>", b"</r>"),
    "xml-attribute": lambda: filled(b"x", b'<r a="', b'"/>'),
    "json-numbers": lambda: filled(b"1.5,", b"[", b"0]"),
    "json-texts": lambda: filled(b'"ab",', b"[", b"0]"),
    "json-keys": lambda: b"{" + b",".join(b'"%x":0' % n for n in range(280_000)) + b"}",
    "json-escapes": lambda: filled(b"\\n", b'"', b'"'),
}


@pytest.mark.parametrize("name", XML)
def test_xml_that_may_not_be_read_is_refused_by_its_word(name: str) -> None:
    word, raw = XML[name]
    with pytest.raises(BadMarkup) as raised:
        parse_xml(raw())
    assert raised.value.word == word
    assert (
        str(raised.value).startswith("expected ") and CANARY not in str(raised.value) and len(str(raised.value)) < 500
    )


@pytest.mark.parametrize("name", JSON)
def test_json_that_may_not_be_read_is_refused_by_its_word(name: str) -> None:
    word, raw = JSON[name]
    with pytest.raises(BadMarkup) as raised:
        parse_json(raw())
    assert raised.value.word == word and len(str(raised.value)) < 500


def test_a_file_that_an_entity_names_never_shows(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text(CANARY, "utf-8")
    for raw in (with_entity(str(canary)), with_entity(str(canary)).decode().encode("utf-16")):
        with pytest.raises(BadMarkup) as raised:
            parse_xml(raw)
        assert CANARY not in str(raised.value) and raised.value.word == "doctype"
    inclusion = f'<r xmlns:x="http://www.w3.org/2001/XInclude"><x:include href="{canary}" parse="text"/></r>'
    assert CANARY not in "".join(parse_xml(inclusion.encode()).itertext())


@pytest.mark.heavy
@pytest.mark.parametrize("name", [*(f"xml {one}" for one in XML), *(f"json {one}" for one in JSON), *HEAVY_BUT_READ])
def test_each_costs_less_than_a_second_and_100_mb(name: str, tmp_path: Path) -> None:
    """Each in a process of its own, which says how much more memory and processor it had at its peak."""
    kind, _, attack = name.partition(" ")
    raw = {"xml": XML, "json": JSON}[kind][attack][1]() if attack else HEAVY_BUT_READ[name]()
    seconds, memory, read = measured(tmp_path, raw, "parse_json" if name.startswith("json") else "parse_xml")
    assert seconds < SECONDS and memory < MEMORY and read == (not attack)


def measured(folder: Path, raw: bytes, reader: str) -> tuple[float, int, bool]:
    """Seconds of processor and KB of memory that reading takes, and whether it was read.

    The peak is that of `/proc`: the one of `getrusage` is taken over from the process that started this one.
    """
    path = folder / "raw"
    path.write_bytes(raw)
    code = f"""
        import json, sys, time
        from pathlib import Path
        from xstock_node.plugins.markup import BadMarkup, {reader}
        with open(sys.argv[1], "rb") as file:
            raw = file.read()
        peak = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
        before, began = peak(), time.process_time()
        try:
            {reader}(raw)
            read = True
        except BadMarkup:
            read = False
        print(json.dumps([time.process_time() - began, peak() - before, read]))
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(path)],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31)),
    )
    seconds, memory, read = json.loads(run.stdout)
    return float(seconds), int(memory), bool(read)


def test_what_is_in_order_is_read() -> None:
    root = parse_xml('<?xml version="1.0" encoding="iso-8859-5"?><r a="1"><b>Привет</b></r>'.encode("iso-8859-5"))
    assert root.findtext("b") == "Привет" and root.get("a") == "1"
    assert parse_xml("\ufeff<r>қазақ</r>".encode()).text == "қазақ"
    assert parse_xml('<?xml version="1.0" encoding="utf-16"?><r>ș</r>'.encode("utf-16")).text == "ș"
    assert parse_xml(b"<r><![CDATA[<!DOCTYPE html>]]></r>").text == "<!DOCTYPE html>"
    assert parse_xml(b"<r>" + b"<a>" * 59 + b"</a>" * 59 + b"</r>") is not None


@pytest.mark.parametrize("value", [{"a": [1, -2.5, None, True, 'қ ș ı 😀 [{\\"']}, [], 0, "]}", {"": {}}])
def test_json_in_order_is_read(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value
    assert parse_json(json.dumps(value, ensure_ascii=False).encode("utf-8-sig")) == value
