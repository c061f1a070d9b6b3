"""What a notice says, and what it never says."""

import msgspec
import pytest

from xstock_node.domain.escalation import Call, Wait, Waiting
from xstock_node.domain.rights import Role
from xstock_node.i18n import catalogue
from xstock_node.plugins import Notice
from xstock_node.services.notices import notice_of

THING = Waiting(
    id="abcdef012345", kind=Wait.TURN, role=Role.DUTY_OFFICER, since=1_800_000_000, case="r-1", request="q-1",
    other="redcross.hr", state="offered", answer_by=1_800_003_600,
)  # fmt: skip


def notice(thing: Waiting, step: int = 0, language: str = "en") -> Notice:
    return notice_of(Call("c1", thing, step, "ivan"), "redcross.bg", language, 1_800_000_060)


def test_a_notice_says_what_waits_until_when_and_what_to_type() -> None:
    found = notice(THING)
    assert found.subject == "redcross.hr waits for duty officer: offered" and found.to == "ivan"
    for words in ("redcross.bg", "2027-01-15T09:00:00Z", "xstock op show r-1", "xstock duty take abcdef012345"):
        assert words in found.text, words
    assert (found.id, found.operation, found.language, found.exercise) == ("c1", "r-1", "en", False)
    assert "before you" not in found.text and "before you" in notice(THING, step=1).text


@pytest.mark.parametrize("language", ["en", "bg", "de", "sr-Cyrl"])
def test_an_exercise_is_marked_first_in_the_subject_and_the_text(language: str) -> None:
    found = notice(msgspec.structs.replace(THING, exercise=True), language=language)
    mark = f"{catalogue(language).gettext('EXERCISE')}: "
    assert found.exercise and found.subject.startswith(mark) and found.text.startswith(mark)
    assert (mark == "EXERCISE: ") == (language == "en")


def test_silence_is_called_silence_and_a_message_that_never_arrived_is_told_apart() -> None:
    silent = msgspec.structs.replace(THING, kind=Wait.NO_ANSWER)
    assert "silence, not a no" in notice(silent).text
    unheard = notice(msgspec.structs.replace(silent, detail="not-received"))
    assert "has not reached them" in unheard.text and "silence" not in unheard.text


def test_every_kind_has_words_of_its_own() -> None:
    said = {notice(msgspec.structs.replace(THING, kind=kind, detail="offer p1")).text for kind in Wait}
    assert len(said) == len(Wait)
