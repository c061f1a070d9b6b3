"""How long each kind of data is kept that is a tool of daily work, and no evidence."""

from typing import Final, NamedTuple


class Kept(NamedTuple):
    """A kind of data: its name in the settings, the kinds of objects it is made of, days by default, what it is."""

    name: str
    objects: tuple[str, ...]
    days: int
    words: str


KINDS: Final = (
    Kept("messages", ("message", "message-said", "message-carried"), 730, "messages of other systems, in and out"),
    Kept("warnings", ("alert", "warning-ended"), 365, "public warnings that ended"),
    Kept("notices", ("notice",), 365, "calls by mail and webhook, and who took them"),
    Kept("hand-overs", ("hand-over",), 1825, "hand-over notes of the duty desk"),
    Kept("plans", ("plan", "plans-of"), 730, "plans that were worked out for requests"),
    Kept("forms", ("form",), 730, "forms of other bodies that were filled in"),
    Kept("imports", ("import-draft", "import-content", "undoable", "undo-snapshot"), 90, "lists on their way in"),
    Kept("drafts", ("draft-request",), 365, "drafts of requests that nobody sent"),
    Kept("sessions", ("session",), 90, "sessions at the console that ended"),
    Kept("counts", ("arrival", "impact"), 1825, "counters of arrivals and of what a disaster did"),
)
"""Every kind that is forgotten, with what applies where the settings say nothing."""
NAMES: Final = frozenset(kind.name for kind in KINDS)
