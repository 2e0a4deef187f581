"""Tracing: OpenTelemetry spans where it is configured, nothing at all where it is not.

A job carries the span in which it was accepted (`Spec.trace`, W3C's traceparent), so that what workers do with it
belongs to the same trace, whatever carried the message. Nothing of OpenTelemetry is imported here before `configure`
asks for it: a caller who traces his own program has imported it, and finds our spans among his.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seriatim import __version__
from seriatim.errors import Misconfigured

if TYPE_CHECKING:
    from opentelemetry import trace
    from opentelemetry.context import Context

HEADER = "traceparent"
EXPORT_S = 2.0  #: tries to reach a collector for so long; a process that ends waits for the last one
INTERNAL, PRODUCER, CONSUMER = "INTERNAL", "PRODUCER", "CONSUMER"  #: kinds of a span, as OpenTelemetry has them
Fact = str | int | float | bool


@dataclass(frozen=True, slots=True)
class TraceSpan:
    """A piece of a trace, or of none."""

    of: "trace.Span | None" = None

    def note(self, **facts: Fact) -> None:
        """Say more of it."""
        if self.of is not None:
            self.of.set_attributes({f"seriatim.{name}": value for name, value in facts.items()})

    def fail(self, reason: str) -> None:
        """It came to nothing."""
        if self.of is not None:
            from opentelemetry.trace import StatusCode

            self.of.set_status(StatusCode.ERROR, reason)

    def end(self) -> None:
        """It is over now. May be called twice."""
        if self.of is not None and self.of.is_recording():
            self.of.end()


def configure(role: str, exporter_name: str) -> None:
    """Send this process's spans to where OpenTelemetry's own variables say; "" for `wanted` sends none.

    Raises:
        Misconfigured: what it needs is not installed.
    """
    if not exporter_name:
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise Misconfigured(
            f"SERIATIM_TRACES={exporter_name} needs the extra; in Seriatim's folder: pip install -e '.[otel]' ({error})"
        ) from None
    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": f"seriatim-{role}"}
    about = {
        "service.namespace": "seriatim",
        "service.version": __version__,
        "service.instance.id": secrets.token_hex(8),
    }
    provider = TracerProvider(resource=Resource.create(about | named))
    has_timeout = any(name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("TIMEOUT") for name in os.environ)
    exporter = OTLPSpanExporter(timeout=None if has_timeout else EXPORT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)


def current_traceparent() -> str:
    """The span that this code runs in, as a traceparent; "" if there is none."""
    otel = sys.modules.get("opentelemetry.trace")
    if otel is None or not otel.get_current_span().get_span_context().is_valid:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(HEADER, "")


def begin_span(name: str, kind: str = INTERNAL, parent: str = "", /, **facts: Fact) -> TraceSpan:
    """Begin a span in the span that this code runs in, or in `parent`, a traceparent. Its `end` must follow."""
    if not (_has_tracers() or (parent and "opentelemetry.trace" in sys.modules)):
        return TraceSpan()
    from opentelemetry import trace

    tracer = trace.get_tracer("seriatim", __version__)
    span = TraceSpan(tracer.start_span(name, _parent_context(parent), trace.SpanKind[kind]))
    span.note(**facts)
    return span


@contextmanager
def span(name: str, kind: str = INTERNAL, parent: str = "", /, **facts: Fact) -> Iterator[TraceSpan]:
    """A span around a piece of code, as `begin_span` has it; an exception that leaves it is written down."""
    opened = begin_span(name, kind, parent, **facts)
    if opened.of is None:
        yield opened
        return
    from opentelemetry import trace

    with trace.use_span(opened.of, end_on_exit=True):
        yield opened


def _has_tracers() -> bool:
    """Whether spans of this program are recorded. redis-py imports OpenTelemetry wherever it is installed."""
    otel = sys.modules.get("opentelemetry.trace")
    return otel is not None and not isinstance(otel.get_tracer_provider(), otel.ProxyTracerProvider)


def _parent_context(parent: str) -> "Context | None":
    if not parent:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({HEADER: parent})
