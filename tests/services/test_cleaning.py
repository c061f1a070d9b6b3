"""Cleaning in a child process: its limits hold, its words go nowhere, and a node without the extra says so."""

import sys

import msgspec
import pytest

from tests.attached import WHO, jpeg, pdf, png, telling_jpeg
from xstock_node.domain.attachments.cleaning import clean as cleaned
from xstock_node.domain.attachments.media import Media
from xstock_node.plugins import cleaning_child
from xstock_node.plugins.cleaning_child import CleanAnswer
from xstock_node.plugins.isolation import Ended
from xstock_node.protocol import limits
from xstock_node.services import cleaning
from xstock_node.services.errors import Refusal


async def test_a_document_is_cleaned_elsewhere_to_the_same_bytes() -> None:
    data = pdf(pages=2, told=True, inside=telling_jpeg())
    assert await cleaning.clean(data) == cleaned(data)
    assert (await cleaning.clean(png())).media is Media.PNG and (await cleaning.clean(jpeg())).media is Media.JPEG


@pytest.mark.parametrize("data", [b"", b"text", jpeg()[:60], pdf()[:200], pdf().replace(b"/Pages", b"/Sages")])
async def test_every_refusal_is_of_one_kind_and_repeats_nothing(data: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        await cleaning.clean(data + WHO)
    assert refused.value.code == "bad-attachment" and WHO.decode() not in str(refused.value)


async def test_a_reader_that_takes_too_much_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless work on a PDF is cut by the processor's time, and told without a word of the file."""
    monkeypatch.setattr(limits, "PDF_SECONDS", 1)

    async def run_child(module: str, said: bytes, seconds: int) -> Ended:
        return Ended(-24, b"", WHO.decode())

    monkeypatch.setattr(cleaning, "run_child", run_child)
    with pytest.raises(Refusal) as refused:
        await cleaning.clean(pdf())
    assert refused.value.code == "bad-attachment" and WHO.decode() not in str(refused.value)


async def test_a_node_without_the_extra_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdf", None)
    answer = cleaning_child._answer(pdf())
    assert answer.missing

    async def run_child(module: str, said: bytes, seconds: int) -> Ended:
        return Ended(0, msgspec.json.encode(answer), "")

    monkeypatch.setattr(cleaning, "run_child", run_child)
    with pytest.raises(Refusal) as refused:
        await cleaning.clean(pdf())
    assert refused.value.code == "no-pypdf"


def test_the_answer_of_the_child_is_read_back() -> None:
    said = CleanAnswer(media=Media.PDF, data=b"\0\xff")
    assert msgspec.json.decode(msgspec.json.encode(said), type=CleanAnswer) == said
