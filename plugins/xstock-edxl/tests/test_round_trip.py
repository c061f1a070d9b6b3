"""What is written holds the schemas and the rules, and reads back as the same message."""

import pytest
from edxl_neutral import ALL_KINDS, messages, one
from edxl_schemas import judge
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xstock_edxl.documents import read_document, write_documents

from xstock_node.plugins.interchange import MessageKind


@pytest.mark.parametrize("kind", ALL_KINDS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_message_comes_back_whole(kind: MessageKind, data: st.DataObject) -> None:
    message = data.draw(messages(kind))
    (document,) = write_documents((message,))
    judge(document.content)
    reading = read_document(document.content)
    assert reading is not None and reading.messages == (message,)
    assert reading.flags == () and reading.skipped == () and not reading.error


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_the_kind_is_found_without_our_mark_too(kind: MessageKind) -> None:
    """As it has to be with messages of others: by the type, and by the moments of a report."""
    (document,) = write_documents((one(kind),))
    foreign = document.content.replace(b"urn:xstock:rm:1#kind", b"urn:example:else")
    reading = read_document(foreign)
    assert reading is not None and reading.messages == (one(kind),)
