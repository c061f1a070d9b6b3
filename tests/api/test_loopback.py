"""The loopback port is off until asked for, wants the token, and serves no other site's pages."""

import http.client
import json
from pathlib import Path

import pytest

from tests.processes import NodeProcess, free_port


@pytest.fixture
def node(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A running node with its loopback port turned on."""
    found = NodeProcess(tmp_path, "local.example.org", free_port())
    port = free_port()
    with (found.home / "config.toml").open("a") as file:
        file.write(f"\n[local_port]\nport = {port}\n")
    found.start()
    yield found, port
    found.stop()


def ask(port: int, path: str = "/api/1/status", **headers: str) -> tuple[int, dict[str, object]]:
    """Status and JSON of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", path, skip_host="Host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    body = json.loads(response.read())
    connection.close()
    return response.status, body


def test_it_serves_who_has_the_token_and_nobody_else(node) -> None:  # type: ignore[no-untyped-def]
    found, port = node
    token = (found.home / "api.token").read_text().strip()
    good = {"Authorization": f"Bearer {token}"}
    status, body = ask(port, **good)
    assert status == 200 and body["node"] == "local.example.org"
    assert ask(port)[0] == 403
    assert ask(port, Authorization="Bearer wrong")[0] == 403
    assert ask(port, **good, Host="evil.example.org")[0] == 403
    assert ask(port, **good, Origin="https://evil.example.org")[0] == 403
    assert ask(port, **good, Sec_Fetch_Site="cross-site")[0] == 403
    assert ask(port, **good, Origin=f"http://127.0.0.1:{port}")[0] == 200
    assert ask(port, "/api/1/nothing", **good)[0] == 404
    assert ask(port, "/api/1/search?limit=many", **good)[0] == 400


def test_it_is_off_by_default(tmp_path: Path) -> None:
    found = NodeProcess(tmp_path, "quiet.example.org", free_port())
    found.start()
    try:
        assert not (found.home / "api.token").exists()
        assert 'local_port": 0' in found.words()
    finally:
        found.stop()
