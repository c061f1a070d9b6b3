"""Settings that cannot be meant are refused where they stand, before anything starts."""

from pathlib import Path

import pytest

from xstock_node.cli.assembly import settings_of
from xstock_node.config import load
from xstock_node.services.errors import Refusal
from xstock_node.services.public_desk import public_findings

NODE = '[node]\nname = "redcross.bg"\ncountry = "BG"\n'
DROP = '[[drop]]\nfolder = "{}"\nsource = "{}"\n'


def settled(folder: Path, text: str) -> Path:
    (folder / "config.toml").write_text(NODE + text, "utf-8")
    return folder


@pytest.mark.parametrize("second", ["in", "./in", "x/../in"])
def test_two_sources_never_take_the_files_of_one_folder(tmp_path: Path, second: str) -> None:
    home = settled(tmp_path, DROP.format("in", "one") + DROP.format(second, "two"))
    with pytest.raises(Refusal, match="folder of its own"):
        load(home)
    assert len(load(settled(tmp_path, DROP.format("in", "one") + DROP.format("other", "two"))).drop) == 2


def test_certificates_of_clients_need_one_of_the_node(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"public_port\.tls_certificate"):
        load(settled(tmp_path, '[public_port]\nport = 1\nclient_ca = "ca.pem"\n'))


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        ("", False),
        ("port = 8443\n", False),
        ('port = 8443\nhost = "0.0.0.0"\n', True),
        ('port = 8443\nhost = "0.0.0.0"\ntls_certificate = "a.pem"\n', False),
        ('host = "0.0.0.0"\n', False),
    ],
)
def test_a_public_port_that_others_reach_in_clear_is_told(tmp_path: Path, lines: str, warned: bool) -> None:
    config = load(settled(tmp_path, f"[public_port]\n{lines}"))
    findings = public_findings(settings_of(config, tmp_path).public_plain)
    assert [finding.state for finding in findings] == (["warning"] if warned else [])
