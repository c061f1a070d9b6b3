"""Invented feeds, and servers that give them."""

from pathlib import Path
from typing import Any

from xstock_node.testing.recorded import RecordedAnswer

SAMPLES = Path(__file__).parent / "samples"
UTC = " GMT"


def cap(name: str = "alert") -> str:
    """A sample as text, without its XML declaration."""
    return (SAMPLES / f"{name}.xml").read_text("utf-8").partition("?>")[2]


def atom(*entries: str) -> str:
    """An Atom feed of these entries."""
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><id>f</id>{"".join(entries)}</feed>'


def linked(link: str, updated: str = "2027-03-01T05:20:00+02:00") -> str:
    """An entry that links to a CAP document."""
    return (
        f"<entry><id>{link}</id><title>Flood</title><updated>{updated}</updated>"
        f'<link rel="related" type="text/html" href="/page.html"/>'
        f'<link type="application/cap+xml" href="{link}"/></entry>'
    )


def holding(document: str) -> str:
    """An entry with a CAP document inside."""
    return f'<entry><id>inside</id><content type="application/cap+xml">{document}</content></entry>'


def item(**changed: str) -> str:
    """An item of GDACS; a field of None is left out."""
    fields: dict[str, Any] = {
        "datemodified": f"Mon, 01 Mar 2027 06:00:00{UTC}",
        "fromdate": f"Sun, 28 Feb 2027 00:00:00{UTC}",
        "version": "1",
        "eventtype": "FL",
        "alertlevel": "Green",
        "eventid": "1103000",
        "episodeid": "1",
        "iso3": "ROU",
        "country": "Romania",
        "bbox": "27.0 29.0 44.0 46.0",
    }
    inside = "".join(f"<gdacs:{name}>{text}</gdacs:{name}>" for name, text in (fields | changed).items() if text)
    return (
        "<item><title>Flood in Romania</title><description>The Danube rises.</description>"
        f"<link>https://www.gdacs.example/report</link><pubDate>Sun, 28 Feb 2027 00:00:00{UTC}</pubDate>"
        f"<guid>{changed.get('guid', 'FL1103000')}</guid>{inside}</item>"
    )


def gdacs(*items: str) -> str:
    """A feed of GDACS."""
    return f'<rss version="2.0" xmlns:gdacs="http://www.gdacs.org"><channel>{"".join(items)}</channel></rss>'


def answer(path: str, body: str = "", status: int = 200, **headers: str) -> RecordedAnswer:
    """An answer; `retry_after="60"` is the header Retry-After."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return RecordedAnswer(path=path, body=body, status=status, headers=named)
