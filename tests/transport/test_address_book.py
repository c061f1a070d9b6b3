"""When the service of names is gone, nodes go on by the addresses that names had last; nothing else changes."""

import asyncio
import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from xstock_node.cli.address_file import FILE, open_book
from xstock_node.transport import addresses
from xstock_node.transport.address_book import KEEP, NAMES_MOST, AddressBook
from xstock_node.transport.addresses import CheckingResolver

NAME = "xstock.example.org"


class Service(AbstractResolver):
    """A service of names that answers, fails or hangs."""

    def __init__(self) -> None:
        self.answer: tuple[str, ...] | None = ("192.0.2.7", "2001:db8::7")
        self.hangs = False
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        self.asked += 1
        if self.hangs:
            await asyncio.sleep(3_600)
        if self.answer is None:
            raise OSError("Temporary failure in name resolution")
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in self.answer
        ]

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    found = Service()
    monkeypatch.setattr(addresses, "ThreadedResolver", lambda: found)
    monkeypatch.setattr(addresses, "check_address", lambda text, allow: None)
    return found


async def hosts(resolver: CheckingResolver, **options: Any) -> list[str]:
    return [result["host"] for result in await resolver.resolve(NAME, 443, **options)]


async def test_the_last_addresses_are_taken_where_the_service_fails_and_it_is_spared_for_a_minute(
    service: Service,
) -> None:
    resolver = CheckingResolver(True, AddressBook(lambda: 1_000))
    assert await hosts(resolver) == ["192.0.2.7", "2001:db8::7"]
    service.answer = None
    assert await hosts(resolver) == ["192.0.2.7", "2001:db8::7"]
    assert await hosts(resolver, family=socket.AF_INET6) == ["2001:db8::7"] and service.asked == 2
    with pytest.raises(OSError):
        await resolver.resolve("unknown.example.org", 443)
    with pytest.raises(OSError):
        await CheckingResolver(True).resolve(NAME, 443)


async def test_a_service_that_hangs_costs_seconds_and_one_that_is_back_is_believed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "PATIENCE", 0.05)
    monkeypatch.setattr(addresses, "SILENT_FOR", 0.05)
    resolver = CheckingResolver(True, AddressBook(lambda: 1_000))
    await hosts(resolver)
    service.hangs = True
    assert await hosts(resolver) == ["192.0.2.7", "2001:db8::7"]
    service.hangs, service.answer = False, ("192.0.2.8",)
    await asyncio.sleep(0.06)
    assert await hosts(resolver) == ["192.0.2.8"]


async def test_an_address_from_the_book_is_checked_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = Service()
    dead.answer = None
    monkeypatch.setattr(addresses, "ThreadedResolver", lambda: dead)
    book = AddressBook(lambda: 1_000)
    book.note(NAME, ("127.0.0.1",))
    with pytest.raises(OSError, match="a public address"):
        await CheckingResolver(False, book).resolve(NAME, 443)


def test_the_book_forgets_what_is_old_and_what_is_too_much() -> None:
    now = [1_000]
    book = AddressBook(lambda: now[0])
    for number in range(NAMES_MOST + 5):
        now[0] += 1
        book.note(f"{number}.example.org", ("192.0.2.1",))
    assert book.recall("4.example.org") == () and book.recall("5.example.org") == ("192.0.2.1",)
    now[0] += KEEP
    assert book.recall(f"{NAMES_MOST}.example.org") == ()


def test_the_book_is_kept_in_the_data_folder_and_a_damaged_one_is_begun_anew(tmp_path: Any) -> None:
    open_book(tmp_path, lambda: 1_000).note(NAME, ("192.0.2.7",))
    assert open_book(tmp_path, lambda: 2_000).recall(NAME) == ("192.0.2.7",)
    for damaged in (b"{", b"\xff", b"[1]", b'{"a": {"addresses": 7, "at": 1}}'):
        (tmp_path / FILE).write_bytes(damaged)
        book = open_book(tmp_path, lambda: 3_000)
        assert book.recall(NAME) == ()
        book.note(NAME, ("192.0.2.9",))
        assert open_book(tmp_path, lambda: 3_000).recall(NAME) == ("192.0.2.9",)
