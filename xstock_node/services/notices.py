"""What a notice says: a subject and a few lines in the recipient's language; no names of people, no figures of stock.

A goods-at-risk notice names item and quantity, because nothing else says what to do.
"""

from collections.abc import Callable
from typing import Final

from xstock_node.domain.code_words import ROLE, state_in_words
from xstock_node.domain.escalation import Call, Wait, Waiting
from xstock_node.i18n import catalogue, mark, text
from xstock_node.plugins.adapters import Notice
from xstock_node.services.times import iso

_SUBJECTS: Final = {
    Wait.TURN: mark("{other} waits for {role}: {state}"),
    Wait.LATE: mark("overdue: {other} has no answer from us"),
    Wait.NO_ANSWER: mark("no answer from {other}"),
    Wait.APPROVAL: mark("a step waits for a signature ({role})"),
    Wait.AT_RISK: mark("promised goods at risk: {detail}"),
    Wait.STAND_DOWN: mark("covered: {other} can be stood down"),
    Wait.GRANT: mark("a role waits for a second person: {detail}"),
    Wait.GLASS: mark("{detail} broke the glass"),
    Wait.CODE: mark("{detail} signed in by a paper code"),
    Wait.COUNT: mark("a count waits for a second person ({other})"),
    Wait.LOAN: mark("loan with {other}: due by {answer_by}"),
    Wait.ALERT: mark("warning of {other}: {state}"),
    Wait.CONVOY_LATE: mark("convoy {detail} is late"),
    Wait.PASSAGE: mark("was it convoy {state}? a person decides"),
}
_LINES: Final = {
    Wait.TURN: mark("It is our turn since {since}."),
    Wait.LATE: mark("An answer was wanted by {answer_by}. The others see silence, and no refusal."),
    Wait.NO_ANSWER: mark(
        "An answer was wanted by {answer_by} and none came. This is silence, not a no: telephone them."
    ),
    Wait.APPROVAL: mark("The step {detail} was written at {since} and is not sent before it is signed."),
    Wait.AT_RISK: mark("Stock fell below what is promised. Nothing is cancelled by itself."),
    Wait.STAND_DOWN: mark("What was asked is promised since {since}: `xstock request stand-down {detail}`."),
    Wait.GLASS: mark(
        "Since {since} {detail} acts as duty officer without a second person, until {answer_by}. Ask why."
    ),
    Wait.CODE: mark(
        "At {since}. If {detail} did not: `xstock user sign-out {detail}`, then `xstock user codes {detail}`."
    ),
    Wait.COUNT: mark(
        "One person counted at {since}. Count again, then `xstock op step CASE counted --field of={detail}`."
    ),
    Wait.LOAN: mark("Due back by {answer_by}: {detail}. Send it home, or agree on an extension."),
    Wait.ALERT: mark(
        "Since {since}. All of it: `xstock alert show {detail}`; what it may ask for: `xstock request drafts`."
    ),
    Wait.CONVOY_LATE: mark(
        "Its arrival was announced for {answer_by}; no word of it since {since}. Telephone {other}."
    ),
    Wait.PASSAGE: mark(
        "Seen at {since}, not surely: `xstock convoy confirm {detail}` or `xstock convoy dismiss {detail}`."
    ),
    Wait.GRANT: mark(
        "It was given at {since} and holds from {answer_by} unless somebody removes it: `xstock user agree`."
    ),
}
_NOT_RECEIVED: Final = mark(
    "An answer was wanted by {answer_by}; our last message has not reached them. Telephone them."
)


def notice_of(call: Call, node: str, language: str, now: int) -> Notice:
    """The notice of a call; `now` unix seconds."""
    thing, spoken = call.thing, catalogue(language)
    params = {
        "other": thing.other,
        "role": spoken.gettext(ROLE[thing.role]) if thing.role in ROLE else str(thing.role),
        "state": state_in_words(thing.state, spoken.gettext),
        "detail": thing.detail,
        "since": iso(thing.since),
        "answer_by": iso(thing.answer_by),
    }

    def say(code: str, source: str, **more: object) -> str:
        return text(f"notice.{code}", source, **params, **more).say(language)

    command = f"xstock duty take {thing.id}"
    subject = say(f"subject.{thing.kind}", _SUBJECTS[thing.kind])
    first = say("exercise", "EXERCISE") + ": " if thing.exercise else ""
    lines = [subject, "", _body(thing, say)]
    if thing.kind is Wait.TURN and thing.answer_by:
        lines.append(say("until", "An answer is wanted by {answer_by}."))
    if thing.case:
        lines.append(say("case", "Operation {case}: `xstock op show {case}`.", case=thing.case))
    lines.append(say("take", "Take it with `{command}`, so that nobody else is called.", command=command))
    if call.step:
        lines.append(say("step", "Those who were told before you have not taken it."))
    return Notice(
        id=call.id,
        to=call.person,
        language=language,
        subject=f"{first}{subject}"[:200],
        text="\n".join([f"{first}{node}", *lines]),
        kind=str(thing.kind),
        thing=thing.id,
        command=command,
        operation=thing.case,
        node=node,
        exercise=thing.exercise,
        at=now,
    )


def _body(thing: Waiting, say: Callable[[str, str], str]) -> str:
    if thing.kind is Wait.NO_ANSWER and thing.detail == "not-received":
        return say("not-received", _NOT_RECEIVED)
    return say(f"line.{thing.kind}", _LINES[thing.kind])
