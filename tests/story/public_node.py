"""A real node with a public port, and a system that posts to a route of one of its plugins."""

import urllib.error
import urllib.request
from pathlib import Path

from tests.processes import NodeProcess, free_port

TOKEN = "a token of the dispatch centre"  # noqa: S105


class PublicNode:
    """A node that allows one plugin; its route `route` is on, with a token, and has these settings before `[host]`."""

    def __init__(self, folder: Path, name: str, plugin: str, route: str, settings: str = "") -> None:
        country = name[-2:].upper()
        self.port, self._plugin = free_port(), plugin
        self.node = NodeProcess(folder, name, free_port(), country=country, languages=(name[-2:],))
        home = self.node.home
        with (home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'[plugins]\nallow = ["{plugin}"]\n[public_port]\nport = {self.port}\n')
        (home / "plugins").mkdir(exist_ok=True)
        (home / "plugins" / "token").write_text(TOKEN + "\n", "utf-8")
        (home / "plugins" / "token").chmod(0o600)
        (home / "plugins" / f"{route}.toml").write_text(f'{settings}[host]\ntoken_file = "token"\n', "utf-8")

    def post(self, path: str, content: bytes, token: str, media: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        url = f"http://127.0.0.1:{self.port}/plugins/{self._plugin}/{path}"
        asked = urllib.request.Request(url, content, {"Authorization": f"Bearer {token}", "Content-Type": media})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
