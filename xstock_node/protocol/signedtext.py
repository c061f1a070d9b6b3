"""Reading the text of a signed note line by line: each line a word and its value, nothing looser."""

from collections.abc import Sequence

from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import hex_hash, number


class Lines:
    """The lines of a note's text, taken one after the other."""

    def __init__(self, text: str, what: str, count: int) -> None:
        self._lines: Sequence[str] = text[:-1].split("\n")
        self._next = 0
        self._what = what
        if len(self._lines) != count or self._lines[0] != what:
            came = f"{len(self._lines)} lines, first {self._lines[0][:40]}"
            raise ProtocolError(f"{count} lines, the first {what}", came)
        self._next = 1

    def whole(self) -> str:
        """The next line as it is."""
        self._next += 1
        return self._lines[self._next - 1]

    def value(self, word: str) -> str:
        """The value of the next line, which must be `<word> <value>`."""
        line = self.whole()
        name, space, value = line.partition(" ")
        if name != word or not space or not value:
            raise ProtocolError(f"a line '{word} <value>' in {self._what}", line)
        return value

    def number(self, word: str) -> int:
        """The number of the next line."""
        return number(self.value(word))


def hash_or_none(text: str) -> str:
    """A hash, or empty for `-`."""
    return "" if text == "-" else hex_hash(text)
