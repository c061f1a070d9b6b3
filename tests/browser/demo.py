"""The demo as a person starts it: its process, what it says, the address that it prints."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.processes import pause

LONGEST = 90.0
_LINK = re.compile(r"(http://localhost:\d+)(/sign-in/code\?code=[a-z0-9-]+)")
_CONSOLE = re.compile(r"^  ([A-Z]{2})  (http://localhost:\d+)", re.MULTILINE)


class Demo(NamedTuple):
    """A demo that is up: its process, the link that it printed, and the consoles by country."""

    process: "subprocess.Popen[str]"
    base: str
    link: str
    consoles: dict[str, str]
    folder: Path

    def stop(self) -> int:
        """Ctrl-C; its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(20)


@contextmanager
def demo(folder: Path, *words: str) -> Iterator[Demo]:
    """`xstock demo` in a folder, until it has printed its link."""
    command = [sys.executable, "-m", "xstock_node", "demo", "--folder", str(folder), *words]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, encoding="utf-8", env=env)
    said: list[str] = []
    assert process.stderr is not None
    reader = threading.Thread(target=lambda: said.extend(iter(process.stderr.readline, "")), daemon=True)  # type: ignore[union-attr]
    reader.start()
    try:
        for _ in range(int(LONGEST / 0.1)):
            if "Ctrl-C" in "".join(said) or process.poll() is not None:
                break
            pause(0.1)
        text = "".join(said)
        link = _LINK.search(text)
        assert link, text
        yield Demo(process, link[1], link[2], dict(_CONSOLE.findall(text)), folder)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(20)
        reader.join(5)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
