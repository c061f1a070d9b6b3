"""Own warnings on the public port: a feed that anybody reads, and each warning as a valid CAP document."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from xstock_cap.atom import NAMESPACE
from xstock_cap.cap import read
from xstock_cap.outgoing import Outgoing, OutgoingSettings

from xstock_node.plugins import Context, PublicRequest
from xstock_node.plugins.interchange import Alert, Area, Block, Reference
from xstock_node.plugins.markup import parse_xml
from xstock_node.testing.plugin_context import plugin_context
from xstock_node.testing.plugins import LooseWarnings

URL = "https://node.example.org/plugins/xstock-cap/warnings"
SETTINGS = OutgoingSettings(url=URL, title="Предупреждения", author="БЧК")
AREA = (Area(description="Область Чернівці"),)


def own(identifier: str, scope: Any = "Public", **more: Any) -> Alert:
    block = Block(event="Повінь", language="uk", categories=("Met",), urgency="Expected", severity="Severe",
                  certainty="Likely", expires=1_800_040_000, areas=AREA)  # fmt: skip
    said = {"kind": "Alert", "status": "Actual", "sent": 1_800_000_000} | more
    private = {"restriction": "staff"} if scope == "Restricted" else {}
    return Alert(identifier=identifier, sender="redcross.ua", scope=scope, blocks=(block,), **said, **private)


def holding(context: Context, *alerts: Alert) -> Context:
    watch = LooseWarnings()
    watch.alerts = list(alerts)
    return context._replace(warnings=watch)


async def test_the_feed_links_to_documents_that_are_valid_and_say_the_same(
    against_schema: Callable[[bytes], None],
) -> None:
    first, last = own("ua.1"), own("ua.2", kind="Update", references=(Reference("redcross.ua", "ua.1", 1_800_000_000),))
    async with plugin_context(SETTINGS) as context:
        context = holding(context, first, last, own("ua.3", scope="Restricted"))
        answer = await Outgoing().answer(context, PublicRequest(method="GET"))
        feed = parse_xml(answer.body)
        links = [link.get("href", "") for link in feed.iterfind(f"{{{NAMESPACE}}}entry/{{{NAMESPACE}}}link")]
        assert (answer.status, answer.content_type) == (200, "application/atom+xml")
        assert sorted(links) == [f"{URL}?id=ua.1", f"{URL}?id=ua.2"], "what is restricted is in no feed"
        for link, alert in zip(sorted(links), (first, last), strict=True):
            one = await Outgoing().answer(context, PublicRequest(method="GET", query={"id": link.partition("=")[2]}))
            against_schema(one.body)
            found = read(one.body)
            assert found is not None and found.alerts[0].blocks == alert.blocks and found.flags == ()
            assert one.content_type == "application/cap+xml"


@pytest.mark.parametrize("id_", ["", "ua.3", "nothing", "<x>", "../.."])
async def test_what_is_in_no_feed_is_not_there(id_: str) -> None:
    async with plugin_context(SETTINGS) as context:
        context = holding(context, own("ua.1"), own("ua.3", scope="Restricted"))
        answer = await Outgoing().answer(context, PublicRequest(method="GET", query={"id": id_}))
        assert answer.status == 404 and b"<" not in answer.body


async def test_a_warning_that_cannot_be_written_keeps_no_other_back() -> None:
    bad = own("ua.4")
    bad = msgspec.structs.replace(bad, blocks=(msgspec.structs.replace(bad.blocks[0], description="a\x0bb"),))
    async with plugin_context(SETTINGS) as context:
        answer = await Outgoing().answer(holding(context, own("ua.1"), bad), PublicRequest(method="GET"))
        assert answer.status == 200 and b"ua.1" in answer.body and b"ua.4" not in answer.body


async def test_a_feed_of_nothing_is_a_feed() -> None:
    async with plugin_context(SETTINGS) as context:
        answer = await Outgoing().answer(holding(context), PublicRequest(method="GET"))
        assert parse_xml(answer.body).find(f"{{{NAMESPACE}}}entry") is None and answer.status == 200
