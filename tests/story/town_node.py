"""A real node with the public pages of towns, a browser's way to them, and CAP warnings to bring in."""

import re
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from tests.processes import NodeProcess, free_port, pause
from tests.story.two_nodes import run

SETTINGS = {
    "network-about": """
[texts.bg]
title = "Градове по Дунав"
who = ["Общини и острови, които си помагат."]
not_needed = ["употребявани дрехи"]
apply = ["Попълнете заявлението."]
[texts.ro]
title = "Orașele Dunării"
""",
    "network-apply": 'says = ["We telephone within a week."]\n',
    "network-town": 'language = "bg"\n',
    "network-warnings": 'title = "Дунав"\nlanguage = "bg"\n',
}


class TownNode:
    """A node that sponsors towns; `more` is added to its settings."""

    def __init__(self, folder: Path, name: str, country: str, languages: tuple[str, ...], more: str = "") -> None:
        self.port = free_port()
        self.node = NodeProcess(folder, name, free_port(), country=country, languages=languages)
        with (self.node.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'[plugins]\nallow = ["xstock-network", "xstock-cap"]\n[public_port]\nport = {self.port}\n{more}'
            )
        plugins = self.node.home / "plugins"
        plugins.mkdir(exist_ok=True)
        for page, text in SETTINGS.items():
            (plugins / f"{page}.toml").write_text(text, "utf-8")

    def get(self, page: str, query: str = "") -> tuple[int, str]:
        """A page as a visitor sees it."""
        return self._ask(f"pages/{page}{query}", None)

    def feed(self, query: str = "") -> str:
        """The warnings as Atom."""
        status, text = self._ask(f"warnings{query}", None)
        assert status == 200
        return text

    def post(self, page: str, **form: str) -> tuple[int, str]:
        """A form as a browser sends it."""
        return self._ask(f"pages/{page}", urlencode(form).encode())

    def apply(self, **form: str) -> str:
        """Apply; the number of the application."""
        status, page = self.post("network-apply", **form)
        found = re.search(r"<p>([a-z0-9-]{16,})</p>", page)
        assert status == 200 and found, page
        return found[1]

    def _ask(self, path: str, body: bytes | None) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}/plugins/xstock-network/{path}"
        for _ in range(10):
            try:
                with urllib.request.urlopen(url, body, timeout=30) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    return error.code, error.read().decode()
                pause(float(error.headers["Retry-After"]))  # as a visitor would who is told to wait
        return 429, ""


def warn(
    node: NodeProcess,
    folder: Path,
    identifier: str,
    area: str,
    said: dict[str, str],
    kind: str = "Alert",
    sent: datetime | None = None,
) -> None:
    """Bring a CAP warning in: its headline by language, for one area (EMMA_ID); `sent` now where it is not said."""
    sent = sent or datetime.now(UTC)
    until = sent.replace(year=sent.year + 1)
    blocks = "".join(
        f"""<info><language>{language}</language><category>Met</category><event>{headline}</event>
<urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty><expires>{_time(until)}</expires>
<senderName>Water service</senderName><headline>{headline}</headline>
<area><areaDesc>{area}</areaDesc><geocode><valueName>EMMA_ID</valueName><value>{area}</value></geocode></area></info>"""
        for language, headline in said.items()
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier>
<sender>water@service.example</sender><sent>{_time(sent)}</sent><status>Actual</status><msgType>{kind}</msgType>
<scope>Public</scope>{blocks}</alert>"""
    file = folder / f"{identifier}.xml"
    file.write_text(text, "utf-8")
    run(node, "message", "import", str(file))


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}+00:00"
