"""What each make says is read alike: the plate, how sure the camera is, and when."""

import json

import pytest
from checkpoint_messages import MAKES, message
from xstock_checkpoint.readings import MOST, Reading, read

from xstock_node.plugins.markup import BadMarkup

AT = 1806301800


@pytest.mark.parametrize("make", MAKES)
def test_the_same_passage_reads_alike_in_every_make(make: str) -> None:
    (sure,) = read(make, message(make, "CA1234BB"))
    assert (sure.plate.upper(), sure.at) == ("CA1234BB", AT) and sure.confidence >= 0.9
    (unsure,) = read(make, message(make, "CA1234BB", sure=False))
    assert unsure.confidence < 0.9
    assert read(make, message(make, " ")) == [], "a vehicle without a plate is no reading"


def test_the_weakest_letter_says_how_sure_a_reading_is() -> None:
    raw = message("hikvision", "CA1234BB").replace(b"</ANPR>", b"<plateCharBelieve>99,99,41</plateCharBelieve></ANPR>")
    assert read("hikvision", raw)[0].confidence == 0.41


def test_a_confidence_that_makes_no_sense_is_none() -> None:
    for said in (None, "x", -1, 1e9, True, [], "9" * 5000):
        data = {"type": "lpr", "plate": "CA1234BB", "score": said, "timestamp": said}
        assert read("frigate", json.dumps(data).encode()) == [Reading("CA1234BB", 0.0, 0 if said != 1e9 else 10**9)]


def test_a_time_that_cannot_be_is_unknown() -> None:
    for said in ("0001-01-01T00:00:00+23:59", "2027-03-29T06:30:00", "yesterday", 7, None):
        raw = json.dumps({"data": {"timestamp": said, "results": [{"plate": "CA1", "score": 1}]}}).encode()
        assert read("plate-recognizer", raw) == [Reading("CA1", 1.0, 0)]


def test_no_more_readings_are_looked_at_than_a_message_may_have() -> None:
    results = [{"plate": f"CA{n}", "score": 1} for n in range(1000)]
    assert len(read("plate-recognizer", json.dumps({"data": {"results": results}}).encode())) == MOST


@pytest.mark.parametrize("make", MAKES)
@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"7", b"<a/>", b"\xff\xd8\xff", b'{"data": 7}', b'{"data": {"results": {}}}', b"null"]
)
def test_what_is_no_message_of_a_make_is_refused(make: str, raw: bytes) -> None:
    with pytest.raises(BadMarkup, match="expected"):
        read(make, raw)
