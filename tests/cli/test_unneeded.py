"""`xstock unneeded` against a node that serves."""

import json
from pathlib import Path

from tests.processes import NodeProcess, free_port, xstock_here


def test_it_is_said_and_shown_for_the_press(tmp_path: Path) -> None:
    node = NodeProcess(tmp_path, "redcross.example.org", free_port(), country="BG", languages=("bg",))
    node.start()
    try:
        said = xstock_here("unneeded", "say", "toys", "--more", "en=used tyres", "--json", home=node.home)
        assert said.returncode == 0 and json.loads(said.stdout)["more"] == {"en": ["used tyres"]}, said.stderr
        shown = xstock_here("unneeded", "show", "--lang", "en", home=node.home)
        assert shown.stdout.splitlines()[:3] == ["[en]", "- used toys", "- used tyres"]
        wrong = xstock_here("unneeded", "say", "--more", "en", "--json", home=node.home)
        assert wrong.returncode == 2 and json.loads(wrong.stdout)["error"]["code"] == "bad-value"
        assert "toys" in xstock_here("unneeded", "show", home=node.home).stdout, "what is wrong changes nothing"
        assert xstock_here("unneeded", "say", home=node.home).stdout.strip() == "nothing is said to be unneeded"
    finally:
        node.kill()
