"""The warnings of the area as an Atom feed (RFC 4287), for the pages of towns and for readers of feeds.

It says what the public page says, in the language that is asked for, and nothing of stock or members.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final
from xml.etree import ElementTree

import msgspec
from msgspec import Meta

from xstock_network.wording import Words, choose, languages
from xstock_node.plugins import Context, PublicAnswer, PublicRequest
from xstock_node.plugins.members import PublicAsk, PublicFigures, WarningTold

ATOM: Final = "http://www.w3.org/2005/Atom"
MEDIA: Final = "application/atom+xml"
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no document of XML 1.0 may hold."""


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The feed's title, and the language of who asks for none."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    language: Annotated[str, Meta(max_length=35)] = "en"


class Feed:
    """The route `warnings`; `?lang=ro` chooses the language."""

    name = "network-warnings"
    settings = FeedSettings

    async def answer(self, context: Context, request: PublicRequest) -> PublicAnswer:
        """The feed now; an empty one where no warning is in force."""
        settings: FeedSettings = context.settings
        asked = [one for one in languages() if one == request.query.get("lang", "")]
        wanted = (*asked, settings.language)
        figures = await context.members.public(PublicAsk(languages=wanted))
        body = feed(settings.title, wanted[0], figures, context.now())
        return PublicAnswer(content_type=MEDIA, body=body)


def feed(title: str, language: str, figures: PublicFigures, now: int) -> bytes:
    """The document; `now` is when it was made, where it has no entry."""
    words = Words(choose((language,)))
    root = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": language})
    _add(root, "id", f"urn:xstock:warnings:{figures.network}:{figures.country}:{language}")
    _add(root, "title", f"{words('exercise')} {title}" if figures.exercise else title)
    _add(root, "updated", _time(max((one.sent for one in figures.warnings), default=now)))
    _add(ElementTree.SubElement(root, "author"), "name", figures.organisation)
    for one in figures.warnings:
        _entry(root, one, words)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, "unicode").encode() + b"\n"


def _entry(root: ElementTree.Element, one: WarningTold, words: Words) -> None:
    entry = ElementTree.SubElement(root, "entry", {"xml:lang": one.language} if one.language else {})
    marks = [words(name) for name, holds in (("fallback", one.fallback), ("unsure", one.unsure)) if holds]
    _add(entry, "id", f"urn:xstock:warning:{one.id}")
    _add(entry, "title", one.headline or one.event)
    _add(entry, "updated", _time(one.sent))
    _add(ElementTree.SubElement(entry, "author"), "name", one.source or words("unknown"))
    until = f"{words('until')}: {datetime.fromtimestamp(one.ends, UTC):%Y-%m-%d %H:%M} UTC"
    said: Sequence[str] = (one.event, "; ".join(one.areas), until, one.instruction, *marks)
    _add(entry, "summary", "\n".join(text for text in said if text))
    ElementTree.SubElement(entry, "category", {"term": one.level or "unknown"})


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _NO_XML.sub("", text)


def _time(unix: int) -> str:
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%dT%H:%M:%SZ}"
