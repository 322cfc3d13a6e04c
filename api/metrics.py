"""What the service counts and measures, for Prometheus at `/metrics`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from api.access.gate import needs
from api.audit.checkpoints import checkpoint_time
from api.audit.database import AuditUnavailableError
from api.audit.log import Log

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_ENTRIES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

router = APIRouter(tags=["operations"])


class Metrics:
    """The counters of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.decisions = Counter(
            "writ_decisions",
            "Decisions recorded and answered; a replayed answer is none",
            ("policy", "outcome"),
            registry=self.registry,
        )
        self.replays = Counter("writ_replays", "Answers given again for a known key", registry=self.registry)
        self.latency = Histogram(
            "writ_decision_seconds",
            "From the whole request read to its answer ready",
            ("policy",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.batch = Histogram(
            "writ_commit_entries", "Entries in one commit of the log", buckets=_ENTRIES, registry=self.registry
        )
        self.commit = Histogram(
            "writ_commit_seconds", "One commit of the log, synced", buckets=_SECONDS, registry=self.registry
        )
        self.problems = Counter(
            "writ_problems", "Requests answered with a problem, by its code", ("code",), registry=self.registry
        )

    def decided(self, policy: str, outcome: str | None) -> None:
        """A decision that was recorded, with the word of its outcome that says most."""
        self.decisions.labels(policy, outcome or "").inc()

    def answered(self, policy: str, replayed: bool, seconds: float) -> None:
        """An answer to a decision request, and how long it took."""
        self.latency.labels(policy).observe(seconds)
        if replayed:
            self.replays.inc()

    def committed(self, entries: int, seconds: float) -> None:
        """A commit of the log: its entries, and how long it took."""
        self.batch.observe(entries)
        self.commit.observe(seconds)

    def watch(self, audit: Log) -> None:
        """Show the state of a log whenever the metrics are asked for."""
        self.registry.register(_State(audit))

    def report(self, gauges: Callable[[], Iterable[tuple[str, str, float]]]) -> None:
        """Show more gauges, each with its name, what it says and its value, whenever the metrics are asked for."""
        self.registry.register(_Reported(gauges))

    def text(self) -> bytes:
        """All of it in Prometheus' text form."""
        return generate_latest(self.registry)


class _State(Collector):
    """What is read off the log when it is asked for."""

    def __init__(self, audit: Log) -> None:
        self.audit = audit

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not read the database."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges; those that need the database are absent while it cannot be read."""
        yield _gauge("writ_queue_depth", "Records that wait to be committed", self.audit.writer.queued)
        latest = self.audit.publisher.latest
        if latest is not None:
            age = (dt.datetime.now(dt.UTC) - checkpoint_time(latest)).total_seconds()
            yield _gauge("writ_checkpoint_age_seconds", "Since the newest checkpoint was signed", age)
            yield _gauge("writ_checkpoint_entries", "Size of the log at the newest checkpoint", latest.size)
        try:
            size = self.audit.store.state().size
        except AuditUnavailableError:
            return
        yield _gauge("writ_log_entries", "Entries in the log", size)


class _Reported(Collector):
    """Gauges that somebody else knows; absent while they cannot be read."""

    def __init__(self, gauges: Callable[[], Iterable[tuple[str, str, float]]]) -> None:
        self.gauges = gauges

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering must not read the database."""
        yield from ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges."""
        try:
            yield from [_gauge(*one) for one in self.gauges()]
        except AuditUnavailableError:
            return


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)


@router.get("/metrics", summary="Metrics for Prometheus", include_in_schema=False, dependencies=[Depends(needs())])
def metrics(request: Request) -> Response:
    """Counters since the start, and the state of the log."""
    return Response(request.app.state.running.metrics.text(), media_type=CONTENT_TYPE_LATEST)
