"""A person's first access from the command line: a code on one side, a token on the other, and no second time."""

import json
from pathlib import Path

from tests.processes import xstock, xstock_here


def test_a_code_is_printed_once_and_exchanged_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=home).returncode == 0
    assert xstock_here("user", "add", "ana", "--role", "viewer", home=home).returncode == 0
    words = xstock_here("user", "link", "ana", home=home)
    code, hint = words.stdout.splitlines()
    assert "ana" in hint and "xstock user enter" in hint
    run = xstock_here("user", "enter", "--code", code, "--remark", "laptop", "--json", home=home)
    token = json.loads(run.stdout)["token"]
    assert xstock("status", home=home, token=token).returncode == 0
    again = xstock_here("user", "enter", "--code", code, "--json", home=home)
    assert again.returncode == 1 and json.loads(again.stdout)["error"]["code"] == "bad-code"
    refused = xstock("user", "link", "ana", "--json", home=home, token=token)
    assert refused.returncode == 1 and json.loads(refused.stdout)["error"]["code"] == "forbidden"
