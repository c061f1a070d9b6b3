"""Attachments by API, between two nodes: a photo of damage from upload to erasing; who is refused what."""

import asyncio
import base64
import hashlib
import json
import logging
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, OPERATOR, Desk
from tests.api.test_operations import TENT, UNIT, Case, asked, sent
from tests.attached import GPS, WHO, jpeg, large_png, pdf, png, segment, telling_jpeg, telling_png
from xstock_node.domain.attachments.cleaning import clean
from xstock_node.domain.rights import Role
from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound
from xstock_node.services.answering import NodeAnswers

PHOTO = telling_jpeg()
CLEAN = clean(PHOTO).data
DIGEST = hashlib.sha256(CLEAN).hexdigest()


async def attach(desk: Desk, case: str, data: bytes, kind: str = "damage", token: str = OPERATOR, **more: Any) -> Any:
    """Status and answer of an upload."""
    path = f"/operations/attachments?case={case}&kind={kind}"
    body = BytesIO(data) if isinstance(data, bytes) else data
    return (await desk.ask("POST", path, token, data=body, **more))[:2]


async def listed(desk: Desk, case: str) -> list[Any]:
    return (await desk.ask("GET", f"/operations/attachments?case={case}"))[1]


async def saved(desk: Desk, case: str, digest: str, token: str = OPERATOR) -> tuple[int, bytes, Any]:
    """The file itself, with its headers."""
    headers = {"Authorization": f"Bearer {token}", "Host": "127.0.0.1:1"}
    path = f"/api/1/operations/attachment?case={case}&sha256={digest}"
    async with desk.client.request("GET", path, headers=headers) as answer:
        return answer.status, await answer.read(), answer.headers


async def until_held(desk: Desk, case: str, digest: str) -> Any:
    for _ in range(400):
        found = [one for one in await listed(desk, case) if one["sha256"] == digest]
        if found and (found[0]["held"] or found[0]["refused"]):
            return found[0]
        await asyncio.sleep(0.02)
    raise AssertionError(await listed(desk, case))


async def named_by(case: Case, who: str, verb: str) -> Any:
    """A step as a desk shows it."""
    return next(s for s in (await case.until(who, verb))["timeline"] if s["verb"] == verb)


async def told(desk: Desk, case: str, *digests: str, **fields: Any) -> Any:
    """Status and answer of a step that names files."""
    body = {"case": case, "step": "told", "attachments": list(digests), "fields": fields}
    return (await desk.ask("POST", "/operations/step", json=body))[:2]


async def damaged(desks: dict[str, Desk]) -> Case:
    """Fifty tents arrive, two of them torn; the photo is named by the step that says so."""
    case = await sent(desks)
    status, made = await attach(desks[BG], case.case, PHOTO)
    assert (status, made["sha256"], made["size"]) == (200, DIGEST, len(CLEAN))
    assert made["media_type"] == "image/jpeg" and made["steps"] == [] and made["held"]
    body = {
        "case": case.case,
        "step": "received",
        "fields": {"counts": [{"item": TENT, "unit": UNIT, "good": [48, 0], "damaged": [2, 0]}]},
        "attachments": [DIGEST],
    }
    status, found, _ = await desks[BG].ask("POST", "/operations/step", json=body)
    assert status == 200, found
    await case.until(HR, "received")
    return case


# xs1 16.22
async def test_a_photo_of_damage_comes_with_the_step_that_counts_it(desks: dict[str, Desk]) -> None:
    case = await damaged(desks)
    there = await until_held(desks[HR], case.case, DIGEST)
    assert (there["kind"], there["by"], there["steps"], there["size"]) == ("damage", BG, ["received"], len(CLEAN))
    step = (await named_by(case, HR, "received"))["fields"]
    assert step["blobs"] == [DIGEST]
    assert step["attached"] == [{"sha256": DIGEST, "kind": "damage", "media": "image/jpeg", "size": len(CLEAN)}]
    for name in (BG, HR):
        status, data, headers = await saved(desks[name], case.case, DIGEST)
        assert (status, data) == (200, CLEAN) and GPS not in data and WHO not in data
        assert headers["Content-Disposition"] == f'attachment; filename="{case.case}-{DIGEST[:16]}.jpg"'
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Content-Type"] == "image/jpeg"
        assert "sandbox" in headers["Content-Security-Policy"] and "no-store" in headers["Cache-Control"]
        assert "ETag" not in headers


async def test_a_third_node_gets_nothing_and_learns_nothing(desks: dict[str, Desk]) -> None:
    case = await damaged(desks)
    await until_held(desks[HR], case.case, DIGEST)
    net, refused = desks[BG].net, []
    await net.start("redcross.rs", [BG, HR])
    for digest in (DIGEST, "0" * 64):
        for name in (BG, HR):
            with pytest.raises(NotFound) as caught:
                await NodeAnswers(net.nodes[name]).small("blob", "redcross.rs", {"hash": digest}, b"")
            refused.append((caught.value.code, caught.value.expected))
    assert len(set(refused)) == 1


async def test_evidence_lists_and_acts_hold_the_name_alone_and_no_log_holds_bytes(
    desks: dict[str, Desk], caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    marks = [CLEAN[-20:], GPS, WHO, PHOTO[20:60]]
    with caplog.at_level(logging.DEBUG):
        case = await damaged(desks)
        await until_held(desks[HR], case.case, DIGEST)
        await attach(desks[BG], case.case, b"%PDF-1.7 " + WHO + b"\n%%EOF")
        await attach(desks[BG], case.case, PHOTO[:300])
        await saved(desks[HR], case.case, DIGEST)
    out, err = capfd.readouterr()
    said = (out + err + caplog.text).encode("utf-8", "replace")
    _, evidence, _ = await desks[BG].ask("GET", f"/operations/evidence?case={case.case}")
    content = base64.b64decode(evidence["content"])
    listing = json.dumps(await listed(desks[BG], case.case)).encode()
    audit = await desks[BG].office.node.engine.read(lambda tx: [act.text() for act in tx.acts.last(500)])
    assert DIGEST.encode() in content and DIGEST.encode() in b"".join(audit)
    for place in (said, content, listing, b"".join(audit)):
        assert not any(mark in place for mark in marks)
        assert not any(base64.b64encode(mark)[:-4] in place for mark in marks)


def on_disk(folder: Path, name: str) -> bool:
    """Whether the photo's bytes stand in any file of a node's database."""
    return any(CLEAN[-80:] in path.read_bytes() for path in folder.glob(f"{name}.db*"))


# xs1 16.23
async def test_erased_is_gone_from_the_disk_and_the_signed_name_stays(desks: dict[str, Desk], tmp_path: Path) -> None:
    case = await damaged(desks)
    await until_held(desks[HR], case.case, DIGEST)
    assert on_disk(tmp_path, BG)
    body = {"case": case.case, "sha256": DIGEST, "reason": "a face is on it"}
    status, found, _ = await desks[BG].ask("POST", "/operations/attachment/erase", json=body)
    assert status == 200 and found["erased"] and not found["held"] and found["steps"] == ["received"]
    assert not on_disk(tmp_path, BG) and on_disk(tmp_path, HR)
    status, text, _ = await saved(desks[BG], case.case, DIGEST)
    assert status == 404 and json.loads(text)["error"]["code"] == "no-attachment"
    step = await named_by(case, BG, "received")
    assert step["fields"]["blobs"] == [DIGEST]
    assert (await saved(desks[HR], case.case, DIGEST))[1] == CLEAN  # the other side's copy is theirs
    again = await told(desks[BG], case.case, DIGEST)
    assert again[0] == 404 and again[1]["error"]["code"] == "no-attachment"
    acts = await desks[BG].office.node.engine.read(lambda tx: tx.acts.last(1))
    assert acts[0].verb == "op.attachment.erase" and acts[0].detail == f"{DIGEST} a face is on it"


async def test_what_the_other_side_sends_is_judged_again(desks: dict[str, Desk]) -> None:
    """A node that does not clean: its script is refused, a plain document is taken as it came."""
    case = await sent(desks)
    bureau = desks[HR].office.node.correspondence.of()
    bad = pdf().replace(b"/Type /Catalog", b"/Type /Catalog /AA << >>")
    plain = pdf(told=True)
    digests = [await bureau.attachments.keep(case.case, data) for data in (bad, plain)]
    await case.step(HR, "departed", consignment="c1", blobs=digests)
    await case.until(BG, "dispatched", "departed")
    refused = await until_held(desks[BG], case.case, digests[0])
    assert not refused["held"] and "actions" in refused["refused"]
    taken = await until_held(desks[BG], case.case, digests[1])
    assert taken["held"] and (await saved(desks[BG], case.case, digests[1]))[1] == plain


@pytest.mark.parametrize(
    ("data", "media"),
    [(telling_png(), "image/png"), (pdf(told=True, inside=telling_jpeg()), "application/pdf"), (jpeg(), "image/jpeg")],
)
async def test_each_kind_of_file_is_taken_and_cleaned(desks: dict[str, Desk], data: bytes, media: str) -> None:
    case = await asked(desks)
    status, made = await attach(desks[BG], case.case, data, "customs")
    assert (status, made["media_type"], made["kind"]) == (200, media, "customs")
    _, kept, headers = await saved(desks[BG], case.case, made["sha256"])
    assert headers["Content-Type"] == media and GPS not in kept and WHO not in kept
    assert (await attach(desks[BG], case.case, data, "customs"))[1] == made  # the same again changes nothing


@pytest.mark.parametrize(
    ("data", "code", "status"),
    [
        (b"", "bad-attachment", 422),
        (b"<html><script>1</script></html>", "bad-attachment", 422),
        (PHOTO[:300], "bad-attachment", 422),
        (b"%PDF-1.7\n%%EOF", "bad-attachment", 422),
        (bytes(limits.BLOB + 1), "too-large", 413),
    ],
)
async def test_a_refusal_says_what_may_be_attached(desks: dict[str, Desk], data: bytes, code: str, status: int) -> None:
    case = await asked(desks)
    found = await attach(desks[BG], case.case, data)
    assert (found[0], found[1]["error"]["code"]) == (status, code) and found[1]["error"]["do"]
    if code == "too-large":
        assert "5 MiB" in found[1]["error"]["expected"]
    assert await listed(desks[BG], case.case) == []


async def test_a_body_without_a_length_is_cut_at_the_bound(desks: dict[str, Desk]) -> None:
    case = await asked(desks)

    async def endless() -> Any:
        for _ in range(200):
            yield bytes(limits.MIB)

    found = await attach(desks[BG], case.case, endless())  # type: ignore[arg-type]
    assert found[0] == 413


async def test_an_operation_has_room_for_fifty_mebibytes(desks: dict[str, Desk]) -> None:
    case = await asked(desks)
    for seed in range(10):
        assert (await attach(desks[BG], case.case, large_png(5_200_000, seed)))[0] == 200
    status, found = await attach(desks[BG], case.case, large_png(1_000_000, 99))
    assert status == 413 and "50 MiB" in found["error"]["expected"] and found["error"]["do"]
    other = await asked(desks)
    assert (await attach(desks[BG], other.case, large_png(1_000_000, 99)))[0] == 200


async def test_who_may_take_steps_attaches_and_who_may_only_see_does_not(desks: dict[str, Desk]) -> None:
    case, desk = await asked(desks), desks[BG]
    viewer, auditor = await desk.hire("vera", Role.VIEWER), await desk.hire("otto", Role.AUDITOR)
    keeper, officer = await desk.hire("wim", Role.WAREHOUSE), await desk.hire("dora", Role.DUTY_OFFICER)
    for token in (viewer, auditor):
        status, found = await attach(desk, case.case, PHOTO, token=token)
        assert status == 403 and found["error"]["code"] == "forbidden"
    assert (await attach(desk, case.case, PHOTO, token=keeper))[0] == 200
    assert (await saved(desk, case.case, DIGEST, viewer))[0] == 200
    body = {"case": case.case, "sha256": DIGEST}
    for token in (viewer, await desk.hire("wanda", Role.WAREHOUSE)):
        assert (await desk.ask("POST", "/operations/attachment/erase", token, json=body))[0] == 403
    # Who added it takes it back while no step names it; afterwards a person who may close.
    assert (await desk.ask("POST", "/operations/attachment/erase", keeper, json=body))[0] == 200
    assert (await attach(desk, case.case, PHOTO, token=keeper))[0] == 200
    assert (await told(desk, case.case, DIGEST))[0] == 200
    assert (await desk.ask("POST", "/operations/attachment/erase", keeper, json=body))[0] == 403
    assert (await desk.ask("POST", "/operations/attachment/erase", officer, json=body))[0] == 200


async def test_nothing_is_attached_to_what_is_not_there_and_a_step_names_no_stranger_s_file(
    desks: dict[str, Desk],
) -> None:
    case = await asked(desks)
    assert (await attach(desks[BG], "a" * 16, PHOTO))[0] == 404
    assert (await saved(desks[BG], case.case, "0" * 64))[0] == 404
    assert (await attach(desks[BG], case.case, PHOTO, "selfie"))[0] == 400
    for found in (
        await told(desks[BG], case.case, "0" * 64),
        await told(desks[BG], case.case, blobs=["0" * 64]),
    ):
        assert found[0] == 404 and found[1]["error"]["code"] == "no-attachment"
    other = await asked(desks)
    await attach(desks[BG], other.case, PHOTO)
    assert (await told(desks[BG], case.case, DIGEST))[0] == 404


async def test_a_key_stands_for_the_file_and_what_is_said_of_it(desks: dict[str, Desk]) -> None:
    case, headers = await asked(desks), {"Idempotency-Key": "photo-0001"}
    first = await attach(desks[BG], case.case, PHOTO, headers=headers)
    assert first[0] == 200 and await attach(desks[BG], case.case, PHOTO, headers=headers) == first
    other = await attach(desks[BG], case.case, PHOTO, "customs", headers=headers)
    assert other[0] == 409 and other[1]["error"]["code"] == "key-used"
    assert (await attach(desks[BG], case.case, png(), headers=headers))[0] == 409


async def test_what_the_other_side_calls_a_file_never_reaches_a_browser(desks: dict[str, Desk]) -> None:
    case = await sent(desks)
    data = png(after=b"")
    digest = await desks[HR].office.node.correspondence.of().attachments.keep(case.case, data)
    said = [{"sha256": digest, "kind": "damage", "media": "text/html", "size": 1}]
    await case.step(HR, "departed", consignment="c1", blobs=[digest], attached=said)
    await until_held(desks[BG], case.case, digest)
    _, _, headers = await saved(desks[BG], case.case, digest)
    assert headers["Content-Type"] == "image/png" and headers["Content-Disposition"].startswith("attachment;")


async def test_comments_of_a_picture_are_gone_before_it_is_hashed(desks: dict[str, Desk]) -> None:
    case = await asked(desks)
    _, one = await attach(desks[BG], case.case, jpeg(segment(0xFE, b"one")))
    _, other = await attach(desks[BG], case.case, jpeg(segment(0xFE, b"other")))
    assert one["sha256"] == other["sha256"]


async def test_a_step_that_waits_for_a_second_person_is_not_sent_once_its_file_is_erased(
    desks: dict[str, Desk],
) -> None:
    case, desk = await asked(desks, "900"), desks[HR]
    await attach(desk, case.case, PHOTO, "liability")
    lines = [{"item": TENT, "unit": UNIT, "qty": [900, 0]}]
    fields = {"lines": lines, "hold_until": desk.office.node.clock.now() + 3600, "terms": ["donation"]}
    body = {"case": case.case, "step": "offer", "fields": fields, "attachments": [DIGEST]}
    status, waits, _ = await desk.ask("POST", "/operations/step", json=body)
    assert status == 200 and waits["missing"] == ["approve"]
    await desk.ask("POST", "/operations/attachment/erase", json={"case": case.case, "sha256": DIGEST})
    second, yes = await desk.hire("lea", Role.APPROVER), {"id": waits["waiting"]}
    status, found, _ = await desk.ask("POST", "/operations/approve", second, json=yes)
    assert status == 404 and found["error"]["code"] == "no-attachment"
    await attach(desk, case.case, PHOTO, "liability")
    status, found, _ = await desk.ask("POST", "/operations/approve", second, json=yes)
    assert status == 200 and found["sent"]
    assert (await until_held(desks[BG], case.case, DIGEST))["kind"] == "liability"
