"""The service of names is gone: real processes in a view of the machine where nothing resolves any more.

Each node runs where `/etc/hosts` and `/etc/resolv.conf` are ours (a mount namespace, which wants root): names resolve
until the hosts file is emptied, and then the only server of names there is is one that nobody runs.
"""

import subprocess
import time
from pathlib import Path
from typing import Any

from tests.processes import NodeProcess, agree, free_port
from xstock_node.cli.address_file import FILE
from xstock_node.cli.init import Answers, create
from xstock_node.services.overview import PeerName

LOST = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
VIEW = 'mount --bind "$0" /etc/hosts && mount --bind "$1" /etc/resolv.conf && shift && exec "$@"'


class NamedProcess(NodeProcess):
    """A node whose address is a name, in the view of a folder with `hosts` and `resolv.conf`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.home, self.name, self.port = folder / name, name, free_port()
        self.process, self._begins = None, 0
        self.prefix = ("unshare", "--mount", "sh", "-c", VIEW, str(folder / "hosts"), str(folder / "resolv.conf"))
        url = f"http://{name}:{self.port}"
        create(self.home, Answers(name=name, url=url, port=self.port, allow_private=True), int(time.time()))


def can_unshare() -> bool:
    """Whether this machine lets us have a view of our own."""
    return not subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode


def names_gone(folder: Path, publish: Any) -> dict[str, Any]:
    """Three nodes meet by name; names end; one starts anew; offers still reach everybody."""
    hosts, names = folder / "hosts", [f"{word}.xstock.test" for word in ("one", "two", "three")]
    hosts.write_text("127.0.0.1 localhost\n" + "".join(f"127.0.0.1 {name}\n" for name in names))
    (folder / "resolv.conf").write_text(LOST)
    nodes = [NamedProcess(folder, name) for name in names]
    for node in nodes:
        node.pin(*(other for other in nodes if other is not node))
    try:
        for node in nodes:
            node.start()
        publish(nodes[0], 2)
        agree(*nodes, seconds=60)
        hosts.write_text("127.0.0.1 localhost\n")
        began = time.monotonic()
        for node in nodes:
            node.stop()
            node.start()  # every connection and every cache of a process is gone with it
        publish(nodes[1], 2)
        publish(nodes[0], 1, first=10)
        views = agree(*nodes, seconds=120)
        seconds = time.monotonic() - began
        nodes[0].stop()
        (nodes[0].home / FILE).unlink()
        nodes[0].start()
        without_book = nodes[0].call("peer.sync", PeerName()).silent
    finally:
        for node in nodes:
            node.kill()
    return {
        "drill": "names gone",
        "nodes": len(nodes),
        "seconds": round(seconds, 1),
        "offers_seen": [view.offers_seen for view in views],
        "not_reached_without_the_book": len(without_book),
        "holds": {view.offers_seen for view in views} == {5} and len(without_book) == 2,
    }
