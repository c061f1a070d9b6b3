"""What we do not need: said by who may ask, read in every language, told to the public, and dropped again."""

from typing import Any

import pytest

from tests.api.conftest import BG, Desk
from xstock_node.domain.rights import Role
from xstock_node.domain.unneeded import KINDS, WORDS
from xstock_node.i18n import catalogue
from xstock_node.plugins.members import PublicAsk
from xstock_node.services.public_figures import Lines, public_figures


async def say(desks: dict[str, Desk], **said: Any) -> tuple[int, Any]:
    status, found, _ = await desks[BG].ask("POST", "/unneeded", json=said)
    return status, found


async def test_it_is_read_in_five_languages_the_nodes_own_first(desks: dict[str, Desk]) -> None:
    status, found = await say(desks, kinds=["toys", "clothes"], more={"bg": ["стари гуми"], "en": ["used tyres"]})
    assert status == 200 and found["kinds"] == ["clothes", "toys"] and found["since"]
    texts = {one["language"]: one for one in found["texts"]}
    assert len(texts) == 5 and next(iter(texts)) == desks[BG].office.settings.languages[0]
    known = [catalogue("bg").gettext(WORDS[kind]) for kind in ("clothes", "toys")]
    assert texts["bg"]["lines"] == [*known, "стари гуми"]
    assert texts["en"]["lines"] == ["used clothes and shoes", "used toys", "used tyres"] and texts["en"]["instead"]
    assert texts["ro"]["lines"][-1] == "стари гуми [bg]", "own lines are never translated, and marked"


async def test_the_public_reads_it_in_its_language_and_nothing_once_it_is_dropped(desks: dict[str, Desk]) -> None:
    office = desks[BG].office
    await say(desks, kinds=["medicine"], money=False)

    async def told(*languages: str) -> Any:
        return (await public_figures(office, Lines(office), PublicAsk(languages=languages))).unneeded

    assert (await told("xx", "de")).lines == (catalogue("de").gettext(WORDS["medicine"]),)
    assert (await told("../bg")).language == "en"
    assert (await told("de")).instead == ""
    await say(desks)
    assert (await told("de")).lines == ()


@pytest.mark.parametrize(
    "said",
    [
        {"kinds": ["gold"]},
        {"more": {"bg": ["x" * 201]}},
        {"more": {"../../etc": ["x"]}},
        {"more": {"bg": ["\u202eevil"]}},
        {"kinds": ["toys"] * 40},
    ],
)
async def test_what_is_no_such_thing_is_refused(desks: dict[str, Desk], said: dict[str, Any]) -> None:
    status, found = await say(desks, **said)
    assert status in (400, 422), found


async def test_who_may_only_look_says_nothing(desks: dict[str, Desk]) -> None:
    token = await desks[BG].hire("vera", Role.VIEWER)
    status, _, _ = await desks[BG].ask("POST", "/unneeded", token, json={"kinds": ["toys"]})
    assert status == 403
    status, found, _ = await desks[BG].ask("GET", "/unneeded?language=de", token)
    assert status == 200 and found["texts"] == [{"language": "de", "lines": [], "instead": ""}]


def test_every_kind_has_words() -> None:
    assert set(KINDS) == set(WORDS)
