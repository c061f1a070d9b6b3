"""UBL 2.4 (despatch and receipt advices, status, proof of re-exportation) and events of EPCIS 2.0, out and in."""

from xstock_node.plugins import Context, Registry, hookimpl
from xstock_node.plugins.interchange import Document, Reading, Writing
from xstock_shipment.documents import read_document, write_documents
from xstock_shipment.epcis import documents as epcis


class Ubl:
    """Reads UBL 2.0 to 2.4, writes 2.4."""

    name = "ubl"
    title = "UBL 2.4 despatch and receipt"

    async def read(self, context: Context, document: Document) -> Reading | None:
        """The message of a document; None for one of another kind."""
        return read_document(document.content)

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """A document for each dispatch, passage and receipt, and the proof that lent goods came home."""
        return write_documents(writing.messages)


class Epcis:
    """Reads and writes EPCIS 2.0 in JSON-LD."""

    name = "epcis"
    title = "EPCIS 2.0 events (JSON-LD)"

    async def read(self, context: Context, document: Document) -> Reading | None:
        """The messages of a document's events; None for one of another kind."""
        return epcis.read_document(document.content)

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """A document for each message that is an event, with those that it declares wrong."""
        return epcis.write_documents(writing.messages)


@hookimpl
def xstock_register(registry: Registry) -> None:
    """Offer the formats, which need no settings."""
    registry.message_format(Ubl())
    registry.message_format(Epcis())
