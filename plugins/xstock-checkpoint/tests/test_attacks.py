"""Messages that mean ill: each is refused in under a second of a core and 100 MB, and opens nothing."""

import gc
import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import pytest
from checkpoint_messages import MAKES, message
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_checkpoint.readings import read

from xstock_node.plugins.markup import BadMarkup

HEAD = '<?xml version="1.0"?>'
LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
JSON = MAKES[1:]


def xml_attacks(canary: Path) -> dict[str, bytes]:
    root = "EventNotificationAlert"
    entity = f'{HEAD}<!DOCTYPE r [<!ENTITY x SYSTEM "file://{canary}">]><{root}>&x;</{root}>'
    plain = message("hikvision", "CA1234BB")
    return {
        "entities": f'{HEAD}<!DOCTYPE r [<!ENTITY l0 "lol">{LOL}]><{root}>&l9;</{root}>'.encode(),
        "external entity": entity.encode(),
        "in UTF-16": entity.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16"),
        "external DTD": f'{HEAD}<!DOCTYPE r SYSTEM "file://{canary}"><{root}/>'.encode(),
        "deep": f"{HEAD}<r>{'<a>' * 100_000}{'</a>' * 100_000}</r>".encode(),
        "wide": f"{HEAD}<r>{'<a/>' * 500_000}</r>".encode(),
        "huge": f"{HEAD}<r>{'x' * 20_000_000}</r>".encode(),
        "gzip": gzip.compress(plain),
        "unclosed": plain[: len(plain) // 2],
    }


def json_attacks() -> dict[str, bytes]:
    return {
        "deep": b"[" * 100_000 + b"]" * 100_000,
        "deep objects": b'{"data":' * 100_000 + b"1" + b"}" * 100_000,
        "wide": b'{"data":{"results":[' + b"{}," * 500_000 + b"{}]}}",
        "huge": b'{"plate":"' + b"x" * 20_000_000 + b'"}',
        "gzip": gzip.compress(b"{}"),
        "in UTF-16": '{"type":"lpr"}'.encode("utf-16"),
        "unclosed": b'{"type":"lpr","plate":"CA1',
        "no number": b'{"type":"lpr","plate":"CA1234BB","score":NaN}',
        "long number": b'{"type":"lpr","plate":"CA1234BB","score":' + b"9" * 100_000 + b"}",
        "surrogate": b'{"type":"lpr","plate":"\\ud800","score":1}',
    }


@pytest.fixture(autouse=True)
def others_set_aside() -> Iterator[None]:
    """What other tests left behind is not walked by the collector while these are measured."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


ALL = [("hikvision", name) for name in xml_attacks(Path("x"))]
ALL += [(make, name) for make in JSON for name in json_attacks()]


@pytest.mark.parametrize(("make", "name"), ALL)
def test_it_is_refused_quickly_and_small(make: str, name: str, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("the bird sings")
    raw = (xml_attacks(canary) if make == "hikvision" else json_attacks())[name]
    begun = process_time()
    with pytest.raises(BadMarkup) as refused:
        read(make, raw)
    assert process_time() - begun < 1 and "bird" not in str(refused.value)
    tracemalloc.start()
    try:
        with pytest.raises(BadMarkup):
            read(make, raw)
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(MAKES), st.data())
def test_a_damaged_message_is_read_or_refused(make: str, data: st.DataObject) -> None:
    raw = bytearray(message(make, "CA1234BB"))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert all(len(one.plate) <= 64 and 0 <= one.confidence <= 1 and one.at >= 0 for one in read(make, bytes(raw)))
    except BadMarkup:
        pass
