"""Attachments between nodes in memory: fetched by the other side alone, within bounds, and never again once erased."""

from pathlib import Path
from typing import Any

import pytest

from tests.attached import large_png, png, telling_jpeg
from tests.scenarios.test_cases import BG, HR, RS, arrives, cases, lines, tell, until
from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound, TooLarge
from xstock_node.services import attachments as attached
from xstock_node.services import cleaning
from xstock_node.services.attachments import KEPT, Attachments
from xstock_node.services.errors import Refusal
from xstock_node.storage.interfaces import Transaction
from xstock_node.testing import SimNet


def desk(net: SimNet, name: str) -> Attachments:
    return net.nodes[name].correspondence.of().attachments


async def begun(net: SimNet, data: bytes, **more: Any) -> tuple[str, str]:
    """A request of Bulgaria to Croatia that names a file; the case and the file's hash."""
    sent = await cases(net, BG).open(HR, {"step": "notify"})
    digest = await desk(net, BG).keep(sent.case, data)
    await cases(net, BG).send(sent.case, {"step": "request", "lines": lines(3), "blobs": [digest], **more})
    await arrives(net, HR, sent.case, 2)
    return sent.case, digest


async def held(net: SimNet, name: str, case: str) -> dict[str, int]:
    return await net.nodes[name].engine.read(lambda tx: tx.cases.blob_sizes(case))


async def comes(net: SimNet, name: str, case: str, digest: str, seconds: float = 120.0) -> None:
    async def there() -> bool:
        return digest in await held(net, name, case)

    await until(there, seconds)


# xs1 16.18
def test_what_a_step_names_is_fetched_by_the_other_side_and_by_nobody_else(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case, digest = await begun(net, png())
        await comes(net, HR, case, digest)
        assert await net.nodes[HR].engine.read(lambda tx: tx.cases.blob(case, digest)) == png()
        for asked in (BG, HR):
            peer = net.nodes[RS].networks["see"].gossip.peers[asked]
            with pytest.raises(NotFound):
                await peer.ask("GET", f"/xs/1/blob/{digest}")
        assert await net.nodes[HR].networks["see"].gossip.peers[BG].ask("GET", f"/xs/1/blob/{digest}") == png()

    tell(tmp_path, story)


def test_what_no_message_names_is_handed_to_nobody(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case, _ = await begun(net, png())
        quiet = await desk(net, BG).keep(case, png(5, 5))
        with pytest.raises(NotFound):
            await net.nodes[HR].networks["see"].gossip.peers[BG].ask("GET", f"/xs/1/blob/{quiet}")

    tell(tmp_path, story)


def test_a_line_that_was_down_is_tried_again(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        asked: list[str] = []
        peer = net.nodes[HR].networks["see"].gossip.peers[BG]
        real = type(peer).ask

        async def ask(self: Any, method: str, path: str, *rest: Any, **more: Any) -> bytes:
            if "/blob/" in path and len(asked) < 3:
                asked.append(path)
                raise NotFound("an attachment held here", path)
            return await real(self, method, path, *rest, **more)

        type(peer).ask = ask  # type: ignore[method-assign]
        try:
            case, digest = await begun(net, png())
            await comes(net, HR, case, digest, 300.0)  # after 30, 60 and 120 s
        finally:
            type(peer).ask = real  # type: ignore[method-assign]
        assert len(asked) == 3

    tell(tmp_path, story)


def test_a_node_that_was_away_fetches_at_its_start_what_it_lacks(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case, digest = await begun(net, png())
        await comes(net, HR, case, digest)

        def lose(tx: Transaction) -> None:
            tx.cases.erase_blob(case, digest)
            KEPT.drop(tx, f"{case} {digest}")

        await net.nodes[HR].engine.write(lose, durable=True)
        await net.stop(HR)
        await net.start(HR, [BG, RS])
        await comes(net, HR, case, digest)

    tell(tmp_path, story)


# xs1 16.22
@pytest.mark.parametrize("data", [b"<html><script>1</script></html>", png()[:-3], b"PK\3\4", telling_jpeg()])
def test_other_content_or_what_tells_more_is_not_kept_and_not_asked_for_twice(tmp_path: Path, data: bytes) -> None:
    async def story(net: SimNet) -> None:
        case, digest = await begun(net, data, attached=[{"sha256": "0" * 64, "kind": "damage", "media": "text/html"}])

        async def judged() -> bool:
            known = await net.nodes[HR].engine.read(lambda tx: attached.kept(tx, case, digest))
            return known is not None and bool(known.refused)

        await until(judged)
        assert await held(net, HR, case) == {} and await desk(net, HR).fetch(case) == 0

    tell(tmp_path, story)


# xs1 16.22
def test_neither_side_keeps_more_than_the_case_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "IN_PLACE", 2 * limits.BLOB)  # virtual time has no threads

    async def story(net: SimNet) -> None:
        sent = await cases(net, BG).open(HR, {"step": "notify"})
        sizes = [limits.BLOB - limits.MIB // 2] * 11
        digests = [await desk(net, BG).keep(sent.case, large_png(size, n)) for n, size in enumerate(sizes)]
        with pytest.raises(TooLarge) as refused:
            await desk(net, BG).keep(sent.case, large_png(limits.MIB, 99))
        assert "50 MiB" in refused.value.expected
        with pytest.raises(TooLarge):
            await desk(net, BG).keep("a" * 16, bytes(limits.BLOB + 1))
        await net.nodes[BG].engine.write(lambda tx: tx.cases.erase_blob(sent.case, digests[0]), durable=True)
        more = await desk(net, BG).keep(sent.case, large_png(limits.MIB, 99))
        # Croatia holds 5 MiB of its own that Bulgaria does not know of.
        await arrives(net, HR, sent.case, 1)
        await desk(net, HR).keep(sent.case, large_png(limits.BLOB - 2 * limits.KIB, 100))
        await cases(net, BG).send(sent.case, {"step": "request", "lines": lines(3), "blobs": [*digests[1:], more]})
        await arrives(net, HR, sent.case, 2)

        async def full() -> bool:
            return len(await held(net, HR, sent.case)) > 10

        await until(full)
        assert sum((await held(net, HR, sent.case)).values()) <= limits.CASE_BLOBS
        with pytest.raises(TooLarge):
            await desk(net, HR).fetch(sent.case)

    tell(tmp_path, story)


# xs1 16.23
def test_what_is_erased_answers_as_what_never_was_and_is_not_fetched_again(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case, digest = await begun(net, png())
        await comes(net, HR, case, digest)
        for name in (BG, HR):
            await net.nodes[name].engine.write(lambda tx: attached.erase(tx, case, digest, 1), durable=True)
            assert await held(net, name, case) == {}
            assert await desk(net, name).fetch(case) == 0
        with pytest.raises(NotFound):
            await net.nodes[HR].networks["see"].gossip.peers[BG].ask("GET", f"/xs/1/blob/{digest}")
        named = (await cases(net, HR).read(case)).requester[-1].message.step.blobs
        assert named == (digest,)

    tell(tmp_path, story)


def test_other_bytes_than_the_hash_says_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(net: SimNet) -> None:
        case, digest = await begun(net, png())
        await comes(net, HR, case, digest)
        await net.nodes[HR].engine.write(lambda tx: tx.cases.erase_blob(case, digest), durable=True)

        def swap(tx: Transaction) -> None:
            tx.cases.erase_blob(case, digest)
            tx.cases.put_blob(case, digest, png(4, 4))

        await net.nodes[BG].engine.write(swap, durable=True)
        with pytest.raises(NotFound):
            await desk(net, HR).fetch(case)  # an honest node hands out nothing that is damaged
        monkeypatch.setattr("xstock_node.storage.sqlite.cases.is_sound_part", lambda data, hash_: True)
        with pytest.raises(Exception, match="other bytes"):
            await desk(net, HR).fetch(case)
        assert await held(net, HR, case) == {}

    tell(tmp_path, story)


def test_a_step_names_only_what_is_held_here(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case, digest = await begun(net, png())

        def name(tx: Transaction) -> None:
            assert [one.sha256 for one in attached.named(tx, case, [digest])] == [digest]
            with pytest.raises(Refusal) as refused:
                attached.named(tx, case, [digest, "0" * 64])
            assert refused.value.code == "no-attachment"

        await net.nodes[BG].engine.read(name)

    tell(tmp_path, story)
