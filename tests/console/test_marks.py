"""What leaves the node of an exercise says EXERCISE: papers, labels, convoys, mails, messages of other standards."""

import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from tests.console.both_worlds import BG, DRILL, EARNEST, NETWORK, BothWorlds, both_worlds, on_the_road
from xstock_node.domain.escalation import Call
from xstock_node.i18n import catalogue
from xstock_node.services import duty_desk, notices, paperwork
from xstock_node.services.documents import library
from xstock_node.services.message_export import messages_of
from xstock_node.services.office import OPERATOR
from xstock_node.services.operating import CaseId

MARK = "EXERCISE"
SPOKEN = ("en", "bg", "hr")


@pytest.fixture
async def found(tmp_path: Path) -> AsyncIterator[BothWorlds]:
    async with both_worlds(tmp_path) as made:
        yield made


def marks() -> set[str]:
    """The word in the languages of the papers, without blanks."""
    return {re.sub(r"\s", "", library.word_files()[language].word["exercise"]) for language in SPOKEN}


def pages(pdf: bytes) -> list[str]:
    """The words of each page, without blanks."""
    return [re.sub(r"\s", "", page.extract_text()) for page in PdfReader(io.BytesIO(pdf)).pages]


async def test_every_page_of_every_paper_that_a_browser_gets_says_so_and_no_real_one_does(found: BothWorlds) -> None:
    for network, word, drill in ((NETWORK, DRILL, True), ("see", EARNEST, False)):
        case = await on_the_road(found.offices, network, word)
        listed = await paperwork.list_papers(found.office, OPERATOR, CaseId(case=case))
        drawn = [one for one in listed.papers if one.drawn]
        assert len(drawn) >= 3, [one.document for one in listed.papers]
        for paper in drawn:
            path = f"/file/op.document?case={case}&document={paper.document}&consignment={paper.consignment}"
            said = {"Host": found.reader.host, "Cookie": cookie(found)}
            async with found.reader.client.get(path, headers=said) as got:
                assert got.status == 200, (paper.document, got.status)
                for page in pages(await got.read()):
                    assert any(mark in page for mark in marks()) == drill, (paper.document, drill)


async def test_a_convoy_of_an_exercise_says_so_in_its_row_and_a_real_one_does_not(found: BothWorlds) -> None:
    cases = {NETWORK: "", "see": ""}
    for network, word in ((NETWORK, DRILL), ("see", EARNEST)):
        cases[network] = await on_the_road(found.offices, network, word)
    shown = (await found.reader.get("/convoys")).html
    rows = re.findall(r"<tr.*?</tr>", shown, re.S)
    for network, case in cases.items():
        mine = [row for row in rows if case in row]
        assert mine and all((MARK in row) == (network == NETWORK) for row in mine), (network, mine)


async def test_every_mail_of_an_exercise_begins_with_the_word(found: BothWorlds) -> None:
    office, items = found.office, await found.office.catalogue()
    things = await office.node.engine.read(lambda tx: duty_desk.things(office, tx, items, {}))
    assert {one.exercise for one in things} == {True, False}
    for language in SPOKEN:
        for thing in things:
            call = Call("c", thing, 0, "ana")
            mail = notices.notice_of(call, BG, language, office.node.clock.now())
            mark = f"{catalogue(language).gettext(MARK)}: "
            assert mail.subject.startswith(mark) == mail.text.startswith(mark) == mail.exercise == thing.exercise


async def test_messages_for_other_systems_carry_the_status_of_their_world(found: BothWorlds) -> None:
    office, items = found.office, await found.office.catalogue()
    names = {item.code: items.name(item.code, "en") for item in items.all()}
    for made, status in ((found.drill, "Exercise"), (found.earnest, "Actual")):
        told = await office.node.engine.read(lambda tx, about=made.case: messages_of(office, tx, about, names))  # type: ignore[misc]
        assert told and {one.status for one in told} == {status}


def cookie(found: BothWorlds) -> str:
    """How the browser shows who it is."""
    return "; ".join(f"{name}={value}" for name, value in found.reader.cookies.items())
