"""Exercises that run here: begun, ended, and their figures."""

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.exercising import ExerciseView


class ExercisesView(msgspec.Struct, frozen=True, kw_only=True):
    """The exercises of this node, those that run first."""

    exercises: list["ExerciseRow"]


class ExerciseRow(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise; `ended` and `paused` are empty where it is neither."""

    name: str
    network: str
    began: str
    by: str
    ended: str
    paused: str
    paused_for: str
    exercise: bool = True

    @property
    def runs(self) -> bool:
        """Whether nobody has ended it."""
        return not self.ended


async def _exercises(visit: Visit, asked: None) -> ExercisesView:
    found: list[ExerciseView] = await visit.ask("exercise.list")
    rows = [
        ExerciseRow(
            name=one.name,
            network=one.network,
            began=one.began,
            by=one.by,
            ended=one.ended,
            paused=one.paused,
            paused_for=one.paused_for,
        )
        for one in found
    ]
    return ExercisesView(exercises=rows)


EXERCISES = Page(
    "exercises",
    "/exercises",
    mark("Exercises"),
    "see",
    _exercises,
    acts={
        "start": routed("exercise.start", "/exercises"),
        "stop": routed("exercise.stop", "/exercises"),
        "pause": routed("exercise.pause", "/exercises"),
        "resume": routed("exercise.resume", "/exercises"),
        "report": told("exercise.report"),
    },
    tables={
        "exercises": Table(
            mark("Exercises of this node"),
            (
                Column("name", mark("Exercise")),
                Column("network", mark("Network"), "code"),
                Column("began", mark("Begins"), "when"),
                Column("by", mark("By whom")),
                Column("paused", mark("Paused"), "when"),
                Column("paused_for", mark("Why")),
                Column("ended", mark("Ends"), "when"),
            ),
            lambda view: view.exercises,
            mark("No exercise was begun here."),
            (
                Press("pause", mark("Pause it"), ("name",), "exercise", when=lambda row: row.runs and not row.paused),
                Press("resume", mark("Go on"), ("name",), "exercise", mark("Sure"), when=lambda row: bool(row.paused)),
                Press("stop", mark("End it"), ("name",), "exercise", mark("Sure"), when=lambda row: row.runs),
            ),
        )
    },
    asking=(
        Ask(
            "start",
            mark("Begin an exercise"),
            mark("Begin"),
            (
                Field("name", mark("Name"), hint=mark("Small letters, digits and -."), required=True),
                Field("network", mark("Network of exercises"), hint=mark("Its label begins with x."), required=True),
            ),
            "exercise",
        ),
        Ask(
            "report", mark("Figures of an exercise"), mark("Show"), (Field("name", mark("Name"), required=True),), "see"
        ),
    ),
    group="events",
    shape="plain",
)
