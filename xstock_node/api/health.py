"""Health and metrics: `/livez`, `/readyz` and `/metrics`, without token, on loopback and on a port of their own.

They tell figures and names of nodes, never what is in a record or who a person is.
"""

from collections.abc import Iterable
from typing import Final

from aiohttp import web

from xstock_node.counts import SECONDS
from xstock_node.services import measures
from xstock_node.services.measures import METRICS, PREFIX, Metric, Sample
from xstock_node.services.office import Office
from xstock_node.services.readiness import unready

PATHS: Final = frozenset({"/livez", "/readyz", "/metrics"})
EXPOSITION: Final = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus text format, which its servers and OpenMetrics collectors read."""


def add_health(app: web.Application, office: Office) -> None:
    """The three addresses on an application."""

    async def livez(request: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def readyz(request: web.Request) -> web.StreamResponse:
        why = await unready(office)
        return web.Response(text="".join(f"{line}\n" for line in why) or "ok\n", status=503 if why else 200)

    async def metrics(request: web.Request) -> web.StreamResponse:
        return web.Response(body=await measured(office), headers={"Content-Type": EXPOSITION})

    for path, handler in (("/livez", livez), ("/readyz", readyz), ("/metrics", metrics)):
        app.router.add_get(path, handler)


def make_health_app(office: Office) -> web.Application:
    """An application of health and metrics alone, for a port that another machine may scrape."""
    app = web.Application(client_max_size=0)
    add_health(app, office)
    return app


async def measured(office: Office) -> bytes:
    """All metrics as they were a moment ago: the ports have no token, and many who ask cost no more than one."""
    found: bytes = await office.measured.get(lambda: exposition(office))
    return found


async def exposition(office: Office) -> bytes:
    """All metrics in the text format of Prometheus, those of the process among them."""
    import prometheus_client
    from prometheus_client.core import CollectorRegistry

    registry = CollectorRegistry()
    prometheus_client.ProcessCollector(registry=registry)
    found = await measures.samples(office)
    registry.register(_Found(found, office))  # type: ignore[arg-type]
    return prometheus_client.generate_latest(registry)


class _Found:
    """Samples as the library collects them."""

    def __init__(self, found: list[Sample], office: Office) -> None:
        self._found, self._office = found, office

    def collect(self) -> Iterable[object]:
        for metric in METRICS:
            yield self._durations(metric) if metric.kind == "histogram" else self._family(metric)

    def _family(self, metric: Metric) -> object:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
        family = kind(PREFIX + metric.name, metric.words, labels=metric.labels)
        for sample in self._found:
            if sample.name == metric.name:
                family.add_metric(sample.labels, sample.value)
        return family

    def _durations(self, metric: Metric) -> object:
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(PREFIX + metric.name, metric.words, labels=metric.labels)
        for name, labels, found in measures.durations(self._office):
            if name == metric.name:
                bounds, total = [*map(str, SECONDS), "+Inf"], 0
                buckets = []
                for bound, count in zip(bounds, found.buckets, strict=True):
                    total += count
                    buckets.append((bound, total))
                family.add_metric(labels, buckets=buckets, sum_value=found.total)
        return family
