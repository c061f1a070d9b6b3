"""What phones, matchers and a cooperation centre may say, and that none of them learns anything."""

import json
import typing

import msgspec
import pytest
import xstock_checkpoint
from xstock_checkpoint.routes import CentreEvent, Events, EventsSettings, Hit, Hits, HitsSettings
from xstock_checkpoint.scan import Scan, ScanSettings

from xstock_node.plugins import Declined, PageAsk, PublicRequest, Registry
from xstock_node.plugins import convoys as desk
from xstock_node.plugins.convoys import Noted, Passage
from xstock_node.testing.plugin_context import plugin_context
from xstock_node.testing.plugins import LooseConvoys

CODE = "b" * 26
HIT = {"convoy": CODE, "place": "Giurgiu", "country": "RO", "at": 1, "source": "frigate", "sure": True}
EVENT = {"code": CODE, "place": "Орлівка", "country": "UA", "at": 1, "event": "entry"}
FORBIDDEN = ("plate", "image", "picture", "photo", "face", "driver", "person", "biometric", "name", "vehicle")


class Strict(LooseConvoys):
    """A watch that knows one code and declines every passage of another."""

    async def find(self, code: str) -> bool:
        return code == CODE

    async def passed(self, passage: Passage) -> Noted:
        if passage.convoy != CODE:
            raise Declined("no-convoy: expected a convoy; came another")
        return await super().passed(passage)


def posted(body: object) -> PublicRequest:
    return PublicRequest(method="POST", body=body if isinstance(body, bytes) else json.dumps(body).encode())


async def test_a_hit_is_answered_once_it_is_kept() -> None:
    async with plugin_context(HitsSettings()) as context:
        context, watch = context._replace(convoys=(watch := Strict())), watch
        answer = await Hits().answer(context, posted(HIT))
        assert (answer.status, json.loads(answer.body)["known"]) == (200, False) and len(watch.passages) == 1
        assert (await Hits().answer(context, posted(HIT | {"convoy": "c" * 26}))).status == 409
        for wrong in ({"plate": "CA1234BB"}, {"image": "x"}, {"at": -1}, {"country": "Rom"}, {"source": "drone"}):
            assert (await Hits().answer(context, posted(HIT | wrong))).status == 422, wrong
        for raw in (b"", b"\xff", b"[" * 4000, b"null"):
            assert (await Hits().answer(context, posted(raw))).status == 422
        assert len(watch.passages) == 1


async def test_a_centre_gets_the_same_acknowledgement_for_every_event() -> None:
    async with plugin_context(EventsSettings(centre="UA-DANUBE")) as context:
        context, watch = context._replace(convoys=(watch := Strict())), watch
        ours = await Events().answer(context, posted(EVENT))
        other = await Events().answer(context, posted(EVENT | {"code": "c" * 26}))
        assert ours == other and ours.status == 200 and json.loads(ours.body) == {"acknowledged": True}
        (passage,) = watch.passages
        assert (passage.source, passage.place, passage.event) == ("UA-DANUBE", "Орлівка", "entry")
        assert (await Events().answer(context, posted(EVENT | {"face": "x"}))).status == 422


@pytest.mark.parametrize("places", [(), ("Giurgiu, RO", "Орлівка, UA")])
async def test_who_holds_the_code_says_where_it_is(places: tuple[str, ...]) -> None:
    async with plugin_context(ScanSettings(places=places)) as context:
        context, watch = context._replace(convoys=(watch := Strict())), watch
        unknown = await Scan().show(context, PageAsk(query={"code": "c" * 26}))
        assert unknown.forms == [] and (await Scan().show(context, PageAsk())).forms == []
        page = await Scan().show(context, PageAsk(query={"code": CODE}))
        assert [f.name for f in page.forms[0].fields] == (
            ["place", "event"] if places else ["place", "country", "event"]
        )
        said = {"place": "Орлівка, UA"} if places else {"place": "Орлівка", "country": "ua"}
        done = await Scan().show(context, PageAsk(query={"code": CODE}, form=said | {"event": "entry"}))
        assert done.forms == [] and "Noted" in done.title
        (passage,) = watch.passages
        assert (passage.place, passage.country, passage.event, passage.source) == ("Орлівка", "UA", "entry", "scan")
        for wrong in (
            {"place": ""},
            {"place": "x", "country": "Romania"},
            {"place": "x, RO", "event": "boom"},
            {"place": "elsewhere, RO"} if places else {},
        ):
            assert (await Scan().show(context, PageAsk(query={"code": CODE}, form=wrong))).forms, wrong
        assert len(watch.passages) == 1


def test_no_hook_route_or_field_takes_a_picture_a_plate_or_a_person() -> None:
    registry = Registry()
    xstock_checkpoint.xstock_register(registry)
    structs = [
        Hit,
        CentreEvent,
        *(one for one in vars(desk).values() if isinstance(one, type) and issubclass(one, msgspec.Struct)),
    ]
    fields = {name for one in structs for name in typing.get_type_hints(one) if not name.startswith("_")}
    assert {"convoy", "place", "country", "at"} <= fields
    assert not [name for name in fields if any(word in name for word in FORBIDDEN)]
    assert sorted(registry.routes) == ["checkpoint-events", "checkpoint-hits"]
    assert bytes not in {hint for one in structs for hint in typing.get_type_hints(one).values()}, "no blob either"
    assert not (registry.sources or registry.writers or registry.file_readers or registry.formats)
