"""The board and the alert rules name metrics that the node has, with the labels that they have."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from xstock_node.services.measures import METRICS, PREFIX

DEPLOY = Path(__file__).parents[2] / "deploy"
OF_LIBRARY = {"resident_memory_bytes", "cpu_seconds_total", "open_fds", "max_fds", "start_time_seconds"}
ADDED = {"instance", "job", "le"}
"""Labels that Prometheus gives, and that of a histogram's buckets."""


def expressions() -> Iterator[str]:
    board = json.loads((DEPLOY / "grafana" / "xstock-node.json").read_text("utf-8"))
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel["targets"])
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]
    rules = (DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8")
    yield from re.findall(r"^ +expr: (.+)$", rules, re.M)


def test_every_metric_of_board_and_rules_is_one_of_the_node() -> None:
    known = {f"{PREFIX}{metric.name}": set(metric.labels) for metric in METRICS}
    known |= {f"{PREFIX}{m.name}_bucket": set(m.labels) for m in METRICS if m.kind == "histogram"}
    known |= {f"process_{name}": set() for name in OF_LIBRARY}
    used = set()
    for expression in expressions():
        for name, chosen in re.findall(r"\b((?:xstock|process)_\w+)(?:\{([^}]*)\})?", expression):
            assert name in known, f"{name} in {expression}"
            labels = set(re.findall(r"(\w+)=", chosen))
            assert labels <= known[name] | ADDED, f"{labels} of {name} in {expression}"
            used.add(name)
    unused = {name for name in known if name.startswith(PREFIX) and not name.endswith("_bucket")} - used
    assert {f"{name}_bucket" for name in unused} <= used, "the board shows less than the node tells"


def test_no_two_panels_lie_over_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads((DEPLOY / "grafana" / "xstock-node.json").read_text("utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + i, at["y"] + j) for i in range(at["w"]) for j in range(at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells


def test_every_rule_says_how_grave_it_is_and_what_to_do() -> None:
    rules = (DEPLOY / "prometheus" / "alerts.yaml").read_text("utf-8").split("- alert: ")[1:]
    for rule in rules:
        assert re.search(r"severity: (page|look)\b", rule) and "summary: " in rule and "do: " in rule, rule


def test_promtool_reads_the_rules_and_they_speak_when_they_should() -> None:
    if shutil.which("promtool") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is missing; install prometheus")
        pytest.skip("promtool is missing; install prometheus")
    folder = DEPLOY / "prometheus"
    for words in (["check", "config", "prometheus.yaml"], ["test", "rules", "alerts.test.yaml"]):
        done = subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
