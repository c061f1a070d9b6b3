"""Corridors: the route, not its two ends, selects customs regimes and papers.

What is law stands in `data/papers.toml`, each line with its source and the day somebody read it. Here is only how a
way through countries is cut: inside the Union, across a third country and back, out of it, into it, or beside it.
"""

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import msgspec

from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.fields import FieldError, need
from xstock_node.domain.reasons import Reason
from xstock_node.domain.reception import ReceptionProfile, Rule
from xstock_node.domain.terms import Regime, Source, Terms


class Country(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a country is in the Union and a party to the Common Transit Convention; None is not."""

    code: str
    source: Source
    union: date | None = None
    transit: date | None = None

    def in_union(self, today: date) -> bool:
        """Whether it belongs to the Union's customs territory."""
        return self.union is not None and self.union <= today

    def in_common_transit(self, today: date) -> bool:
        """Whether T1 and T2 run through it."""
        return self.in_union(today) or (self.transit is not None and self.transit <= today)


class Stage(StrEnum):
    """By when a paper has to be there."""

    CLEARANCE = "clearance"
    DISPATCH = "dispatch"
    RECEIPT = "receipt"
    RETURN = "return"
    CLOSE = "close"


class PaperRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the table of papers; every condition that is named must hold."""

    code: str
    stage: Stage
    signs: tuple[str, ...]
    languages: str
    source: str
    checked: date | None = None
    terms: tuple[Terms, ...] = ()
    regimes: tuple[Regime, ...] = ()
    arrival: tuple[Regime, ...] = ()
    back: tuple[Regime, ...] = ()
    handling: tuple[HandlingClass, ...] = ()
    kinds: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    crossing: bool = False
    international: bool = False
    inside_ends: bool = False


class Facts(msgspec.Struct, frozen=True):
    """The customs facts: countries by code, the law of each regime, the rules of papers."""

    countries: Mapping[str, Country]
    regimes: Mapping[Regime, Source]
    papers: tuple[PaperRule, ...]


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """Goods on a way: countries in order with both ends, terms, classes, and kinds in words (`engine`, `temperature`).

    `sender_languages` are the supplier's (BCP 47); the receiver's come from its reception profile.
    """

    countries: tuple[str, ...]
    terms: Terms
    handling: tuple[HandlingClass, ...] = (HandlingClass.GENERAL,)
    kinds: tuple[str, ...] = ()
    sender_languages: tuple[str, ...] = ("en",)


class Stretch(NamedTuple):
    """One country of the way and the regime in it."""

    country: str
    regime: Regime
    source: Source


class Paper(NamedTuple):
    """A paper that the way asks for. `code` is a document or an authority's paper; `text` is the profile's own word.

    `signs` are `side.role`; `languages` are those it is made out in, the sender's first, English last.
    """

    code: str
    stage: Stage
    signs: tuple[str, ...]
    languages: tuple[str, ...]
    source: Source
    text: str | None = None


class Corridor(msgspec.Struct, frozen=True, kw_only=True):
    """What a way asks for: regimes there and (of a loan) back, papers, whether a green light is needed and why."""

    countries: tuple[str, ...]
    terms: Terms
    arrival: str
    out: tuple[Stretch, ...]
    back: tuple[Stretch, ...]
    papers: tuple[Paper, ...]
    clearance_needed: bool
    clearance_why: tuple[Reason, ...]

    def papers_at(self, stage: Stage) -> tuple[Paper, ...]:
        """The papers of one stage."""
        return tuple(paper for paper in self.papers if paper.stage is stage)

    def stale(self, today: date) -> list[Reason]:
        """The facts that rest on a source which nobody has read for 90 days, each once."""
        sources = [stretch.source for stretch in (*self.out, *self.back)] + [paper.source for paper in self.papers]
        old = {one.text: one for one in sources if one.is_stale(today)}
        return [Reason("fact_stale", {"source": one.text, "day": str(one.checked or "?")}) for one in old.values()]


class _CountryLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    codes: tuple[str, ...]
    source: str
    checked: date | None = None
    union: date | None = None
    transit: date | None = None


class _RegimeLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: Regime
    source: str
    checked: date | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    country: tuple[_CountryLine, ...]
    regime: tuple[_RegimeLine, ...]
    paper: tuple[PaperRule, ...]


def parse_facts(data: bytes) -> Facts:
    """The customs facts of a TOML file in the form of `data/papers.toml`; raises FieldError that names the field."""
    try:
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise FieldError("countries, regimes and papers as in papers.toml", wrong, "correct that line") from wrong
    countries = {
        code: Country(code=code, source=Source(line.source, line.checked), union=line.union, transit=line.transit)
        for line in file.country
        for code in line.codes
    }
    regimes = {line.code: Source(line.source, line.checked) for line in file.regime}
    missing = set(Regime) - set(regimes)
    need(not missing, "the law of every regime", f"none for {sorted(missing)}", "add it")
    return Facts(countries, regimes, file.paper)


def corridor(movement: Movement, facts: Facts, today: date, profile: ReceptionProfile | None = None) -> Corridor:
    """What this way asks for; `profile` is the receiving country's, None where there is none yet.

    Raises FieldError for a country that the facts do not know, and for a profile of another country.
    """
    way = _Way(movement, facts, today)
    if profile is not None:
        last = movement.countries[-1]
        need(profile.country == last, f"the reception profile of {last}", profile.country, "take the receiver's")
    out = way.out()
    back = way.back() if movement.terms is Terms.LOAN else ()
    why = _clearance(movement, out, profile)
    needed = not all(reason.code.startswith("no_clearance") for reason in why)
    papers = [_paper(rule, movement, profile) for rule in facts.papers if _asked(rule, way, out, back, needed)]
    arrival = way.arrival()
    if profile is not None:
        papers += _profile_papers(profile, arrival, movement)
    return Corridor(
        countries=movement.countries, terms=movement.terms, arrival=arrival, out=out, back=back,
        papers=tuple(papers), clearance_needed=needed, clearance_why=tuple(why),
    )  # fmt: skip


class _Way:
    """The way cut into its parts: who of the countries is inside the Union, and which transit can run."""

    def __init__(self, movement: Movement, facts: Facts, today: date) -> None:
        need(bool(movement.countries), "the countries of the way in order", "none", "name both ends")
        unknown = [code for code in movement.countries if code not in facts.countries]
        need(not unknown, "countries of the customs facts", ", ".join(unknown), "add the country to papers.toml")
        self.movement = movement
        self.sources = facts.regimes
        self.codes = movement.countries
        self.inside = [facts.countries[code].in_union(today) for code in self.codes]
        self.common = [facts.countries[code].in_common_transit(today) for code in self.codes]

    def out(self) -> tuple[Stretch, ...]:
        """The regime in each country on the way there."""
        return self._stretches(self.codes, self._regimes_out())

    def back(self) -> tuple[Stretch, ...]:
        """The regime in each country on the way back, from the receiver to the owner."""
        home = self.codes[::-1]
        if len(home) == 1 or self.ends_inside:
            return self._stretches(home, self._regimes_out())
        middle = [self._transit(Regime.T1)] * (len(home) - 2)
        return self._stretches(home, [Regime.REEXPORT, *middle, Regime.RETURNED_GOODS])

    @property
    def ends_inside(self) -> bool:
        """Whether both ends lie in the Union."""
        return self.inside[0] and self.inside[-1]

    def arrival(self) -> str:
        """The way of arriving, as reception profiles name it."""
        if all(self.inside):
            return "from_union"
        if self.ends_inside:
            return "union_goods_through_a_third_country"
        return f"{self.movement.terms}_from_outside" if self.inside[-1] else str(self.movement.terms)

    def _regimes_out(self) -> list[Regime]:
        if all(self.inside) or len(self.codes) == 1:
            return [Regime.NONE] * len(self.codes)
        if self.ends_inside:
            return [self._transit(Regime.T2)] * len(self.codes)
        leaving = Regime.TEMPORARY_EXPORT if self.movement.terms is Terms.LOAN else Regime.EXPORT
        transit = self._transit(Regime.T2 if self.inside[0] else Regime.T1)
        still_inside = [all(self.inside[: place + 1]) for place in range(1, len(self.codes) - 1)]
        return [leaving, *(leaving if still else transit for still in still_inside), self._entry()]

    def _stretches(self, codes: tuple[str, ...], regimes: list[Regime]) -> tuple[Stretch, ...]:
        return tuple(Stretch(code, one, self.sources[one]) for code, one in zip(codes, regimes, strict=True))

    def _transit(self, kind: Regime) -> Regime:
        return kind if all(self.common) else Regime.TIR

    def _entry(self) -> Regime:
        terms = self.movement.terms
        if terms is Terms.LOAN:
            return Regime.ORAL if self.inside[-1] else Regime.TEMPORARY_ADMISSION
        return Regime.RELIEF if terms is Terms.DONATION else Regime.IMPORT


def _clearance(movement: Movement, out: tuple[Stretch, ...], profile: ReceptionProfile | None) -> list[Reason]:
    found = []
    regimes = {stretch.regime for stretch in out} - {Regime.NONE}
    if regimes:
        shown = ", ".join(f"{stretch.country} {stretch.regime}" for stretch in out)
        found.append(Reason("clearance_customs", {"way": shown}))
    for one in profile.restrictions if profile is not None else ():
        if one.rule is Rule.PERMISSION and one.meets(movement.handling, (), movement.kinds, movement.terms):
            named = {"permission": str(one.permission), "country": movement.countries[-1]}
            found.append(Reason("clearance_permission", named))
    if found:
        return found
    code = "no_clearance_domestic" if len(set(movement.countries)) == 1 else "no_clearance_union"
    return [Reason(code, {"way": ", ".join(movement.countries)})]


def _asked(rule: PaperRule, way: _Way, out: tuple[Stretch, ...], back: tuple[Stretch, ...], clearance: bool) -> bool:
    there = {stretch.regime for stretch in out}
    movement = way.movement
    green = rule.code in ("green_light", "clearance_sheet")
    conditions = (
        not rule.terms or movement.terms in rule.terms,
        not rule.regimes or bool(there & set(rule.regimes)),
        not rule.arrival or out[-1].regime in rule.arrival,
        not rule.back or bool({stretch.regime for stretch in back} & set(rule.back)),
        not rule.handling or bool(set(rule.handling) & set(movement.handling)),
        not rule.kinds or bool(set(rule.kinds) & set(movement.kinds)),
        not rule.to or movement.countries[-1] in rule.to,
        not rule.crossing or there != {Regime.NONE} or (green and clearance),
        not rule.international or len(set(movement.countries)) > 1,
        not rule.inside_ends or way.ends_inside,
    )
    return all(conditions)


def _paper(rule: PaperRule, movement: Movement, profile: ReceptionProfile | None) -> Paper:
    spoken = languages(rule.languages, movement.sender_languages, profile.languages if profile else ())
    return Paper(rule.code, rule.stage, rule.signs, spoken, Source(rule.source, rule.checked))


def languages(whose: str, sender: Iterable[str], receiver: Iterable[str]) -> tuple[str, ...]:
    """At most three languages of a paper: one of the sender (unless `receiver`), one of the receiver, English last."""
    first = [one for one in sender if one != "en"][:1] if whose in ("all", "sender") else []
    second = [one for one in receiver if one != "en"][:1] if whose in ("all", "receiver") else []
    return tuple(dict.fromkeys([*first, *second, "en"]))


def _profile_papers(profile: ReceptionProfile, arrival: str, movement: Movement) -> list[Paper]:
    source = Source(profile.source, profile.signed_on)
    spoken = languages("all", movement.sender_languages, profile.languages)
    return [
        Paper("as_profile", Stage.CLEARANCE, ("supplier.customs",), spoken, source, text)
        for text in profile.papers.get(arrival, ())
    ]
