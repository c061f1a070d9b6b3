"""Routes of exercises, as data."""

from xstock_node.api.route import Route
from xstock_node.services import exercising, pausing
from xstock_node.services.branches import Reach
from xstock_node.services.exercising import ExerciseName, ExerciseReport, ExerciseView, StartExercise
from xstock_node.services.pausing import PauseRequest, PauseView

EXERCISE_ROUTES = (
    Route(
        "exercise.start",
        "POST",
        "/exercises/start",
        "exercise",
        StartExercise,
        ExerciseView,
        exercising.start,
        "Begin an exercise in a network of exercises, with invented offers",
        reach=Reach.WHOLE,
    ),
    Route(
        "exercise.stop",
        "POST",
        "/exercises/stop",
        "exercise",
        ExerciseName,
        ExerciseView,
        exercising.stop,
        "End an exercise: its offers are withdrawn, its open operations are told",
        reach=Reach.WHOLE,
    ),
    Route(
        "exercise.list",
        "GET",
        "/exercises",
        "see",
        None,
        list[ExerciseView],
        exercising.list_exercises,
        "The exercises of this node",
        reach=Reach.WHOLE,
    ),
    Route(
        "exercise.paused",
        "GET",
        "/exercises/pause",
        "see",
        None,
        PauseView,
        pausing.show,
        "Whether the exercises of this node are paused",
        reach=Reach.WHOLE,
    ),
    Route(
        "exercise.pause",
        "POST",
        "/exercises/pause",
        "exercise",
        PauseRequest,
        PauseView,
        pausing.pause,
        "Pause the exercises of this node: nothing of them is signed, nobody is called for them",
        reach=Reach.WHOLE,
    ),
    Route(
        "exercise.resume",
        "POST",
        "/exercises/resume",
        "exercise",
        None,
        PauseView,
        pausing.resume,
        "Go on with the exercises of this node",
        reach=Reach.WHOLE,
    ),
    Route(
        "exercise.report",
        "GET",
        "/exercises/report",
        "see",
        ExerciseName,
        ExerciseReport,
        exercising.report,
        "The figures of an exercise",
        reach=Reach.WHOLE,
    ),
)
