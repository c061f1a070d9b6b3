"""Three hours into a flood, as data: who was warned of what, who asked for what, and how far each answer has come.

Hours count from the first hour of the flood; `HOUR` is now. All times are worked out from now, so that deadlines lie
ahead as the story says.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

HOUR = 3.0
ANSWER_HOUR, HOLD_HOURS = 3.25, 6.0
"""Requests of the first quarter of an hour are to be answered within three hours; offers are held for six."""
Reached = Literal["declined", "offered", "accepted", "under-way"]


class Alarm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public warning in the words of a country; `severity` is that of CAP. `replaces` names an earlier one."""

    country: str
    identifier: str
    hour: float
    severity: str
    language: str
    headline: str
    area: str
    areas: list[str] = []
    replaces: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item and how much of it: catalogue code, figure in digits, UN/ECE Rec 20."""

    item: str
    quantity: str
    unit: str = "H87"


class Need(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request: who asks, for what, by which hour, under which terms; `to` empty: everybody else."""

    key: str
    country: str
    place: str
    hour: float
    lines: list[Wanted]
    terms: list[str] = msgspec.field(default_factory=lambda: ["donation"])
    severity: int = 2
    note: str = ""
    to: list[str] = []


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far a supplier's answer to a need has come, and what it gives; `crossings` are those of the lorry."""

    need: str
    by: str
    reached: Reached
    lines: list[Wanted] = []
    crossings: list[str] = []


class ThirdHour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A flood at its third hour. `event` is what all its requests name."""

    title: str
    event: str
    alarms: list[Alarm]
    needs: list[Need]
    answers: list[Answer]

    def asked(self, need: Need) -> list[str]:
        """The countries that a need is asked of."""
        return need.to or [country for country in self.countries() if country != need.country]

    def countries(self) -> list[str]:
        """All that have a part in it, in order."""
        return sorted({*(one.country for one in self.needs), *(one.by for one in self.answers)})

    def faults(self) -> Iterator[str]:
        """What does not fit together, in words: an answer to a need that nobody asked, or more than was asked."""
        needs = {one.key: one for one in self.needs}
        for answer in self.answers:
            need = needs.get(answer.need)
            if need is None or answer.by not in self.asked(need):
                yield f"{answer.by} was not asked {answer.need}"
            elif unknown := {line.item for line in answer.lines} - {line.item for line in need.lines}:
                yield f"{answer.by} gives {', '.join(sorted(unknown))} to {answer.need}, which did not ask for it"
            if (answer.reached == "declined") == bool(answer.lines):
                yield f"{answer.by} to {answer.need}: lines where something is given, none where it is declined"


def read_third_hour(data: bytes) -> ThirdHour:
    """A flood of a TOML file. Raises msgspec.DecodeError or ValidationError for what is none."""
    return msgspec.toml.decode(data, type=ThirdHour)
