"""EMSI in EDXL-DE 2.0, in XML and JSON, both ways: two formats of messages, and an endpoint for dispatch centres."""

from typing import Final

from xstock_dispatch.carrier import Carrier
from xstock_dispatch.documents import FORMS, Form, read_document, write_documents
from xstock_dispatch.endpoint import Endpoint
from xstock_node.plugins import Context, Registry, hookimpl
from xstock_node.plugins.interchange import Document, Reading, Writing

_TITLES: Final = {"xml": ("emsi", "EMSI in EDXL-DE 2.0, XML"), "json": ("emsi-json", "EMSI in EDXL-DE 2.0, JSON")}


class Emsi:
    """Reads EMSI (profile urn:emergency:eda:1.9:emsi) in either form, and writes it in one."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.name, self.title = _TITLES[form]

    async def read(self, context: Context, document: Document) -> Reading | None:
        """The messages of a document; None for one without."""
        return read_document(document.content)

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """A document for each message that EMSI has, none for alerts; raises `Declined` for what it cannot say."""
        return write_documents(writing.messages, self.form)


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer both formats, which need no settings, and an endpoint and a carrier, each on where its file is."""
    for form in FORMS:
        registry.message_format(Emsi(form))
    registry.route(Endpoint())
    registry.message_carrier(Carrier())
