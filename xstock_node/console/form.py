"""A form as it was sent: its fields, which of them are wrong, and what they become as a request of the API."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec
from multidict import MultiDict, MultiMapping

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal

T = TypeVar("T")
SECRET = frozenset({"password", "again", "code", "token", "answer"})
"""Fields that no page hands back."""


class Form:
    """The fields of a form; a field may come several times. Files are apart."""

    def __init__(self, fields: MultiMapping[str], files: Mapping[str, tuple[str, bytes]] | None = None) -> None:
        self.fields: MultiDict[str] = MultiDict(fields)
        self.files = dict(files or {})
        if len(self.fields) > limits.FORM_FIELDS or any(
            len(value) > limits.FORM_LETTERS for value in self.fields.values()
        ):
            raise Refusal(
                "too-large",
                f"{limits.FORM_FIELDS} fields of {limits.FORM_LETTERS} letters",
                "more",
                "send less at once",
                2,
            )

    @property
    def act(self) -> str:
        """Which act of its page was wanted: that of the button that was pressed, else the form's own."""
        return self.fields.getall("act", [""])[-1]

    def text(self, name: str, default: str = "") -> str:
        """A field without the blanks around it."""
        return self.fields.get(name, default).strip()

    def all(self, name: str) -> list[str]:
        """Every value of a field that came several times; empty ones are left out."""
        return [value.strip() for value in self.fields.getall(name, []) if value.strip()]

    def has(self, name: str) -> bool:
        """Whether a box was ticked or a field filled."""
        return bool(self.text(name))

    def rows(self, name: str) -> Iterator[tuple[str, dict[str, str]]]:
        """The rows of fields `name.KEY.part`, in their order: key and parts."""
        found: dict[str, dict[str, str]] = {}
        for full, value in self.fields.items():
            head, _, rest = full.partition(".")
            key, mark, part = rest.partition(".")
            if head == name and mark:
                found.setdefault(key, {})[part] = value.strip()
        yield from found.items()

    def content(self) -> bytes:
        """All that was sent, as bytes: equal where the same form was sent again."""
        files = [[name, file, hashlib.sha256(data).hexdigest()] for name, (file, data) in self.files.items()]
        return msgspec.json.encode([[[name, value] for name, value in self.fields.items()], files])

    def changed(self, **values: str) -> "Form":
        """The form with other values in some fields."""
        fields = MultiDict(self.fields)
        for name, value in values.items():
            fields[name] = value
        return Form(fields, self.files)

    def without(self, prefix: str) -> "Form":
        """The form without the fields whose name begins so."""
        return Form(MultiDict((n, v) for n, v in self.fields.items() if not n.startswith(prefix)), self.files)

    def as_request(self, type_: type[T]) -> T:
        """The fields as a request of the API; what is empty is left out. Raises Refusal `bad-field`."""
        wanted: dict[str, Any] = {}
        fields = {field.name: field for field in msgspec.structs.fields(type_)}  # type: ignore[arg-type]
        for name in fields:
            values = self.all(name)
            if values:
                wanted[name] = values if _is_list(fields[name].type) else values[0]
            elif name in self.files:
                wanted[name] = self.files[name][1]
        return converted(wanted, type_)


def converted(wanted: Mapping[str, Any], type_: type[T]) -> T:
    """A request from plain values; raises Refusal `bad-field` that names the field."""
    try:
        return msgspec.convert(wanted, type_, strict=False)
    except msgspec.ValidationError as error:
        raise Refusal(
            "bad-field", "fields as the form names them", str(error), "mend it and send it again", 2
        ) from None


def _is_list(type_: Any) -> bool:
    origin = getattr(type_, "__origin__", type_)
    if origin in (list, tuple):
        return True
    return (
        any(_is_list(inner) for inner in getattr(type_, "__args__", ()) if inner is not type_)
        if ("Annotated" in str(type_)[:18] or "|" in str(type_))
        else False
    )
