"""The feed of warnings: well formed whatever a warning says, in every script, and with nothing but warnings."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from xstock_network.feed import ATOM, MEDIA, Feed, FeedSettings, feed

from xstock_node.plugins import PublicRequest
from xstock_node.testing.members import FIGURES, WARNING, LooseMembers
from xstock_node.testing.plugin_context import plugin_context

NS = {"a": ATOM}
NOW = 1_800_000_000


def tree(**said: Any) -> Any:
    figures = msgspec.structs.replace(FIGURES, warnings=(msgspec.structs.replace(WARNING, **said),))
    return etree.fromstring(feed("Дунав", "bg", figures, NOW))


async def test_the_route_answers_in_the_language_that_is_asked_for() -> None:
    async with plugin_context(FeedSettings(title="Дунав", language="bg")) as context:
        context = context._replace(members=LooseMembers())
        for lang, wanted in (("", "bg"), ("ro", "ro"), ("x" * 5000, "bg")):
            got = await Feed().answer(context, PublicRequest(method="GET", query={"lang": lang}))
            root = etree.fromstring(got.body)
            assert (got.status, got.content_type) == (200, MEDIA)
            assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == wanted


def test_an_entry_has_all_that_atom_wants_and_an_id_of_its_own() -> None:
    root = tree()
    for parent in (root, root.find("a:entry", NS)):
        assert all(parent.find(f"a:{name}", NS) is not None for name in ("id", "title", "updated", "author"))
    assert root.findtext("a:entry/a:id", namespaces=NS) == "urn:xstock:warning:abc.0"
    assert root.findtext("a:updated", namespaces=NS) == "2027-01-15T05:13:20Z"
    assert root.find("a:entry/a:category", NS).get("term") == "orange"


def test_without_a_warning_it_is_an_empty_feed_and_an_exercise_says_so() -> None:
    root = etree.fromstring(feed("x", "bg", msgspec.structs.replace(FIGURES, warnings=(), exercise=True), NOW))
    assert root.find("a:entry", NS) is None and root.findtext("a:updated", namespaces=NS) == "2027-01-15T08:00:00Z"
    assert "УЧЕНИЕ" in root.findtext("a:title", namespaces=NS)


@pytest.mark.parametrize(
    "text",
    [
        "Ђурђево – Сава",
        "Ізмаїл",
        "Iași și Bălți",
        "Shkodër",
        "Өскемен",
        "Ысык-Көл",
        "İğneada",
        "<b>&amp;</b> ]]>",
        "'\"",
    ],
)
def test_a_text_of_any_script_comes_through(text: str) -> None:
    root = tree(headline=text, instruction=text)
    assert root.findtext("a:entry/a:title", namespaces=NS) == text
    assert root.findtext("a:entry/a:summary", namespaces=NS).splitlines()[-1] == text


@given(st.text(), st.text(alphabet=st.sampled_from("\x00\x08\ufffe\uffff<>&'\"")))
def test_whatever_a_warning_says_the_feed_is_well_formed(headline: str, event: str) -> None:
    assert tree(headline=headline, event=event).find("a:entry", NS) is not None


def test_nothing_of_stock_members_or_people_is_in_it() -> None:
    said = feed("Дунав", "bg", FIGURES, NOW).decode()
    assert "shelter" not in said and "BG311" not in said and ">6<" not in said
