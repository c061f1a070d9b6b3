"""Documents that may be read and are as large as they may be: each reader keeps to a second and 100 MB.

What markup refuses is tried where markup is; here is what gets through it.
"""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from xstock_node.plugins.interchange import limits

FULL = limits.MESSAGE
HEAD = (
    b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>a</identifier><sender>s</sender>'
    b"<sent>2027-03-01T05:20:00+02:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
)
BLOCK = HEAD + b"<info><category>Met</category><event>Flood</event>"
INFO = BLOCK + b"<area><areaDesc>Town</areaDesc>"
AREA, END = b"</area></info></alert>", b"</alert>"


def filled(before: bytes, unit: bytes, after: bytes) -> bytes:
    return before + unit * ((FULL - len(before) - len(after)) // len(unit)) + after


def many(before: bytes, unit: bytes, after: bytes, elements: int = 1) -> bytes:
    """As many units as the limit of elements allows."""
    return before + unit * (59_900 // elements) + after


def json_of(unit: str, count: int) -> bytes:
    return b'{"warnings": [' + ",".join([unit] * count).encode() + b"]}"


HEAVY: dict[str, tuple[str, Callable[[], bytes]]] = {
    "blocks-of-nothing": ("cap", lambda: many(HEAD, b"<info/>", END)),
    "codes": ("cap", lambda: many(HEAD, b"<code>abc</code>", END)),
    "unknown-elements": ("cap", lambda: many(HEAD, b"<x/>", END)),
    "unknown-categories": ("cap", lambda: many(HEAD + b"<info>", b"<category>x</category>", b"</info>" + END)),
    "areas": ("cap", lambda: many(HEAD + b"<info>", b"<area/>", b"</info>" + END)),
    "geocodes": ("cap", lambda: many(INFO, b"<geocode><value>1</value></geocode>", AREA, 2)),
    "polygon-of-a-million-points": ("cap", lambda: filled(INFO + b"<polygon>", b"1,2 ", b"</polygon>" + AREA)),
    "polygons": ("cap", lambda: filled(INFO, b"<polygon>" + b"1,2 " * 1000 + b"</polygon>", AREA)),
    "polygons-of-four": ("cap", lambda: many(INFO, b"<polygon>1,2 1,3 2,3 1,2</polygon>", AREA)),
    "references": ("cap", lambda: filled(HEAD + b"<references>", b"a,b,c ", b"</references>" + END)),
    "no-references": ("cap", lambda: filled(HEAD + b"<references>", b"a ", b"</references>" + END)),
    "quotes": ("cap", lambda: filled(HEAD + b"<incidents>", b'" "', b"</incidents>" + END)),
    "open-quotes": ("cap", lambda: filled(HEAD + b"<incidents>", b'"" ', b'"</incidents>' + END)),
    "text": ("cap", lambda: filled(BLOCK + b"<web>", b"h", b"</web></info></alert>")),
    "items": ("gdacs", lambda: many(b"<rss>", b"<item/>", b"</rss>")),
    "items-in-items": ("gdacs", lambda: many(b"<rss>", b"<item>" * 55 + b"</item>" * 55, b"</rss>", 55)),
    "countries": (
        "gdacs",
        lambda: filled(b'<rss xmlns:g="http://www.gdacs.org"><item><g:country>', b"x,", b"</g:country></item></rss>"),
    ),
    "warnings-of-nothing": ("meteoalarm", lambda: json_of('{"alert": {}}', 29_000)),
    "areas-in-blocks": (
        "cap",
        lambda: many(HEAD, b"<info>" + b"<area/>" * 4000 + b"</info>", END, 4001),
    ),
    "areas-of-warnings": ("meteoalarm", lambda: json_of(ALERT + '"info": [{"area": [' + "{}," * 900 + "{}]}]}}", 60)),
    "warnings-of-numbers": ("meteoalarm", lambda: b'{"warnings": [' + b"0," * 1_500_000 + b"0]}"),
    "values": ("meteoalarm", lambda: b'{"warnings": [{"alert": {"code": [' + b"0," * 1_500_000 + b"0]}}]}"),
}  # fmt: skip
ALERT = (
    '{"alert": {"identifier": "a", "sender": "s", "sent": "2027-03-01T05:20:00+02:00", "status": "Actual",'
    '"msgType": "Alert", "scope": "Public", '
)
READERS = {
    "cap": "from xstock_cap.cap import read",
    "gdacs": "from xstock_cap.gdacs import read",
    "meteoalarm": """
        from xstock_cap.harvest import Harvest
        from xstock_cap.meteoalarm import read_json
        def read(raw):
            harvest = Harvest()
            read_json(raw, "RO", harvest)
            return harvest.reading()
    """,
}


@pytest.mark.heavy
@pytest.mark.parametrize("name", HEAVY)
def test_each_costs_less_than_a_second_and_100_mb_and_fits_what_the_node_takes(name: str, tmp_path: Path) -> None:
    reader, made = HEAVY[name]
    path = tmp_path / "raw"
    path.write_bytes(made())
    assert path.stat().st_size <= FULL
    code = f"""
import json, sys, time
from pathlib import Path
import msgspec
from xstock_node.plugins.calls import pack
from xstock_node.plugins.interchange import Reading
from xstock_node.plugins.markup import BadMarkup
{textwrap.dedent(READERS[reader])}
raw = Path(sys.argv[1]).read_bytes()
peak = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
before, began = peak(), time.process_time()
try:
    found = read(raw)
except BadMarkup as error:
    found = Reading(error=error.word)
spent = time.process_time() - began, peak() - before
pack(found, Reading)
print(json.dumps([*spent, found.error, len(found.skipped) + len(found.flags)]))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    seconds, memory, error, told = json.loads(run.stdout)
    assert seconds < 1 and memory < 100 * 1024
    assert error or told or name == "open-quotes"
