"""What a request says of its browser."""

import pytest

from xstock_node.console.device import address_of, device_of

CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36"


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 8) {CHROME}", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0 Safari/537.36 Edg/141.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1", "Safari on macOS"),
        ("curl/8.5.0", "curl"),
        ("", ""),
        ("<script>" * 99, ("<script>" * 99)[:64]),
    ],
)
def test_a_device_in_words(agent: str, said: str) -> None:
    assert device_of(agent) == said


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", ["198.51.100.7"], "192.0.2.1"),
        ("127.0.0.1", ["10.0.0.1, 198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.7"], "198.51.100.7"),
        ("127.0.0.1", ["nonsense"], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("2001:db8::1", [], "2001:db8::/64"),
        (None, ["198.51.100.7"], "198.51.100.7"),
    ],
)
def test_where_it_comes_from(peer: str | None, forwarded: list[str], address: str) -> None:
    assert address_of(peer, forwarded) == address
