"""A document of EPCIS 2.0 as typed values: the fields that are written or read here, under their names in JSON-LD.

What stands beside them in a document of others is passed over. `said` and `part` are the extension of our own, which
holds what the standard has no field for.
"""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(max_length=4000)]
Fields = dict[Text, Any]
CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
NAMESPACE: Final = "urn:xstock:epcis:1#"
OWN: Final[dict[str, Any]] = {
    "xstock": NAMESPACE,
    "xstock:message": {"@id": f"{NAMESPACE}message", "@type": "@json"},
}
"""Our prefix in `@context`; a value of `xstock:message` is a JSON literal (JSON-LD 1.1, 4.2.2)."""


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """A part of a document; fields that say nothing are left out."""


class Quantity(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """So much of a class; without `uom` so many pieces (EPCIS 7.3.3.3)."""

    epc_class: Text
    quantity: int | float | None = None
    uom: Text = ""


class At(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A place by its URI."""

    id: Text


class Transaction(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A document of trade to which an event belongs, by its URI."""

    biz_transaction: Text
    type: Text = ""


class Source(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """From whom or where the goods come."""

    type: Text
    source: Text


class Destination(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """To whom or where they go."""

    type: Text
    destination: Text


class Dispositions(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What stays true of the goods after an event (`persistentDisposition`)."""

    set: tuple[Text, ...] = ()


class Said(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """What of a message stands in no other field: of itself, of every line, of each line.

    A line is that of the same place in the lists of its event; what stands beyond them is a line of which nobody saw
    anything. `n` of a line is its place in the message, from 1.
    """

    message: Fields = {}
    line: Fields = {}
    lines: tuple[Fields, ...] = ()


class ErrorDeclaration(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """That an event is wrong: since when, why, and which events stand in its place (EPCIS 7.4.1.3)."""

    declaration_time: Text
    reason: Text = ""
    corrective_event_ids: tuple[Text, ...] = msgspec.field(name="correctiveEventIDs", default=())
    said: Said | None = msgspec.field(name="xstock:message", default=None)


class Event(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """An event of any type, with the fields that say something here."""

    type: Text
    event_id: Text = msgspec.field(name="eventID", default="")
    event_time: Text = ""
    event_time_zone_offset: Text = ""
    record_time: Text = ""
    error_declaration: ErrorDeclaration | None = None
    action: Text = ""
    biz_step: Text = ""
    disposition: Text = ""
    persistent_disposition: Dispositions | None = None
    parent_id: Text = msgspec.field(name="parentID", default="")
    child_epcs: tuple[Text, ...] | None = msgspec.field(name="childEPCs", default=None)
    child_quantity_list: tuple[Quantity, ...] | None = None
    epc_list: tuple[Text, ...] | None = None
    quantity_list: tuple[Quantity, ...] | None = None
    output_epc_list: tuple[Text, ...] | None = msgspec.field(name="outputEPCList", default=None)
    output_quantity_list: tuple[Quantity, ...] | None = None
    read_point: At | None = None
    biz_location: At | None = None
    biz_transaction_list: tuple[Transaction, ...] = ()
    source_list: tuple[Source, ...] = ()
    destination_list: tuple[Destination, ...] = ()
    said: Said | None = msgspec.field(name="xstock:message", default=None)
    part: Text = msgspec.field(name="xstock:part", default="")

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Its classes, in whichever list this type of event has."""
        return self.quantity_list or self.child_quantity_list or self.output_quantity_list or ()

    @property
    def epcs(self) -> tuple[str, ...]:
        """Its single things, likewise."""
        return self.epc_list or self.child_epcs or self.output_epc_list or ()


class ResultsBody(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The events of an answer to a query."""

    event_list: tuple[Event, ...] = ()


class QueryResults(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """An answer to a query."""

    results_body: ResultsBody = ResultsBody()


class Body(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """The events of a document, or the answer to a query."""

    event_list: tuple[Event, ...] = ()
    query_results: QueryResults | None = None


class EpcisDocument(Shape, frozen=True, kw_only=True, omit_defaults=True):
    """A document: who sends it to whom, and its events."""

    context: Any = msgspec.field(name="@context", default=None)
    type: Text
    schema_version: Text = ""
    creation_date: Text = ""
    sender: Text = ""
    receiver: Text = ""
    epcis_body: Body = Body()

    @property
    def events(self) -> tuple[Event, ...]:
        """Its events, or those of the answer that it brings."""
        results = self.epcis_body.query_results
        return results.results_body.event_list if results else self.epcis_body.event_list

    @property
    def is_own(self) -> bool:
        """Whether the prefix `xstock` is ours."""
        entries = self.context if isinstance(self.context, list) else [self.context]
        return any(isinstance(one, dict) and one.get("xstock") == NAMESPACE for one in entries)
