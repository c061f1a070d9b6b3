"""Health and metrics: what an orchestrator and a watching machine see, while all is well and while it is not."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import BG, HR, Desk, opened
from xstock_node.api.health import PATHS, make_health_app
from xstock_node.services import measures
from xstock_node.services.looked import Finding
from xstock_node.services.looking import look_at_self
from xstock_node.services.measures import METRICS, PREFIX, Sample
from xstock_node.services.office import Office
from xstock_node.storage.errors import StorageError

MANUAL = Path(__file__).parent.parent.parent / "deploy" / "README.md"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path, (BG, HR), (BG,)) as desks:
        yield desks[BG]


async def fetch(desk: Desk, path: str, host: str = "127.0.0.1:1") -> tuple[int, str]:
    async with desk.client.get(path, headers={"Host": host}) as answer:
        return answer.status, await answer.text()


async def test_a_node_that_serves_is_alive_and_ready_without_a_token(desk: Desk) -> None:
    assert await fetch(desk, "/livez") == (200, "ok\n")
    assert await fetch(desk, "/readyz") == (200, "ok\n")
    for path in PATHS:
        assert (await fetch(desk, path, "evil.example.org:1"))[0] == 403, "a page elsewhere that found its way by DNS"


async def test_why_a_node_is_not_ready_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(work: object) -> object:
        raise StorageError("a working database", "disk I/O error", "")

    monkeypatch.setattr(desk.office.node.engine, "read", broken)
    status, why = await fetch(desk, "/readyz")
    assert status == 503 and "disk I/O error" in why
    monkeypatch.undo()
    desk.office.node._halt.why = "another node signs with this key"
    status, why = await fetch(desk, "/readyz")
    assert status == 503 and "another node signs" in why and (await fetch(desk, "/livez"))[0] == 200


async def test_every_metric_is_read_by_the_library_and_says_what_is_so(desk: Desk) -> None:
    desk.office.node.trace.counts.took("request_seconds", 0.003, "peer")
    desk.office.node.trace.counts.took("request_seconds", 99.0, "peer")
    await look_at_self(desk.office)
    families = {family.name: family for family in text_string_to_metric_families((await fetch(desk, "/metrics"))[1])}
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values["xstock_offers_live", "see"] == 1 and values["xstock_records_total", "see"] == 1
    assert values["xstock_peers", "see", "silent"] + values["xstock_peers", "ok", "see"] == 1
    assert values["xstock_ready",] == 1
    assert values["xstock_request_seconds_bucket", "+Inf", "peer"] == 2
    assert values["xstock_request_seconds_bucket", "0.005", "peer"] == 1
    assert values["xstock_findings", "ok"] > 5 and "process_resident_memory_bytes" in families
    known = {PREFIX + metric.name.removesuffix("_total") for metric in METRICS} | {PREFIX + m.name for m in METRICS}
    assert {name for name in families if name.startswith(PREFIX)} <= known


async def test_the_port_of_its_own_has_health_and_metrics_and_nothing_else(desk: Desk) -> None:
    async with TestClient(TestServer(make_health_app(desk.office))) as client:
        for path in PATHS:
            assert (await client.get(path)).status == 200
        for path in ("/api/1/status", "/", "/metrics/x", "/.well-known/xstock"):
            assert (await client.get(path)).status == 404
        assert (await client.post("/metrics")).status == 405


async def test_a_hundred_who_ask_at_once_on_any_port_cost_one_reading(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, now, steady = 0, 0.0, desk.office.node.clock.steady()
    samples = measures.samples

    async def counted(office: Office) -> list[Sample]:
        nonlocal read
        read += 1
        await asyncio.sleep(0.01)
        return await samples(office)

    monkeypatch.setattr(measures, "samples", counted)
    monkeypatch.setattr(desk.office.measured, "_steady", lambda: steady + now)
    async with TestClient(TestServer(make_health_app(desk.office))) as client:

        async def port() -> tuple[int, str]:
            async with client.get("/metrics") as answer:
                return answer.status, await answer.text()

        async def hundred() -> None:
            found = await asyncio.gather(*(port() if n % 2 else fetch(desk, "/metrics") for n in range(100)))
            assert len(set(found)) == 1 and found[0][0] == 200

        await hundred()
        now = 4.9
        await hundred()
        assert read == 1
        now = 5.1
        await hundred()
        assert read == 2


async def test_figures_that_could_not_be_read_are_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(work: object) -> object:
        raise StorageError("a working database", "disk I/O error", "")

    monkeypatch.setattr(desk.office.node.engine, "read", broken)
    assert (await fetch(desk, "/metrics"))[0] >= 500
    monkeypatch.undo()
    assert (await fetch(desk, "/metrics"))[0] == 200


async def test_what_turned_bad_is_told_in_the_log_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(desk.office.node.trace, "error", lambda event, **facts: told.append(facts["check"]))
    await look_at_self(desk.office)
    assert told == []
    desk.office.node._halt.why = "another node signs with this key"
    await look_at_self(desk.office)
    await look_at_self(desk.office)
    assert told == ["own log"]
    assert desk.office.looked.states()["error"] == 1
    assert all(isinstance(one, Finding) and one.code for one in desk.office.looked.findings)


def test_the_manual_names_every_metric_with_its_meaning() -> None:
    rows = re.findall(r"^\| `(xstock_\w+)(?:\{([^}]*)\})?` \| (.+) \|$", MANUAL.read_text("utf-8"), re.MULTILINE)
    assert {row[0]: (row[1], row[2]) for row in rows} == {
        PREFIX + metric.name: (",".join(metric.labels), metric.words) for metric in METRICS
    }
