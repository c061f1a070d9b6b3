"""The entries of a feed, Atom (RFC 4287) or RSS 2.0: each with a CAP document inside it, or a link to one."""

from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

from xstock_cap import bounds
from xstock_cap.cap import is_cap
from xstock_cap.words import WHITE
from xstock_cap.writing import MEDIA
from xstock_node.plugins.markup import Element

ATOM: Final = "{http://www.w3.org/2005/Atom}"
_XML: Final = frozenset({"application/xml", "text/xml"})


class Entry(NamedTuple):
    """One entry: what it calls itself, when it changed in the feed's words, its document or the link to it."""

    id: str
    updated: str
    link: str
    inside: Element | None


def is_feed(root: Element) -> bool:
    """Whether a document is Atom or RSS 2.0."""
    return root.tag in (f"{ATOM}feed", "rss")


def entries(root: Element, base: str) -> Iterator[Entry]:
    """The entries of a feed; links are relative to `base`, the address of the feed."""
    for one in root.iter(f"{ATOM}entry" if root.tag == f"{ATOM}feed" else "item"):
        id_ = _text(one, f"{ATOM}id", "guid", f"{ATOM}title", "title")
        inside = next((part for part in one.iter() if is_cap(part)), None)
        yield Entry(id_[:300], _text(one, f"{ATOM}updated", "pubDate"), _link(one, base), inside)


def _link(entry: Element, base: str) -> str:
    """The best link of an entry, empty without one: what is said to be CAP, then XML, then what it is about."""
    found: list[tuple[int, str]] = []
    for one in (*entry.iterfind(f"{ATOM}link"), *entry.iterfind("enclosure")):
        media = one.get("type", "").partition(";")[0].strip().lower()
        rel = one.get("rel", "alternate")
        rank = 0 if media == MEDIA else 1 if media in _XML else 2 if not media and rel == "alternate" else 9
        found.append((rank, one.get("href") or one.get("url") or ""))
    found.append((3, _text(entry, "link")))
    rank, link = min(((rank, link) for rank, link in found if link), default=(9, ""))
    return _absolute(base, link) if rank < 9 else ""


def _absolute(base: str, link: str) -> str:
    try:
        url = urljoin(base, link.strip(WHITE))
        return url if urlsplit(url).scheme in ("http", "https") and len(url) <= bounds.NAME else ""
    except ValueError:
        return ""


def _text(entry: Element, *names: str) -> str:
    for name in names:
        text = (entry.findtext(name) or "").strip(WHITE)
        if text:
            return text
    return ""
