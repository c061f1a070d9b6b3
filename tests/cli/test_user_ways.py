"""Paper codes and sessions from the command line, with a real node whose console people use, killed on the way."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port, xstock_here


class Console:
    """The console of a node, as a browser with one cookie."""

    def __init__(self, port: int) -> None:
        self._site, self._cookie = f"localhost:{port}", ""

    def ask(self, path: str, **fields: str) -> tuple[int, str]:
        """The status, and where it leads or what it says."""
        headers = {"Cookie": self._cookie, "Origin": f"http://{self._site}", "User-Agent": "Firefox/140.0 Linux"}
        data = urllib.parse.urlencode(fields).encode() if fields else None
        request = urllib.request.Request(f"http://{self._site}{path}", data, headers)
        try:
            with _opener().open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            set_ = answer.headers.get("Set-Cookie", "")
            self._cookie = set_.partition(";")[0] if "xstock_session" in set_ else self._cookie
            return answer.code, answer.headers.get("Location") or answer.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:  # type: ignore[override]
        """A redirect is the answer."""


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay)


class House(NodeProcess):
    """A node with a local port, on which its console is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "redcross.example.org", free_port(), country="BG")
        self.local, path = free_port(), self.home / "config.toml"
        said = re.sub(r"(?s)\[local_port\].*?(?=\n\[|\Z)", "", path.read_text("utf-8"))
        path.write_text(f"{said}\n[local_port]\nport = {self.local}\n", "utf-8")

    def user(self, *words: str) -> Any:
        """What a verb of `xstock user` prints as JSON."""
        found = xstock_here("user", *words, "--json", home=self.home)
        assert found.returncode == 0, found.stderr
        return json.loads(found.stdout)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    found.start()
    yield found
    found.kill()


def test_a_night_with_a_paper_code_outlives_a_restart_and_is_ended_from_the_command_line(node: House) -> None:
    node.user("add", "ivo", "--role", "duty-officer")
    words = xstock_here("user", "codes", "ivo", home=node.home)
    codes = re.findall(r"^ ?\d+  ([A-Z]{4}-[A-Z]{4})$", words.stdout, re.M)
    assert len(codes) == 10 and "12 hours" in words.stdout
    ivo = Console(node.local)
    assert ivo.ask("/sign-in/code", act="code", name="ivo", code=codes[0]) == (303, "/desk?done=sign-in.code")
    (seen,) = node.user("sessions", "ivo")
    assert (seen["how"], seen["device"]) == ("code", "Firefox on Linux")
    node.kill()
    node.start()
    assert ivo.ask("/desk")[0] == 200
    assert Console(node.local).ask("/sign-in/code", act="code", name="ivo", code=codes[0])[0] == 403
    assert "9 left" in xstock_here("user", "ways", "ivo", home=node.home).stdout
    assert node.user("sign-out", "ivo") == {"count": 1}
    assert ivo.ask("/desk") == (303, "/sign-in?next=%2Fdesk")
    assert node.user("sessions", "ivo") == []


def test_a_link_names_the_console_and_a_token_is_ended(node: House) -> None:
    node.user("add", "ana", "--role", "viewer")
    link = node.user("link", "ana")
    address = urllib.parse.urlsplit(link["address"])
    assert address.netloc == f"localhost:{node.local}"
    ana = Console(node.local)
    status, page = ana.ask(f"{address.path}?{address.query}")
    assert status == 200 and link["code"] in page
    assert ana.ask("/sign-in/code", act="code", code=link["code"]) == (303, "/account?done=sign-in.link")
    node.user("token", "ana", "--remark", "stock list")
    (token,) = node.user("ways", "ana")["tokens"]
    assert token["remark"] == "stock list"
    node.user("end-token", "ana", "--id", token["id"])
    assert node.user("ways", "ana")["tokens"] == []
    gone = xstock_here("user", "end-token", "ana", "--id", token["id"], "--json", home=node.home)
    assert gone.returncode == 1 and json.loads(gone.stdout)["error"]["code"] == "no-token"
