"""What towns write into the public form: texts of every script come through, and what means ill is turned away fast."""

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_network.applying import FIELDS, Apply, ApplySettings, application
from xstock_network.town import TownPage, TownSettings

from xstock_node.plugins import Context, PageAsk, PageData
from xstock_node.testing.members import KEY, LooseMembers
from xstock_node.testing.plugin_context import plugin_context

GOOD = {
    "name": "Видин",
    "kind": "town",
    "country": "bg",
    "areas": "BG311, RO413",
    "languages": "bg ro",
    "contact": "duty-officer",
    "address": "+359 94 000 000",
    "tier": "town",
    "node": "",
    "digits": "",
}
NAMES = (
    "Нови Сад – Ђурђево",
    "Ізмаїл, вул. Гоголівська",
    "Iași și Bălți",
    "Shëngjin në Adriatik",
    "Өскемен қаласы",
    "İğneada çarşısı",
)
BOMB = "<!DOCTYPE r [<!ENTITY x SYSTEM 'file://{canary}'>]><r>&x;</r>"
ATTACKS = {
    "entity in the name": ("kind", BOMB),
    "huge name": ("name", "x" * 20_000_000),
    "a direction character is left to the node": ("country", "\u202eGB"),
    "deep": ("areas", "[" * 100_000),
    "wide": ("areas", "BG1 " * 100_000),
    "UTF-16": ("languages", "bg".encode("utf-16").decode("latin-1")),
    "gzip": ("digits", "\x1f\x8b\x08" + "0" * 1000),
    "no address": ("address", "a.b" * 5_000_000),
    "dots of an address": ("address", "a@" + "." * 8_000_000),
    "a person's way to write": ("contact", "Ivan Petrov"),
    "another kind": ("kind", "police"),
    "a member without a node": ("tier", "member"),
    "a formula": ("node", "=cmd()"),
    "a line end": ("languages", "bg\r\nSet-Cookie: x"),
    "a field of its own": ("nationality", "any"),
}


async def shown(form: dict[str, str], members: LooseMembers) -> PageData:
    async with plugin_context(ApplySettings()) as context:
        return await Apply().show(context._replace(members=members), PageAsk(form=form))


@pytest.mark.parametrize("name", NAMES)
async def test_texts_of_every_script_reach_the_desk(name: str) -> None:
    members = LooseMembers()
    page = await shown(GOOD | {"name": name}, members)
    (taken,) = members.applications
    assert (taken.name, taken.country, taken.areas, taken.languages) == (name, "BG", ("BG311", "RO413"), ("bg", "ro"))
    assert page.text[0] == "1" and not page.forms


@pytest.mark.parametrize("attack", ATTACKS)
async def test_a_form_that_means_ill_is_turned_away_in_a_second(attack: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("the bird sings")
    field, text = ATTACKS[attack]
    members = LooseMembers()
    begun = process_time()
    page = await shown(GOOD | {field: text.format(canary=canary) if field == "kind" else text}, members)
    assert process_time() - begun < 1 and not members.applications and len(page.forms) == 1
    assert "bird" not in str(page) and len(str(page)) < 20_000
    assert field in page.text[0] or "came" in page.text[0]


@pytest.mark.parametrize("field", [name for name in FIELDS if name not in ("node", "digits", "tier")])
def test_what_is_missing_is_named(field: str) -> None:
    for form in (GOOD | {field: " "}, {name: text for name, text in GOOD.items() if name != field}):
        with pytest.raises(ValueError, match=field):
            application(form)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from((*FIELDS, "other")), st.text(max_size=300)))
def test_a_form_is_an_application_or_says_why_not(form: dict[str, str]) -> None:
    try:
        said = application(GOOD | form)
    except ValueError as error:
        assert str(error)
        return
    assert said.kind in ("town", "island", "municipality", "region") and len(said.name) <= 120


async def town(form: dict[str, str] | None, members: LooseMembers) -> PageData:
    async with plugin_context(TownSettings(language="bg")) as context:
        found: Context = context._replace(members=members)
        return await TownPage().show(found, PageAsk(form=form))


async def test_a_key_opens_what_its_town_sees_until_it_leaves() -> None:
    members = LooseMembers()
    assert "100 - 200" in str((await town({"key": KEY}, members)).tables)
    assert not (await town({"key": KEY, "leave": "on"}, members)).tables
    for form in (None, {}, {"key": "guess"}, {"key": KEY}, {"key": "x" * 10_000}):
        page = await town(form, members)
        assert not page.tables and len(page.forms) == 1


NEED = {"key": KEY, "category": "shelter", "people": "120", "hours": "24"}


async def test_what_a_town_needs_reaches_the_desk() -> None:
    members = LooseMembers()
    page = await town(NEED, members)
    (need,) = members.needs
    assert (need.category, need.people, need.hours) == ("shelter", 120, 24) and page.tables


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("people", "0"),
        ("people", "9" * 5_000_000),
        ("people", "-1"),
        ("people", "1e3"),
        ("people", "٣"),
        ("hours", "721"),
        ("hours", ""),
        ("category", "weapons"),
        ("category", "[" * 5_000_000),
    ],
)
async def test_a_need_that_is_none_is_told_by_its_field(field: str, text: str) -> None:
    members = LooseMembers()
    begun = process_time()
    page = await town(NEED | {field: text}, members)
    assert process_time() - begun < 1 and not members.needs
    assert page.text[0].startswith(f"{field}: expected ") and len(str(page)) < 20_000
