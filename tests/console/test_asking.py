"""Asking by forms alone: figures that have two readings, goods by any name, what is typed and never lost."""

import json
import re

import pytest

from tests.console.conftest import HR, Enter
from xstock_node.domain.rights import Role

TENT = "HSHETENTF16C"


def once(html: str) -> str:
    """The key that a form was handed out with."""
    found = re.search(r'name="once" value="([0-9a-f]{32})"', html)
    assert found
    return found[1]


async def test_a_request_is_asked_step_by_step_and_sent_once(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    form = {
        "act": "look",
        "once": once((await reader.get("/ask")).html),
        "line.0.item": "палатка семейна",
        "line.0.quantity": "1.200",
        "place": "Видин",
        "country": "BG",
        "needed_by_within": "24",
        "terms": "loan",
    }
    looked = await reader.post("/ask", form)
    assert looked.status == 200 and "Видин" in looked.html
    if "Which of these is meant?" in looked.html:
        form["line.0.code"] = TENT
        looked = await reader.post("/ask", form)
    assert "1,200 pcs" in looked.html and "Sign and send the request" in looked.html, "pieces have one reading"
    seen = re.search(r'name="seen" value="([0-9a-f]{16})"', looked.html)
    assert seen
    form |= {"act": "send", "seen": seen[1]}
    nobody = await reader.post("/ask", form)
    assert nobody.status == 403 and "Видин" in nobody.html and "no-member" not in nobody.html
    form["to"] = HR
    more = await reader.post("/ask", form | {"line.0.quantity": "1.300"})
    assert more.status == 200 and "1,300 pcs" in more.html, "another figure is shown in words before it is sent"
    sent = await reader.post("/ask", form)
    assert sent.status == 303 and sent.headers["Location"].startswith("/request?id=")
    assert (await reader.post("/ask", form)).headers["Location"] == sent.headers["Location"], "sent twice is sent once"
    requests = json.loads((await reader.get("/requests.json")).html)["requests"]
    assert [(one["place"], one["lines"][0]["asked"]) for one in requests] == [("Видин", "1200")]
    shown = await reader.get(sent.headers["Location"])
    assert shown.status == 200 and "Promised to you" in shown.html and "Each node has its own signed copy" in shown.html


async def test_a_form_that_is_sent_again_later_is_the_same_form(
    console: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await console(Role.DUTY_OFFICER)
    clock = reader.office.node.clock
    form = {"act": "look", "once": once((await reader.get("/ask")).html), "line.0.item": TENT, "line.0.quantity": "5"}
    form |= {"needed_by_within": "24", "to": HR}
    seen = re.search(r'name="seen" value="([0-9a-f]{16})"', (await reader.post("/ask", form)).html)
    assert seen
    form |= {"act": "send", "seen": seen[1]}
    sent = await reader.post("/ask", form)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + 77)
    again = await reader.post("/ask", form)
    assert again.status == 303 and again.headers["Location"] == sent.headers["Location"]


async def test_the_button_that_was_pressed_says_what_is_done(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    both = await reader.post("/ask", [("act", "look"), ("people", "500"), ("topic", "shelter"), ("act", "reckon")])
    assert re.search(r'name="line.0.quantity" value="\d+"', both.html)


async def test_a_figure_with_two_readings_is_never_guessed(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    form = {"act": "look", "line.0.item": "CP-WATER-BOTTLED", "line.0.quantity": "1.500"}
    looked = await reader.post("/ask", form)
    assert "read in two ways" in looked.html and "Sign and send" not in looked.html
    assert "1,500 l" in looked.html and "1.5 l" in looked.html
    chosen = await reader.post("/ask", form | {"line.0.meant": "1500"})
    assert "Sign and send" in chosen.html and "read in two ways" not in chosen.html


async def test_from_people_to_goods(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    worked = await reader.post("/ask", {"act": "reckon", "people": "500", "days": "30", "topic": "shelter"})
    assert worked.status == 200 and re.search(r'name="line.0.quantity" value="\d+"', worked.html)
    wrong = await reader.post("/ask", {"act": "reckon", "people": "many", "topic": "shelter", "place": "Лом"})
    assert wrong.status == 422 and "Лом" in wrong.html and 'role="alert"' in wrong.html


async def test_who_was_signed_out_meanwhile_gets_back_what_was_typed(console: Enter) -> None:
    reader = await console(Role.DUTY_OFFICER)
    await reader.post("/sign-out", {"act": "leave"})
    late = await reader.post("/ask", {"act": "send", "place": "Оряхово <b>", "line.0.item": TENT})
    assert late.status == 401 and "Nothing is lost" in late.html
    assert 'name="place" value="Оряхово &lt;b&gt;"' in late.html and f'value="{TENT}"' in late.html


async def test_a_viewer_may_not_ask(console: Enter) -> None:
    reader = await console(Role.VIEWER)
    assert "/ask" not in (await reader.get("/desk")).html.partition('class="tabs"')[0]
    refused = await reader.post("/ask", {"act": "send", "to": HR, "line.0.item": TENT, "line.0.quantity": "5"})
    assert refused.status in (200, 403) and json.loads((await reader.get("/requests.json")).html)["requests"] == []
