"""How a reader's language writes what the node knows: figures, times and spans, names of goods, places and states."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_decimal
from babel.units import format_unit
from markupsafe import Markup

from xstock_node.console.languages import Language
from xstock_node.console.told import told
from xstock_node.console.vocabulary import WORDS
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.code_words import state_in_words
from xstock_node.domain.reasons import MESSAGES
from xstock_node.i18n import catalogue as translations
from xstock_node.i18n import is_reviewed

UNKNOWN = "–"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


class Words:
    """The words of one reader. `nodes` are the titles of nodes by name, `now` unix seconds, `zone` the reader's."""

    def __init__(
        self, language: Language, zone: ZoneInfo, now: int, catalogue: Catalogue, nodes: Mapping[str, str]
    ) -> None:
        self.language, self.zone, self.now = language, zone, now
        self._catalogue, self._nodes = catalogue, nodes
        self._translations = translations(language.code)

    @cached_property
    def locale(self) -> Locale:
        """The CLDR locale by which figures and dates are written."""
        return Locale.parse(self.language.locale)

    def say(self, source: str, /, **params: object) -> str:
        """A source string in the reader's language, filled."""
        translated = self._translations.gettext(source)
        return translated.format_map(params) if params else translated

    def plural(self, one: str, many: str, n: int, /, **params: object) -> str:
        """The form of a source string that goes with a number."""
        return self._translations.ngettext(one, many, n).format_map({"n": self.number(n), **params})

    def word(self, kind: str, code: str) -> str:
        """What a code of the node means (`kind` names the list of `vocabulary.py`); the code where no list knows it."""
        found = WORDS[kind].get(code)
        return self.say(found) if found else code

    def decides(self, kind: str, code: str) -> Markup:
        """A word that decides something, with the English beside it until its translation was reviewed."""
        source = WORDS[kind].get(code, "")
        said = self.word(kind, code)
        if not source or said == source or is_reviewed(self.language.code, source):
            return Markup("{}").format(said)
        return Markup('{} <small class="english" lang="en">{}</small>').format(said, source)

    def standing(self, state: str) -> str:
        """Where a thing stands that waits for somebody."""
        return state_in_words(state, self.say)

    def came(self, said: str) -> Markup:
        """What came in the place of what was expected: mostly what somebody typed, which is never translated."""
        return Markup("{}").format(told(self.language.code, said, whole=True) or said)

    def told(self, said: str) -> Markup:
        """What the node says in its own words, in the reader's language; marked as English where it is not known."""
        said = _TIME.sub(lambda time: self.clock(time[0]), said)
        found = told(self.language.code, said)
        if found or self.language.code == "en" or not said:
            return _with_code(found or said)
        return Markup('<span lang="en">{}</span>').format(_with_code(said))

    @property
    def is_draft(self) -> bool:
        """Whether what the reader sees is a translation that nobody who speaks it has reviewed yet."""
        return self.language.code != "en" and not is_reviewed(self.language.code)

    def reason(self, code: str, params: Mapping[str, str]) -> str:
        """Why: a message of the node by its code, filled; the code where there is no such message."""
        found = MESSAGES.get(code)
        return self.say(found, **params) if found and params else self.say(found) if found else code

    @property
    def known_refusals(self) -> Mapping[str, str]:
        """The refusals of which there is a sentence."""
        return WORDS["refusal"]

    def number(self, figure: str | int | Decimal | None) -> str:
        """A figure with the reader's own marks; a dash for an unknown one."""
        if figure is None or figure == "":
            return UNKNOWN
        try:
            return str(format_decimal(Decimal(figure), "#,##0.###", locale=self.locale))
        except InvalidOperation:
            return str(figure)

    def field(self, name: str) -> str:
        """What a field of a form is called."""
        return self.word("field", name)

    def choices(self, kind: str) -> list[tuple[str, str]]:
        """Every code of a list with its word."""
        return [(code, self.say(source)) for code, source in WORDS[kind].items()]

    def chosen(self, field: str, code: str) -> str:
        """What a choice of a field of a step is called; terms of a loan or gift are fields of their own."""
        return self.word("term" if field == "terms" else "choice", code)

    def hours(self, *counts: int) -> list[tuple[str, str]]:
        """So many hours, as choices."""
        return [(str(count), self.span(count * 3600)) for count in counts]

    def item(self, code: str) -> str:
        """The name of an item of the catalogue."""
        return self._catalogue.name(code, self.language.code) if code in self._catalogue else code

    def node(self, name: str) -> str:
        """The organisation of a node."""
        return self._nodes.get(name) or name

    def amount(self, figure: str | None, unit: str) -> str:
        """A figure with its unit in words."""
        return f"{self.number(figure)} {self.word('unit', unit)}" if figure else UNKNOWN

    def day(self, moment: str | int) -> str:
        """A day, in the reader's zone where it is a moment."""
        found = _moment(moment)
        if found is None:
            return str(moment or UNKNOWN)
        has_time = isinstance(moment, int) or len(moment) > 10
        return format_date(found.astimezone(self.zone) if has_time else found, "medium", locale=self.locale)

    def clock(self, moment: str | int) -> str:
        """A moment as people write it, with the offset from UTC; the day is left out where it is today's."""
        found = _moment(moment)
        if found is None:
            return str(moment or UNKNOWN)
        local = found.astimezone(self.zone)
        if local.date() == datetime.fromtimestamp(self.now, self.zone).date():
            return format_time(local, "HH:mm", locale=self.locale)
        return format_datetime(
            local, "d MMM, HH:mm" if self._this_year(local) else "d MMM y, HH:mm", locale=self.locale
        )

    def when(self, moment: str | int) -> Markup:
        """A moment as an element: its own local time, and the exact one with its offset for who asks."""
        found = _moment(moment)
        if found is None:
            return Markup("{}").format(moment or UNKNOWN)
        local = found.astimezone(self.zone)
        exact = f"{format_datetime(local, 'd MMM y, HH:mm:ss', locale=self.locale)} (UTC{local.strftime('%z')})"
        return Markup('<time datetime="{}" title="{}">{}</time>').format(
            found.strftime("%Y-%m-%dT%H:%M:%SZ"), exact, self.clock(moment)
        )

    def span(self, seconds: int) -> str:
        """So long: the two largest of days, hours and minutes."""
        minutes = max(abs(seconds) // 60, 0)
        parts = [
            (minutes // 1440, "duration-day"),
            (minutes // 60 % 24, "duration-hour"),
            (minutes % 60, "duration-minute"),
        ]
        said = [format_unit(n, unit, "short", locale=self.locale) for n, unit in parts if n][:2]
        return " ".join(said) or self.say("less than a minute")

    def goods(self, lines: str, most: int = 0) -> str:
        """Lines as operations tell them ("40 H87 CODE, ..."), with names of units and goods; the first `most` of them,
        and how many more there are.
        """
        said = [self._goods(*line.split(" ", 2)) for line in lines.split(", ") if line.count(" ") >= 2]
        if not most or len(said) <= most:
            return ", ".join(said)
        return ", ".join([*said[:most], self.say("{n} more", n=len(said) - most)])

    def _goods(self, quantity: str, unit: str, item: str) -> str:
        return f"{self.amount(quantity, unit)} {self.item(item)}"

    def ahead(self, moment: str | int) -> int:
        """In how many seconds a moment is; below zero in the past, zero for what is none."""
        found = _moment(moment)
        return int(found.timestamp()) - self.now if found else 0

    def distance(self, moment: str | int) -> str:
        """How far ahead or behind a moment is, in words."""
        found = _moment(moment)
        if found is None:
            return ""
        ahead = self.ahead(moment)
        return (
            self.say("in {span}", span=self.span(ahead))
            if ahead >= 0
            else self.say("{span} ago", span=self.span(ahead))
        )

    def due(self, moment: str | int) -> Markup:
        """A moment with its distance."""
        if not moment:
            return Markup("{}").format(UNKNOWN)
        return Markup("{} <span class=far>({})</span>").format(self.when(moment), self.distance(moment))

    def is_past(self, moment: str | int) -> bool:
        """Whether a moment is over."""
        found = _moment(moment)
        return found is not None and found.timestamp() < self.now

    def _this_year(self, local: datetime) -> bool:
        return local.year == datetime.fromtimestamp(self.now, self.zone).year


def _moment(moment: str | int) -> datetime | None:
    """A moment from unix seconds, ISO time or day; None for what is none of them."""
    if not moment:
        return None
    try:
        if isinstance(moment, int):
            return datetime.fromtimestamp(moment, UTC)
        found = datetime.fromisoformat(moment)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _with_code(said: str) -> Markup:
    """A sentence in which what stands in backquotes is code."""
    parts = said.split("`")
    if len(parts) % 2 == 0:
        return Markup("{}").format(said)
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if n % 2 else Markup("{}").format(p) for n, p in enumerate(parts)
    )
