"""The feed `gdacs`: RSS of the Global Disaster Alert and Coordination System, each item one warning.

Its alert level is a colour and no severity of CAP. An event is revised by episodes: all of them have one thread.
"""

import tomllib
from functools import partial
from typing import Final, NamedTuple

import msgspec

from xstock_cap import bounds, countries, rules
from xstock_cap.countries import DATA
from xstock_cap.harvest import Harvest
from xstock_cap.notes import Notes, Refused, within_limits
from xstock_cap.polling import Url, checked_url, fetch
from xstock_cap.shapes import Misshapen, box, read_circle
from xstock_cap.times import read_mail_time
from xstock_cap.words import WHITE
from xstock_node.plugins import Context
from xstock_node.plugins.interchange import Alert, Area, Block, Coded, Reading
from xstock_node.plugins.markup import BadMarkup, Element, parse_xml

SENDER: Final = "gdacs.org"
NAMES: Final = "Global Disaster Alert and Coordination System"
_SPACE: Final = "{http://www.gdacs.org}"
_POINT: Final = "{http://www.georss.org/georss}point"


class Kind(msgspec.Struct, frozen=True):
    """A kind of event, as `data/gdacs.toml` has it."""

    event: str
    category: str
    counted: bool


KINDS: Final = msgspec.convert(tomllib.loads((DATA / "gdacs.toml").read_text("utf-8")), dict[str, Kind])


class GdacsSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`plugins/gdacs.toml`; it may be empty."""

    url: Url = "https://www.gdacs.org/xml/rss.xml"

    def __post_init__(self) -> None:
        checked_url(self.url)


class Gdacs:
    """The alert source `gdacs`."""

    name = "gdacs"
    title = "GDACS"
    settings = GdacsSettings

    async def poll(self, context: Context) -> Reading:
        """All items of the feed; nothing where it did not change. Raises `Unauthorised` and `Unavailable`."""
        fetched = await fetch(context, self.name, context.settings.url)
        if fetched is None:
            return Reading()
        try:
            found = read(fetched.body)
        except BadMarkup as error:
            return Reading(error=error.word, error_text=str(error))
        await context.store.write(fetched.kept)
        return found


def read(raw: bytes) -> Reading:
    """The warnings of a feed; an item that lacks what it needs is skipped. Raises `BadMarkup` for what is no feed."""
    root = parse_xml(raw)
    if root.tag != "rss":
        raise BadMarkup("not-feed", "RSS of GDACS", f"<{root.tag[:60]}>")
    harvest = Harvest()
    items = list(root.iter("item"))
    if len(items) > bounds.MANY:
        raise BadMarkup("too-many", f"at most {bounds.MANY} items", str(len(items)))
    for item in items:
        about = _text(item, "guid") or _text(item, "title") or "an item without a name"
        harvest.add(partial(_alert, item), about[:300])
    return harvest.reading()


class _Event(NamedTuple):
    """What names an item: type, event, episode, its version, and the colour. Each of them may bring a new alert."""

    type: str
    id: str
    episode: str
    version: str
    level: str

    @property
    def thread(self) -> str:
        return f"gdacs:{self.type}{self.id}"

    @property
    def identifier(self) -> str:
        return f"{self.thread}/{self.episode}.{self.version}-{self.level.lower()}"


def _alert(item: Element, notes: Notes) -> Alert:
    event = _event(item)
    sent = read_mail_time(_of(item, "datemodified")) or read_mail_time(_text(item, "pubDate"))
    if not sent:
        raise Refused("no-time", f"expected pubDate with its zone; came {_text(item, 'pubDate')[:60]!r}")
    kind = KINDS.get(event.type)
    counted = kind is not None and kind.counted and event.episode.isdigit() and int(event.episode) > 1
    codes = _countries(item, notes)
    glide = _of(item, "glide")
    alert = Alert(
        identifier=event.identifier,
        sender=SENDER,
        sent=sent,
        status="Actual",
        kind="Update" if counted else "Alert",
        source=NAMES,
        incidents=(glide,) if glide else (),
        thread=event.thread,
        countries=codes,
        blocks=(_block(item, event, codes, notes),),
    )
    return within_limits(alert)


def _event(item: Element) -> _Event:
    found = _Event(
        type=_of(item, "eventtype"),
        id=_of(item, "eventid"),
        episode=_of(item, "episodeid"),
        version=_of(item, "version") or "0",
        level=_of(item, "alertlevel"),
    )
    for name, text in zip(("eventtype", "eventid", "episodeid", "version", "alertlevel"), found, strict=True):
        if not text or rules.UNREFERABLE.search(text):
            raise Refused("missing" if not text else "unreadable", f"expected {name} as one word; came {text[:60]!r}")
    return found


def _block(item: Element, event: _Event, codes: tuple[str, ...], notes: Notes) -> Block:
    kind, level = KINDS.get(event.type), event.level.lower()
    if kind is None:
        notes.flag(f"unknown-code: eventtype {event.type}")
    unread: tuple[Coded, ...] = ()
    if level not in rules.LEVELS:
        notes.flag(f"unknown-code: alertlevel {event.level}")
        unread = (Coded(scheme=f"{rules.UNREAD}alertlevel", value=event.level),)
        level = ""
    return Block(
        event=kind.event if kind else event.type,
        language="en",
        categories=(kind.category,) if kind else (),
        level=level,  # type: ignore[arg-type]
        codes=(Coded(scheme="gdacs:eventtype", value=event.type),),
        parameters=(*_parameters(item), *unread),
        onset=read_mail_time(_of(item, "fromdate")),
        sender_name=NAMES,
        headline=_short(_text(item, "title"), bounds.NAME, notes),
        description=_short(_text(item, "description"), bounds.PROSE, notes),
        web=_short(_text(item, "link"), bounds.NAME, notes),
        areas=_areas(item, codes, notes),
    )


def _parameters(item: Element) -> tuple[Coded, ...]:
    """Figures of the item in its own words; what stands empty was not said."""
    names = ("alertscore", "episodealertlevel", "severity", "population", "vulnerability", "todate", "iscurrent")
    return tuple(
        Coded(scheme=f"gdacs:{name}", value=text[: bounds.NAME]) for name in names if (text := _of(item, name))
    )


def _countries(item: Element, notes: Notes) -> tuple[str, ...]:
    """All countries that are named; the one code of the item only where no name is known."""
    found = countries.named(_of(item, "country"))
    for name in found.unknown:
        notes.flag(f"unknown-country: {name}")
    alpha3 = _of(item, "iso3")
    code = countries.of_alpha3(alpha3)
    if alpha3 and not code:
        notes.flag(f"unknown-country: {alpha3}")
    return found.codes or ((code,) if code else ())


def _areas(item: Element, codes: tuple[str, ...], notes: Notes) -> tuple[Area, ...]:
    """The box around the event and its point, latitude first; the countries as codes."""
    rings, circles = [], []
    corners, point = _of(item, "bbox"), _text(item, _POINT)
    try:
        rings += [box(corners)] if corners else []
    except Misshapen as error:
        notes.skip(str(error), f"bbox {corners}")
    try:
        circles += [read_circle(f"{','.join(point.split())} 0")] if point else []
    except Misshapen as error:
        notes.skip(str(error), f"point {point}")
    named = tuple(Coded(scheme="ISO 3166-1", value=one) for one in codes)
    if not (rings or circles or named):
        return ()
    words = _short(_of(item, "country") or _of(item, "eventname") or point or corners, bounds.NAME, notes)
    return (Area(description=words, codes=named, polygons=tuple(rings), circles=tuple(circles)),)


def _short(text: str, most: int, notes: Notes) -> str:
    if len(text) > most:
        notes.flag(f"shortened: a text of {len(text)} characters")
        return text[: most - 1] + "…"
    return text


def _of(item: Element, name: str) -> str:
    return _text(item, f"{_SPACE}{name}")


def _text(item: Element, name: str) -> str:
    return (item.findtext(name) or "").strip(WHITE)
