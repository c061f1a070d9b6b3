"""The port of health in a real process: what it answers is counted like what other ports answer."""

import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.processes import NodeProcess, free_port


def test_what_the_health_port_answers_is_counted(tmp_path: Path) -> None:
    node, port = NodeProcess(tmp_path, "redcross.example.org", free_port()), free_port()
    with (node.home / "config.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n[health]\nport = {port}\n")
    node.start()
    try:
        for _ in range(3):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez") as answer:
                assert answer.read() == b"ok\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            families = text_string_to_metric_families(answer.read().decode())
            (family,) = (one for one in families if one.name == "xstock_requests")
        found = {tuple(sorted(s.labels.items())): s.value for s in family.samples}
        assert found[("code", "200"), ("listener", "health"), ("route", "/livez")] == 3
    finally:
        node.stop()
