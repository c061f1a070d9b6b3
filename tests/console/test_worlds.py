"""No page of a real operation can be taken for one of an exercise, nor the other way round: words mark everything."""

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from tests.console.both_worlds import DRILL, EARNEST, HR, NETWORK, BothWorlds, Made, both_worlds
from xstock_node.console.pages import PAGES

MENU = [page for page in PAGES if page.group]
MARK = "EXERCISE"
ROWS = ("tr", "li", "article", "option", "text")


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[BothWorlds]:
    async with both_worlds(tmp_path) as made:
        yield made


def rows_with(page: str, word: str, made: Made) -> Iterator[str]:
    """The words of the smallest row, card, choice or mark of a picture around each place where a word stands, or the
    id of what was made in that world.
    """
    wanted = (word, made.request, made.case, made.asked)
    tree = html.fromstring(page)
    for element in tree.find(".//main").iter():
        if not isinstance(element.tag, str):
            continue
        said = (element.text or "") + "".join(child.tail or "" for child in element)
        if any(one in said for one in wanted):
            around = element
            while around.tag not in ROWS and around.getparent() is not None and around.tag != "main":
                around = around.getparent()
            yield " ".join(around.text_content().split())


def structures(twin: Any) -> Iterator[dict[str, Any]]:
    """All objects of a JSON twin."""
    if isinstance(twin, dict):
        yield twin
    for child in twin.values() if isinstance(twin, dict) else twin if isinstance(twin, list) else ():
        yield from structures(child)


async def test_every_row_card_and_csv_row_of_an_exercise_says_so_and_no_real_one_does(found: BothWorlds) -> None:
    seen: dict[str, int] = {}
    for page in MENU:
        for query in ("", "?event=EARNEST-1", "?all=true", f"?text={DRILL}"):
            shown = await found.reader.get(f"{page.path}{query}")
            if page.name == "reports" and query.startswith("?event"):
                continue  # which has another kind of event
            assert shown.status == 200, (page.name, query, shown.status)
            drills = list(rows_with(shown.html, DRILL, found.drill))
            reals = list(rows_with(shown.html, EARNEST, found.earnest))
            assert 'class="exercise-banner"' not in shown.html, (page.name, query)
            for row in drills:
                assert MARK in row, (page.name, query, row)
            for row in reals:
                assert MARK not in row, (page.name, query, row)
            assert not drills or 'class="both-worlds"' in shown.html, (page.name, query)
            seen[page.name] = max(seen.get(page.name, 0), len(drills) + len(reals))
    assert {"desk", "requests", "operations", "plan", "duty", "alerts", "mobilisation"} <= {
        n for n, c in seen.items() if c
    }


async def test_every_row_of_a_table_as_csv_says_of_which_world_it_is(found: BothWorlds) -> None:
    marked = set()
    for page in MENU:
        for name in page.tables:
            text = (await found.reader.get(f"{page.path}.csv?table={name}")).html.removeprefix("﻿")
            heads, *rows = list(csv.reader(io.StringIO(text)))
            for row in rows:
                of_drill = any(DRILL in cell for cell in row) or any(
                    cell in (found.drill.case, found.drill.asked, found.drill.request) for cell in row
                )
                of_earnest = any(EARNEST in cell for cell in row) or any(
                    cell in (found.earnest.case, found.earnest.asked, found.earnest.request) for cell in row
                )
                if of_drill:
                    assert heads[-1] == row[-1] == MARK or any(MARK in cell for cell in row), (page.name, name, row)
                    marked.add((page.name, name))
                if of_earnest:
                    assert not any(MARK in cell for cell in row), (page.name, name, row)
    assert {("desk", "operations"), ("requests", "requests"), ("alerts", "warnings"), ("audit", "acts")} <= marked


async def test_the_json_twin_says_of_which_world_a_thing_is(found: BothWorlds) -> None:
    for page in MENU:
        twin = json.loads((await found.reader.get(f"{page.path}.json")).html)
        for thing in structures(twin):
            words = [value for value in thing.values() if isinstance(value, str)]
            worlds = {word for word in (DRILL, EARNEST) if any(word in one for one in words)}
            if thing is not twin and worlds and ("exercise" in thing or "status" in thing):
                said = thing.get("exercise", thing.get("status") == "Exercise")
                assert said == (worlds == {DRILL}), (page.name, thing)
            assert thing is twin or not worlds or {"exercise", "status"} & set(thing) or page.name in QUIET, thing


QUIET = {"node", "audit"}
DRILLED = f"/mobilisation?event={DRILL}-1&exercise=true"


def pages_of(made: Made) -> list[str]:
    """The pages about one thing of a world."""
    return [
        f"/request?id={made.request}",
        f"/without-line?id={made.request}",
        f"/operation?case={made.case}",
        f"/operation?case={made.asked}",
        f"/alert?id={made.warning}",
        f"/ask?draft={made.draft}",
        f"/plan?request={made.request}",
    ]


async def test_a_page_about_one_thing_of_an_exercise_wears_the_banner_and_a_real_one_never(found: BothWorlds) -> None:
    for path in pages_of(found.drill):
        shown = await found.reader.get(path)
        assert shown.status == 200 and 'class="exercise-banner"' in shown.html, path
        assert "Nothing here is real. No goods will move." in shown.html
        body = shown.html.partition("<body")[2].partition(">\n<a")[0]
        assert f"<title>{MARK} · " in shown.html and 'class="exercise"' in body
        assert json.loads((await found.reader.get(path.replace("?", ".json?"))).html)["exercise"] is True
        tree = html.fromstring(shown.html)
        for button in tree.xpath("//main//form[@method='post']//button[not(@value='look' or @value='reckon')]"):
            assert MARK in button.getparent().text_content(), (path, button.text_content())
    for path in pages_of(found.earnest):
        shown = await found.reader.get(path)
        assert shown.status == 200 and "exercise-banner" not in shown.html, path
        if not path.startswith("/plan"):
            assert MARK not in html.fromstring(shown.html).find(".//main").text_content(), path
            assert json.loads((await found.reader.get(path.replace("?", ".json?"))).html)["exercise"] is False


async def test_the_pages_of_the_network_the_map_and_the_offers_of_an_exercise_wear_the_banner(
    found: BothWorlds,
) -> None:
    for path in (f"/network?network={NETWORK}", "/map?exercise=true", "/countries?exercise=true", DRILLED):
        assert 'class="exercise-banner"' in (await found.reader.get(path)).html, path
    for path in ("/network", "/network?network=see", "/map", "/countries", "/search", "/search?exercise=true"):
        shown = await found.reader.get(path)
        assert 'class="exercise-banner"' not in shown.html, path
    real, both = [html.fromstring((await found.reader.get(f"/search{query}")).html).xpath("//tbody/tr")
                  for query in ("", "?exercise=true")]  # fmt: skip
    assert real and not any(MARK in row.text_content() for row in real)
    assert len(both) > len(real) and sum(MARK in row.text_content() for row in both) == len(both) - len(real)


async def test_what_an_exercise_suggests_is_never_asked_in_earnest(found: BothWorlds) -> None:
    """A draft that a warning of an exercise opened stays in there, whatever network the form that sends it names."""
    fields = {
        "act": "send", "draft": found.drill.draft, "line.0.item": "HSHETENTF16C", "line.0.quantity": "5", "to": HR,
        "network": "see", "place": "x", "once": "0123456789abcdef",
    }  # fmt: skip
    looked = await found.reader.post("/ask", {**fields, "act": "look"})
    seen = html.fromstring(looked.html).xpath("//input[@name='seen']/@value")[0]
    chosen = html.fromstring(looked.html).xpath("//*[@name='network']/@value")
    assert chosen == [NETWORK], "the form offers no other network"
    sent = await found.reader.post("/ask", {**fields, "seen": seen})
    assert sent.status == 303, sent.html
    twin = await found.reader.get(sent.headers["Location"].replace("?", ".json?"))
    request = json.loads(twin.html)
    assert request["exercise"] is True and request["request"]["network"] == NETWORK
    desk = json.loads((await found.reader.get("/desk.json")).html)
    assert found.drill.draft not in [one["id"] for one in desk["drafts"]], "it was sent"
    assert [one["exercise"] for one in desk["drafts"]] == [False]


async def test_a_real_warning_stands_above_everything_of_an_exercise(found: BothWorlds) -> None:
    shown = await found.reader.get("/desk")
    tree = html.fromstring(shown.html)
    (first,) = tree.xpath("//p[@role='alert']")
    assert "A REAL WARNING is in force." in first.text_content()
    cards = [one.text_content() for one in tree.xpath("//article")]
    assert EARNEST in cards[0] and "REAL" in cards[0] and DRILL in cards[1] and MARK in cards[1]
    for name in ("waiting", "requests", "operations", "drafts"):
        worlds = [one["exercise"] for one in json.loads((await found.reader.get("/desk.json")).html)[name]]
        assert worlds == sorted(worlds) and True in worlds and False in worlds, name


async def test_mails_papers_and_files_of_an_exercise_say_so(found: BothWorlds) -> None:
    said = {"Host": found.reader.host, "Cookie": f"xstock={found.reader.secret}"}
    said["Cookie"] = "; ".join(f"{name}={value}" for name, value in found.reader.cookies.items())
    for made, network, named in ((found.drill, NETWORK, True), (found.earnest, "see", False)):
        mail = json.loads((await found.reader.get(f"/without-line.json?id={made.request}")).html)
        assert mail["subject"].startswith(f"{MARK} ") == named
        for text in (mail["mail"], mail["english"]):
            assert (text[0] == MARK) == (MARK in " ".join(text)) == named
        paper = f"/file/op.document?case={made.case}&document=request"
        files = (paper, f"/file/op.evidence?case={made.case}", f"/file/bundle.export?to={HR}&network={network}")
        for path in files:
            saved = await found.reader.client.get(path, headers=said)
            assert saved.status == 200, (path, await saved.text())
            assert (MARK in saved.headers["Content-Disposition"]) == named, path
        plain = await (await found.reader.client.get(f"{paper}&plain=true", headers=said)).text()
        assert (MARK in plain) == named and made.case in plain, plain[plain.find("<main") :][:1500]
