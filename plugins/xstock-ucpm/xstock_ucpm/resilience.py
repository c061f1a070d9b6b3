"""The report per resilience goal: what this node did in a period, counted from its list of acts.

The goals are those of Commission Recommendation 2023/C 56/01. Every act is counted once; one that no goal names stands
in a table of its own, so that nothing is left out unseen.
"""

import tomllib
from functools import cache
from importlib import resources

import msgspec

from xstock_node.plugins import Context
from xstock_node.plugins.forms import Deed, Entry, FormData, FormFacts, FormField, Table
from xstock_ucpm import texts


class Measure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is counted: acts by their words, a star at the end stands for any ending."""

    label: str
    acts: tuple[str, ...]

    def has(self, verb: str) -> bool:
        """Whether an act is counted here."""
        return any(verb.startswith(one[:-1]) if one.endswith("*") else verb == one for one in self.acts)


class Goal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A resilience goal with its measures."""

    name: str
    title: str
    measure: tuple[Measure, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    goal: tuple[Goal, ...]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How often; `exercise` is how many of these were no real ones, where that is known. Times by ISO 8601."""

    label: str
    count: int
    exercise: int
    first: str
    last: str


class GoalReport(msgspec.Struct, frozen=True, kw_only=True):
    """One goal with what was done for it."""

    goal: str
    title: str
    measures: tuple[Counted, ...]


class ResilienceReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report as JSON."""

    form: str
    node: str
    since: str
    until: str
    goals: tuple[GoalReport, ...]
    other: tuple[Counted, ...]


class Resilience:
    """What was done for each goal."""

    name = "ucpm-resilience"
    title = "Report per resilience goal"

    async def fields(self, context: Context) -> tuple[FormField, ...]:
        """A remark."""
        return (FormField(name="remarks", label="Remarks", help="what the figures do not say"),)

    async def make(self, context: Context, facts: FormFacts) -> FormData:
        """The report of a period."""
        said = report(facts)
        return FormData(
            title=self.title,
            entries=(
                Entry(label="Node", value=texts.joined((texts.name_of(facts.own), facts.node))),
                Entry(label="From", value=texts.moment(facts.since)),
                Entry(label="Until", value=texts.moment(facts.until)),
                Entry(label="Remarks", value=facts.filled.get("remarks", "")),
            ),
            tables=(*(_table(one.title, one.measures) for one in said.goals), _table("Other acts", said.other)),
            says=("Counted from the list of acts of this node; each act has its hash in the audit log.",),
            open=() if facts.filled.get("remarks") else ("remarks",),
            data=msgspec.json.encode(said),
        )


@cache
def goals() -> tuple[Goal, ...]:
    """The goals in their order."""
    data = resources.files(__package__).joinpath("goals.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(data), _File).goal


def report(facts: FormFacts) -> ResilienceReport:
    """Each act under the first measure that names it."""
    left = list(facts.deeds)
    found = []
    for goal in goals():
        measures = []
        for measure in goal.measure:
            own = [deed for deed in left if measure.has(deed.verb)]
            left = [deed for deed in left if deed not in own]
            measures.append(counted(measure.label, own))
        found.append(GoalReport(goal=goal.name, title=goal.title, measures=tuple(measures)))
    verbs = dict.fromkeys(deed.verb for deed in left)
    return ResilienceReport(
        form="ucpm-resilience",
        node=facts.node,
        since=texts.iso(facts.since),
        until=texts.iso(facts.until),
        goals=tuple(found),
        other=tuple(counted(verb, [deed for deed in left if deed.verb == verb]) for verb in verbs),
    )


def counted(label: str, deeds: list[Deed]) -> Counted:
    """The sum of some acts."""
    return Counted(
        label=label,
        count=sum(deed.count for deed in deeds),
        exercise=sum(deed.count for deed in deeds if deed.exercise),
        first=texts.iso(min((deed.first for deed in deeds), default=0)),
        last=texts.iso(max((deed.last for deed in deeds), default=0)),
    )


def _table(title: str, measures: tuple[Counted, ...]) -> Table:
    rows = tuple((one.label, str(one.count), str(one.exercise), one.first, one.last) for one in measures)
    return Table(
        title=title, headers=("Measure", "Count", "Of it exercise", "First", "Last"), rows=rows, figures=(1, 2)
    )
