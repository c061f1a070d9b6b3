"""The fields of one element: texts by the name of a child, with a note where a text is not as it should be."""

from collections.abc import Iterable

from xstock_cap import bounds, rules
from xstock_cap.notes import Notes, Refused
from xstock_cap.times import read_time
from xstock_cap.words import WHITE
from xstock_node.plugins.interchange import Coded
from xstock_node.plugins.markup import Element


class Fields:
    """The children of an element without namespaces. `unread` grows by what came and says nothing to us."""

    def __init__(self, element: Element, notes: Notes) -> None:
        self.notes = notes
        self.unread: list[Coded] = []
        self._children: dict[str, list[Element]] = {}
        for one in element:
            self._children.setdefault(one.tag, []).append(one)

    @property
    def names(self) -> Iterable[str]:
        """The names of its children, each once."""
        return self._children

    def elements(self, name: str) -> tuple[Element, ...]:
        """The children of a name; raises `Refused` for more than the node takes."""
        found = self._children.get(name, ())
        if len(found) > bounds.MANY:
            raise Refused("over-limit", f"expected at most {bounds.MANY} of {name}; came {len(found)}")
        return tuple(found)

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of all children of a name, the empty ones left out."""
        found = ((one.text or "").strip(WHITE) for one in self.elements(name))
        return tuple(text for text in found if text)

    def text(self, name: str) -> str:
        """The text of the one child of a name, empty where there is none."""
        found = self.texts(name)
        if len(found) > 1:
            self.notes.flag(f"repeated: {name}; the first one is read")
        return found[0] if found else ""

    def needed(self, name: str) -> str:
        """A text without which nothing can be done."""
        text = self.text(name)
        if not text:
            raise Refused("missing", f"expected {name}; came none")
        return text

    def prose(self, name: str, most: int = bounds.NAME) -> str:
        """A text for people, shortened where it is too long for the node."""
        text = self.text(name)
        if len(text) > most:
            self.notes.flag(f"shortened: {name} had {len(text)} characters")
            return text[: most - 1] + "…"
        return text

    def time(self, name: str) -> int:
        """A time in unix seconds, 0 where none is said or it cannot be known."""
        text = self.text(name)
        moment = read_time(text)
        if text and moment.remark:
            self.notes.flag(f"rule-R10: {name} has {moment.remark}")
            if not moment.at:
                self.keep(name, text)
        return moment.at

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        """One of a closed list, `Unknown` where none of it came."""
        text = self.text(name)
        text = rules.OLDER.get(text, text)
        if text in known:
            return text
        self.notes.flag(f"unknown-code: {name} {text}" if text else f"missing: {name}")
        if text:
            self.keep(name, text)
        return "Unknown"

    def choices(self, name: str, known: frozenset[str]) -> tuple[str, ...]:
        """Those of a closed list."""
        found = self.texts(name)
        for text in found:
            if text not in known:
                self.notes.flag(f"unknown-code: {name} {text}")
                self.keep(name, text)
        return tuple(text for text in found if text in known)

    def coded(self, name: str) -> tuple[Coded, ...]:
        """Pairs of `valueName` and `value`; one without either is kept as it is."""
        pairs = (Fields(one, self.notes) for one in self.elements(name))
        return tuple(Coded(scheme=pair.text("valueName"), value=pair.text("value")) for pair in pairs)

    def keep(self, name: str, text: str) -> None:
        """Keep a text as it came."""
        self.unread.append(Coded(scheme=rules.UNREAD + name, value=text[: bounds.NAME]))
