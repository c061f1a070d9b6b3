"""The form of a vector file, and how it is written."""

import base64
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[3] / "protocol" / "vectors"


def data(value: bytes) -> Any:
    """Bytes as text, or as base64 where they are no text."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64(value)}


def b64(value: bytes) -> str:
    """Base64 with padding."""
    return base64.b64encode(value).decode()


class Subject:
    """One file of cases."""

    def __init__(self, name: str, about: str) -> None:
        self.name, self.about = name, about
        self.cases: list[dict[str, Any]] = []

    def ok(self, name: str, clause: str, check: str, expect: Any, given: Any = None, sent: bytes | None = None) -> None:
        """A case that is taken and gives these values."""
        self._add(name, clause, check, {"ok": expect}, given, sent)

    def bad(self, name: str, clause: str, check: str, code: str, given: Any = None, sent: bytes | None = None) -> None:
        """A case that is refused with this code of clause 9.5 (or `step`, 16.13)."""
        self._add(name, clause, check, {"error": code}, given, sent)

    def text(self) -> str:
        """The file."""
        head = {"subject": self.name, "about": self.about, "spec": "xs1 1.0"}
        top = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
        rows = ",\n".join("  " + _one(case) for case in self.cases)
        return f'{top},\n "cases": [\n{rows}\n ]\n}}\n'

    def _add(self, name: str, clause: str, check: str, expect: Any, given: Any, sent: bytes | None) -> None:
        case: dict[str, Any] = {"name": name, "clause": clause, "check": check}
        if sent is not None:
            case["input"] = data(sent)
        if given:
            case["given"] = given
        self.cases.append(case | {"expect": expect})


def _one(case: dict[str, Any]) -> str:
    parts = [f"{json.dumps(key)}: {_escaped(value)}" for key, value in case.items()]
    return "{" + ",\n   ".join(parts) + "}"


def _escaped(value: Any) -> str:
    """JSON of printable characters only, so that no editor alters a vector."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)
