"""What doctor says about this machine: each bad state is made, found, and mended by what is typed."""

import datetime
import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.api.conftest import BG, HR, opened
from xstock_node.protocol.identity import Identity
from xstock_node.services import checks, house_checks
from xstock_node.services.backup.record import Kept, write_record
from xstock_node.services.looked import Finding
from xstock_node.services.office import Office

DAY = 86_400


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with opened(tmp_path, (BG, HR), ()) as desks:
        found = desks[BG].office
        found.home = tmp_path / "home"
        found.home.mkdir(mode=0o700)
        yield found


async def only(found: list[Finding], state: str) -> Finding:
    assert [one.state for one in found] == [state], found
    assert state == "ok" or found[0].do
    return found[0]


async def test_a_folder_that_others_can_look_into(office: Office) -> None:
    await only(await house_checks.permissions(office), "ok")
    office.home.chmod(0o755)
    found = await only(await house_checks.permissions(office), "warning")
    assert found.do == f"chmod 700 {office.home}"


@pytest.mark.parametrize(("free", "state"), [(10**11, "ok"), (10**9, "warning"), (10**7, "error")])
async def test_room_on_the_disk(office: Office, monkeypatch: pytest.MonkeyPatch, free: int, state: str) -> None:
    monkeypatch.setattr(house_checks.shutil, "disk_usage", lambda home: type("Usage", (), {"free": free})())
    await only(await house_checks.disk(office), state)


async def test_a_log_of_writes_that_grew(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await only(await house_checks.written_ahead(office), "ok")
    (office.home / "node.db-wal").write_bytes(b"x" * 2_000)
    monkeypatch.setattr(house_checks, "AHEAD_MOST", 1_000)
    await only(await house_checks.written_ahead(office), "warning")


@pytest.mark.parametrize(("days", "state"), [(90, "ok"), (5, "warning"), (-1, "error")])
async def test_certificates_of_our_ports(office: Office, days: int, state: str) -> None:
    path, now = office.home / "tls.pem", datetime.datetime.fromtimestamp(office.node.clock.now(), datetime.UTC)
    path.write_bytes(certificate(now + datetime.timedelta(days=days, hours=1)))
    office.settings = office.settings._replace(certificates=(("peer_port", path),))
    found = await only(await house_checks.certificates(office), state)
    assert found.check == "certificate of peer_port"
    path.unlink()
    await only(await house_checks.certificates(office), "error")


def certificate(until: datetime.datetime) -> bytes:
    key, name = Ed25519PrivateKey.generate(), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "node")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(until - datetime.timedelta(days=400)).not_valid_after(until)
    return builder.sign(key, None).public_bytes(Encoding.PEM)


async def test_a_back_up_that_is_missing_old_never_rehearsed_or_has_its_key_nowhere_else(office: Office) -> None:
    now = office.node.clock.now()
    assert (await only(await house_checks.backups(office), "warning")).do == "`xstock backup create`"
    kept = Kept(made=now, rehearsed=now, key_shown=now)
    for record, states in (
        (kept, ["ok"]),
        (msgspec.structs.replace(kept, made=now - 3 * DAY), ["warning"]),
        (msgspec.structs.replace(kept, rehearsed=0), ["ok", "warning"]),
        (msgspec.structs.replace(kept, peer=HR, at_peer=now), ["ok"]),
        (msgspec.structs.replace(kept, peer=HR, at_peer=now - 3 * DAY), ["ok", "warning"]),
        (msgspec.structs.replace(kept, rehearsed=now - 100 * DAY, key_shown=0), ["ok", "warning", "warning"]),
    ):
        write_record(office.home, record)
        assert [one.state for one in await house_checks.backups(office)] == states
    office.settings = office.settings._replace(engine="postgresql")
    assert "not looked at" in (await only(await house_checks.backups(office), "ok")).found


async def test_what_a_restore_put_aside_is_told_once_it_is_a_month_old(office: Office) -> None:
    folder, now = office.home / "replaced-20260101T000000Z", office.node.clock.now()
    folder.mkdir()
    for days, told in ((29, []), (31, ["replaced-20260101T000000Z"])):
        os.utime(folder, (now - days * DAY, now - days * DAY))
        assert [one.check for one in await house_checks.replaced(office)] == told


async def test_limits_that_are_near(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await only(await house_checks.reached_limits(office), "ok")
    office.node.trace.counts.add("log_lines_dropped_total", by=7)
    assert "7 lines" in (await only(await house_checks.reached_limits(office), "warning")).found
    monkeypatch.setattr(house_checks, "OUTBOX_MANY", -1)
    monkeypatch.setattr(house_checks, "NEAR", -1.0)
    assert [one.check for one in await house_checks.reached_limits(office)] == ["live offers", "outbox", "log"]


async def test_whether_peers_call_here(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await house_checks.reachable(office) == [], "a node without an address is not called"
    monkeypatch.setattr(Identity, "url", lambda self: "https://node.example.org")
    books = office.node.peering
    state = await books.state(HR)
    books.update(state._replace(last_in=0))
    assert "peer test redcross" in (await only(await house_checks.reachable(office), "warning")).do
    books.update(state._replace(last_in=office.node.clock.now()))
    await only(await house_checks.reachable(office), "ok")


async def test_a_check_that_fails_is_a_finding_and_the_others_are_told(office: Office) -> None:
    async def broken(office: Office) -> list[Finding]:
        raise ZeroDivisionError

    bad = checks.Check("bad", broken, "fails")
    found = await checks.look(office, [bad, *checks.CHECKS])
    assert found[0].state == "error" and found[0].code == "bad"
    assert {one.code for one in found[1:]} <= {check.code for check in checks.CHECKS}


def test_codes_of_checks_are_told_once_each_and_stand_in_the_manual() -> None:
    codes = [check.code for check in checks.CHECKS]
    assert len(set(codes)) == len(codes)
    manual = (Path(__file__).parent.parent.parent / "deploy" / "README.md").read_text("utf-8")
    for check in checks.CHECKS:
        assert f"| `{check.code}` | {check.words} |" in manual


async def test_damage_in_logs_and_in_operations_is_told_side_by_side(office: Office) -> None:
    book = office.node.damage
    assert [one.state for one in await checks._damaged(office)] == ["ok"]
    book.suspect(office.node.log, 5)
    book.in_cases = ["message 1 1 of redcross.hr in case aaaaaaaaaaaaaaaa"]
    told = await checks._damaged(office)
    assert [one.state for one in told] == ["error", "error"]
    assert "message 1 1 of redcross.hr" in told[0].found and "record 5" in told[1].found
