"""A plugin reaches the desks of its powers and no others, from its own process and from within the node's."""

import msgspec
import pytest

from xstock_node.plugins import desks
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.context import Nowhere
from xstock_node.plugins.desks import DESKS, Far
from xstock_node.plugins.errors import NotAllowed
from xstock_node.plugins.inbox import Document
from xstock_node.testing.plugins import LooseInbox

DOCUMENT = Document(name="request.xml", content=b"<a/>")


def test_only_desks_of_the_manifests_powers_are_opened() -> None:
    assert desks.opened(("read-stock", "notify"), str.upper) == {}
    assert desks.opened(("messages",), str.upper) == {"inbox": "INBOX"}


async def test_an_act_of_a_desk_that_is_not_open_is_no_act() -> None:
    packed = msgspec.msgpack.encode(DOCUMENT)
    inbox = LooseInbox()
    assert await desks.answer({}, "inbox.take", packed) is None
    assert await desks.answer({"inbox": inbox}, "inbox.documents", packed) is None
    assert await desks.answer({"inbox": inbox}, "inbox.__init__", packed) is None
    assert await desks.answer({"inbox": inbox}, "take", packed) is None
    assert not inbox.documents


async def test_what_is_not_of_the_acts_type_never_reaches_the_desk() -> None:
    inbox = LooseInbox()
    with pytest.raises(Defect, match="expected Document"):
        await desks.answer({"inbox": inbox}, "inbox.take", msgspec.msgpack.encode({"name": 3}))
    assert not inbox.documents


async def test_a_desk_seen_from_afar_gives_what_it_gives_near() -> None:
    inbox = LooseInbox()

    async def ask(what: str, value: bytes) -> bytes:
        answered = await desks.answer({"inbox": inbox}, what, value)
        assert answered is not None
        return answered

    (receipt,) = await Far("inbox", ask).take(DOCUMENT)
    assert receipt.foreign_id == "request.xml" and inbox.documents == [DOCUMENT]
    with pytest.raises(AttributeError):
        _ = Far("inbox", ask).documents


@pytest.mark.parametrize("name", DESKS)
async def test_without_the_power_every_act_is_refused(name: str) -> None:
    for act in DESKS[name].acts:
        with pytest.raises(NotAllowed, match=name):
            await getattr(Nowhere(name), act)(None)
