"""OpenTelemetry, where the extra `otel` is installed and OTEL_EXPORTER_OTLP_ENDPOINT says where spans go; else nothing.

Each request that a listener answers is a span under that of its caller, by `traceparent` (W3C Trace Context). Its name
is the pattern of the route, never a path, which strangers choose. Spans leave in a thread of their own; where nobody
takes them they are dropped.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from xstock_node import __version__
from xstock_node.trace import request_id, span_id

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Spans:
    """Makes spans with a tracer of OpenTelemetry."""

    def __init__(self, provider: Any) -> None:
        self._tracer = provider.get_tracer("xstock-node", __version__)

    @contextmanager
    def around(self, method: str, listener: str, parent: str) -> Iterator[Any]:
        """A span around one request; the lines of the log and requests to other nodes carry its ids."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        above = TraceContextTextMapPropagator().extract({"traceparent": parent} if parent else {})
        about = {"http.request.method": method, "xstock.listener": listener}
        quietly = {"record_exception": False, "set_status_on_exception": False}  # their words stay in the own log
        with self._tracer.start_as_current_span(method, above, SpanKind.SERVER, about, **quietly) as span:
            context = span.get_span_context()
            request_id.set(format(context.trace_id, "032x"))
            token = span_id.set(format(context.span_id, "016x"))
            try:
                yield span
            finally:
                span_id.reset(token)

    @staticmethod
    def answered(span: Any, method: str, route: str, code: str) -> None:
        """What the request was, and how it ended."""
        from opentelemetry.trace import StatusCode

        span.update_name(f"{method} {route}")
        span.set_attribute("http.route", route)
        span.set_attribute("http.response.status_code", int(code))
        if code.startswith("5"):
            span.set_status(StatusCode.ERROR)


@cache
def spans() -> Spans | None:
    """The spans of this process, or None: then nothing of OpenTelemetry is imported."""
    if not os.environ.get(ENDPOINT):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        return None
    provider = TracerProvider(resource=Resource.create({"service.name": "xstock-node", "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider)
