"""The operator's manual as a list of commands: what stands in its blocks marked `sh`, below given headings."""

import re
from collections.abc import Sequence
from pathlib import Path

MANUAL = Path(__file__).parents[2] / "deploy" / "README.md"


def commands(headings: Sequence[str], text: str | None = None) -> list[str]:
    """Every command as it is printed, in order; a line that ends with a backslash goes on in the next."""
    text = text if text is not None else MANUAL.read_text("utf-8")
    found: list[str] = []
    for heading in headings:
        parts = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.M)
        if len(parts) != 2:
            raise LookupError(f"the manual has no part {heading!r}")
        whole = re.sub(r"^```.*?^```$", _hidden, parts[1], flags=re.M | re.S)
        part = re.split(r"^#+ ", whole, maxsplit=1, flags=re.M)[0]
        for block in re.findall(r"^```sh\n(.*?)^```$", part, flags=re.M | re.S):
            lines = re.split(r"(?<!\\)\n", block.replace("\0", "#"))
            found += [line for line in lines if line.strip()]
    return found


def _hidden(block: re.Match[str]) -> str:
    """A block whose own marks are no headings."""
    return block[0].replace("#", "\0")
