"""The file in which a data folder remembers the last addresses of names."""

from collections.abc import Callable
from pathlib import Path

from xstock_node.transport.address_book import AddressBook

FILE = "addresses.json"


def open_book(home: Path, now: Callable[[], int]) -> AddressBook:
    """The book of a data folder; every change is saved at once, as a whole. A full disk costs the change alone."""
    path = home / FILE

    def save() -> None:
        beside = path.with_name(f"{FILE}.new")
        try:
            beside.write_bytes(book.raw())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)

    book = AddressBook(now, path.read_bytes() if path.exists() else b"", save)
    return book
