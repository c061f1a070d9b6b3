"""Agreements and reception profiles, signed and on file; what an agreement forbids may be prepared, and is not sent."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from tests.paper_desk import ANA, ASKS, BG, HR, SUPPLIES, Two, tents, two_nodes
from xstock_node.domain.rights import Grant, Role
from xstock_node.protocol import notes
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import operating, paperwork, settling
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor
from xstock_node.services.operating import Approval, CaseId, StepRequest
from xstock_node.services.settling import AgreementId, ReceptionFilter, SettledFile
from xstock_node.testing.clock import run_simulated

Play = Callable[[Callable[[Two], Awaitable[None]]], None]
# the nodes' clocks begin on 21 September 2026
AGREEMENT = """
id = "A1"
name = "Regional agreement"
parties = ["redcross.bg", "redcross.hr"]
valid_from = 2026-01-01
valid_until = {until}
terms = ["loan"]
cost_rule = "the requester pays transport"
{more}
"""
PROFILE = """
country = "BG"
signed_on = 2026-09-01
signed_by = "relief reception desk"
valid_until = {until}
source = "letter of the customs agency"
consignee = "relief reception desk"
languages = ["bg"]
[[entry_points]]
code = "{entry}"
[[restrictions]]
rule = "forbidden"
items = ["{item}"]
"""


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Run a story between two nodes in simulated time."""

    def run(story: Callable[[Two], Awaitable[None]]) -> None:
        async def main() -> None:
            async with two_nodes(tmp_path, monkeypatch) as two:
                await story(two)

        run_simulated(main())

    return run


def agreement(until: str = "2027-12-31", more: str = "") -> SettledFile:
    return SettledFile(content=AGREEMENT.format(until=until, more=more).encode())


def profile(until: str = "2027-12-31", entry: str = "BGKLN", item: str = "OTHER") -> SettledFile:
    return SettledFile(content=PROFILE.format(until=until, entry=entry, item=item).encode())


def test_both_parties_sign_one_text_and_a_changed_word_is_refused(play: Play) -> None:
    async def story(two: Two) -> None:
        first = await settling.new_agreement(two[HR], ANA, agreement())
        assert first.signed == [HR] and first.missing == [BG] and first.in_force
        both = await settling.new_agreement(two[BG], ANA, SettledFile(content=first.note.encode()))
        assert set(both.signed) == {BG, HR} and not both.missing
        back = await settling.new_agreement(two[HR], ANA, SettledFile(content=both.note.encode()))
        assert set(back.signed) == {BG, HR}
        note = notes.parse(back.note.encode(), settling.MOST)
        for name in (BG, HR):
            note.verify(name, two[name].node.signer.public)
        with pytest.raises(ProtocolError):
            changed = first.note.replace("2027-12-31", "2029-12-31").encode()
            await settling.new_agreement(two[BG], ANA, SettledFile(content=changed))
        shown = await settling.show_agreement(two[HR], ANA, AgreementId(id="A1"))
        assert shown.agreement.name == "Regional agreement" and [shown] == await settling.list_agreements(two[HR], ANA)

    play(story)


def test_without_an_agreement_on_file_nothing_is_held_back(play: Play) -> None:
    async def story(two: Two) -> None:
        await two.ask()
        assert (await two.offer()).sent

    play(story)


@pytest.mark.parametrize(
    ("until", "more", "terms", "why"),
    [
        ("2026-09-20", "", "loan", "was valid until 2026-09-20"),
        ("2027-12-31", '[accessions]\n"redcross.hr" = 2026-09-20', "loan", "ended on 2026-09-20"),
        ("2027-12-31", "", "donation", "knows loan, not donation"),
        ("2027-12-31", 'items = ["OTHER"]', "loan", "does not cover"),
    ],
)
def test_an_offer_that_no_agreement_allows_is_not_sent(play: Play, until: str, more: str, terms: str, why: str) -> None:
    async def story(two: Two) -> None:
        await settling.new_agreement(two[SUPPLIES], ANA, agreement(until, more))
        await two.ask()
        with pytest.raises(Refusal, match=why):
            await two.offer(terms=terms)
        assert (await two.show(SUPPLIES)).state == "requested"

    play(story)


def test_a_supplier_prepares_its_offer_and_sends_it_once_the_other_side_renewed(play: Play) -> None:
    """Check K9: nothing is sent while an accession has ended; what was written down is sent once it is renewed."""

    async def story(two: Two) -> None:
        office = two[SUPPLIES]
        await settling.new_agreement(office, ANA, agreement(more='[accessions]\n"redcross.bg" = 2026-09-20'))
        await two.ask()
        line, hold = tents(80), office.node.clock.now() + 5 * 86_400
        fields = msgspec.json.decode(msgspec.json.encode({"lines": [line], "hold_until": hold, "terms": ["loan"]}))
        writer = Actor("mia", "test", (Grant(role=Role.LOGISTICS),))
        owner = Actor("ivo", "test", (Grant(role=Role.STOCK_OWNER),))
        written = await operating.take_step(office, writer, StepRequest(case=two.case, step="offer", fields=fields))
        assert not written.sent and written.missing == ["release"]
        with pytest.raises(Refusal, match="ended on 2026-09-20"):
            await operating.approve(office, owner, Approval(id=written.waiting))
        (waits,) = await operating.list_pending(office, ANA)
        assert waits.missing == ["release"], "the refused signature is not kept"
        renewed = agreement(more='[accessions]\n"redcross.bg" = 2028-06-06').content.replace(b'"A1"', b'"A1-2"')
        await settling.new_agreement(office, ANA, SettledFile(content=renewed))
        assert (await operating.approve(office, owner, Approval(id=written.waiting))).sent

    play(story)


def test_an_acceptance_is_gated_as_well(play: Play) -> None:
    async def story(two: Two) -> None:
        await two.ask()
        await two.offer()
        await two.until(ASKS, "offered")
        await settling.new_agreement(two[ASKS], ANA, agreement(until="2026-09-20"))
        with pytest.raises(Refusal, match="was valid until"):
            await two.step(ASKS, "accept", terms="loan", due="2027-06-30")

    play(story)


def test_an_agreement_of_others_and_a_file_that_is_none_are_refused(play: Play) -> None:
    async def story(two: Two) -> None:
        other = AGREEMENT.format(until="2027-12-31", more="").replace("redcross.hr", "redcross.at").encode()
        with pytest.raises(Refusal, match="names this node"):
            await settling.new_agreement(two[HR], ANA, SettledFile(content=other))
        for content in (b"", b"id = 1", b"xs1-agreement\n{}\n", b"\xff\xfe"):
            with pytest.raises((Refusal, ProtocolError)):
                await settling.new_agreement(two[HR], ANA, SettledFile(content=content))
        with pytest.raises(Refusal, match="on file"):
            await settling.show_agreement(two[HR], ANA, AgreementId(id="A9"))

    play(story)


def test_a_profile_is_signed_by_its_own_node_and_kept_by_others_as_it_is(play: Play) -> None:
    async def story(two: Two) -> None:
        own = await settling.edit_reception(two[BG], ANA, profile())
        assert own.own and own.holds and own.origin == BG
        held = await settling.edit_reception(two[HR], ANA, SettledFile(content=own.note.encode()))
        assert not held.own and held.origin == BG and held.profile == own.profile
        assert await settling.show_receptions(two[HR], ANA, ReceptionFilter(country="BG")) == [held]
        assert await settling.show_receptions(two[HR], ANA, ReceptionFilter(country="RO")) == []
        with pytest.raises(Refusal, match="a profile of HR"):
            await settling.edit_reception(two[HR], ANA, profile())
        with pytest.raises(ProtocolError):
            forged = own.note.replace("BGKLN", "BGSOF").encode()
            await settling.edit_reception(two[HR], ANA, SettledFile(content=forged))

    play(story)


@pytest.mark.parametrize(
    ("until", "entry", "item", "finding"),
    [
        ("2026-09-10", "BGKLN", "OTHER", "was valid until 2026-09-10"),
        ("2027-12-31", "BGSOF", "OTHER", "goods do not enter BG at BGKLN"),
        ("2027-12-31", "BGKLN", "HSHETENTF16C", "BG lets no HSHETENTF16C in"),
    ],
)
def test_papers_say_where_a_consignment_does_not_fit_the_profile(
    play: Play, until: str, entry: str, item: str, finding: str
) -> None:
    async def story(two: Two) -> None:
        await two.play()
        own = await settling.edit_reception(two[BG], ANA, profile(until, entry, item))
        await settling.edit_reception(two[HR], ANA, SettledFile(content=own.note.encode()))
        for name in (BG, HR):
            (way,) = (await paperwork.list_papers(two[name], ANA, CaseId(case=two.case))).ways
            assert any(finding in one for one in way.findings), way.findings
            assert not any("no reception profile" in one for one in way.findings)

    play(story)


async def agreed(two: Two, more: str) -> None:
    """Both have signed the agreement."""
    first = await settling.new_agreement(two[HR], ANA, agreement(more=more))
    both = await settling.new_agreement(two[BG], ANA, SettledFile(content=first.note.encode()))
    await settling.new_agreement(two[HR], ANA, SettledFile(content=both.note.encode()))


def test_a_request_names_its_agreement_and_wants_an_answer_by_it(play: Play) -> None:
    async def story(two: Two) -> None:
        await settling.new_agreement(two[ASKS], ANA, agreement(more="answer_hours = 3"))
        await two.ask()
        assert (await two.show(SUPPLIES)).answer_by == "", "what one side alone signed settles nothing"
        await agreed(two, "answer_hours = 3")
        before = two[ASKS].node.clock.now()
        await two.ask()
        found = await two.show(SUPPLIES)
        assert found.timeline[0].fields["agreement"] == "A1"
        assert before + 3 * 3600 <= found.timeline[0].fields["answer_by"] <= two[ASKS].node.clock.now() + 3 * 3600

    play(story)


def test_an_offer_is_held_as_long_as_was_agreed_and_no_longer(play: Play) -> None:
    async def story(two: Two) -> None:
        await agreed(two, "hold_hours = 6")
        await two.ask()
        now = two[SUPPLIES].node.clock.now()
        with pytest.raises(Refusal, match="held for at most 6 h"):
            await two.step(SUPPLIES, "offer", lines=[tents(80)], hold_until=now + 8 * 3600, terms=["loan"])
        assert (await two.step(SUPPLIES, "offer", lines=[tents(80)], terms=["loan"])).sent
        offer = (await two.show(SUPPLIES)).timeline[-1]
        assert offer.verb == "offer" and now + 6 * 3600 <= offer.fields["hold_until"] <= now + 6 * 3600 + 60

    play(story)


def test_a_loan_runs_no_longer_than_was_agreed(play: Play) -> None:
    async def story(two: Two) -> None:
        await agreed(two, "loan_days = 90")
        await two.ask()
        await two.offer()
        await two.until(ASKS, "offered")
        with pytest.raises(Refusal, match="a loan runs for at most 90 days, until 2026-12-20"):
            await two.step(ASKS, "accept", terms="loan", due="2026-12-21", place="Vidin", country="BG")
        assert (await two.step(ASKS, "accept", terms="loan", due="2026-12-20", place="Vidin", country="BG")).sent

    play(story)


def test_what_one_side_alone_signed_neither_allows_nor_replaces_what_both_did(play: Play) -> None:
    async def story(two: Two) -> None:
        await agreed(two, "hold_hours = 24")
        alone = agreement(more="hold_hours = 3000").content.replace(
            b'terms = ["loan"]', b'terms = ["loan", "donation"]'
        )
        with pytest.raises(Refusal, match="as others signed it"):
            await settling.new_agreement(two[SUPPLIES], ANA, SettledFile(content=alone))
        own = SettledFile(content=alone.replace(b'"A1"', b'"MINE"'))
        assert (await settling.new_agreement(two[SUPPLIES], ANA, own)).missing == [ASKS]
        await two.ask()
        with pytest.raises(Refusal, match="knows loan, not donation"):
            await two.offer(terms="donation")
        hold = two[SUPPLIES].node.clock.now() + 20 * 86_400
        with pytest.raises(Refusal, match="at most 24 h"):
            await two.step(SUPPLIES, "offer", lines=[tents(80)], hold_until=hold, terms=["loan"])
        assert (await two.offer()).sent

    play(story)
