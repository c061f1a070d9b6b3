"""Sentences of the node are known again, quickly whatever is said, and nothing that somebody typed is translated."""

import time

import pytest

from tests.console.conftest import Enter
from xstock_node.console.told import LONGEST, told
from xstock_node.domain.rights import Role
from xstock_node.i18n import catalogue


def bg(source: str) -> str:
    """The translation, which has to be there for these tests to say anything."""
    found = catalogue("bg").gettext(source)
    assert found != source
    return found


def test_a_sentence_is_known_with_and_without_what_differs() -> None:
    assert told("bg", "no peer is pinned") == bg("no peer is pinned")
    held = bg("{0} records in epoch {1}")
    assert told("bg", "17 records in epoch 3") == held.replace("{0}", "17").replace("{1}", "3")
    assert told("bg", "records in epoch 3") == "" and told("bg", " records in epoch 3") == ""
    assert told("en", "no peer is pinned") == "" and told("bg", "something that no program says") == ""


def test_of_two_that_fit_the_one_that_says_more_counts() -> None:
    step = told("bg", "the step offer was taken")
    assert bg("Offer") in step and "offer" not in step


def test_what_stands_in_a_hole_stays_as_it_was_typed() -> None:
    assert told("bg", "a charter of no peer is pinned").endswith("no peer is pinned")
    assert told("bg", "peer no peer is pinned", whole=True) == ""


@pytest.mark.parametrize("text", ["a  of , and ", "at most at most ", "{0} ", "a a a a ", "expected ; came ; "])
def test_no_text_takes_long(text: str) -> None:
    began = time.perf_counter()
    for n in range(50):
        told("bg", (f"{n}" + text * LONGEST)[:LONGEST])
        told("bg", f"{n}" + text * 100_000)
    assert time.perf_counter() - began < 2.0


async def test_what_a_person_typed_is_shown_as_it_is_in_a_refusal(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    await reader.post("/reads", {"act": "read", "language": "bg", "theme": "", "back": "/"})
    shown = (await reader.get("/operation?case=peer%20review")).html
    assert "peer review" in shown
