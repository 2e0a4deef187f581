"""The metrics of a gateway process: those of the table with the source `process`."""

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from gateway.http.metrics.metrics_table import METRICS
from gateway.http.playback_model import VIABLE_S, PlaybackModel


class GatewayMetrics:
    """Metrics of this process, those with the source `process`."""

    def __init__(self, target_s: float = 0.5) -> None:
        self.registry = CollectorRegistry()
        kinds: Mapping[str, Any] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
        self._of = {
            m.name: kinds[m.type](
                f"seriatim_{m.name}", m.help, m.labels, registry=self.registry,
                **({"buckets": [bound / 1000 for bound in m.bounds_ms]} if m.bounds_ms else {}),
            )
            for m in METRICS
            if m.source == "process"
        }  # fmt: skip
        self["http_first_audio_target_seconds"].set(target_s)

    def __getitem__(self, name: str) -> Any:
        """Return the prometheus_client metric of a row of the table."""
        return self._of[name]

    def played(self, sound_s: float, silent_s: float) -> None:
        """Count audio that was sent, and the silence before it; at once, since a book takes hours."""
        self["http_audio_seconds"].inc(sound_s)
        self["http_underrun_seconds"].inc(silent_s)

    def count_played(self, playback: PlaybackModel) -> None:
        """Count a stream that is over."""
        if playback.began_s is not None:
            self["http_streams_played"].labels("yes" if playback.longest_s <= VIABLE_S else "no").inc()
