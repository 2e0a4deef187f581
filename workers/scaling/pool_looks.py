"""Pool looks: what two readings of a pool's metrics, one after another, show to the process scaler. Pure.

Claims are counted between the two readings: metrics of the last one to two minutes would still show a need when the
processes that were added meet it already.
"""

from collections.abc import Mapping, Sequence

from seriatim.pool_metrics import SLACK_BOUNDS_MS, WAIT_BOUNDS_MS, PoolMetrics, TimeHistogram
from workers.scaling.process_scaler import PoolLook


def pool_look(earlier: PoolMetrics, now: PoolMetrics, pool_processes: int, at_s: float) -> PoolLook:
    """The look at `at_s`, a monotonic time, from the metrics then and those of the look before."""
    waits = _claims_between(earlier.counts, now.counts, "wait_L", WAIT_BOUNDS_MS)
    slack = _claims_between(earlier.counts, now.counts, "slack", SLACK_BOUNDS_MS)
    limited = now.limited and now.allowed <= now.slots
    return PoolLook(
        at_s,
        now.slots,
        pool_processes,
        _needed_slots(now),
        now.load,
        waits.quantile_ms(0.95),
        slack.quantile_ms(0.05),
        batch_waits=now.users_batch > 0 and now.in_flight >= now.slots,
        limited=limited,
    )


def _needed_slots(now: PoolMetrics) -> float:
    """Slots that live jobs need, those accepted and those expected back; with the share of batch work, and lateness."""
    if not now.room:
        return 0.0
    expected_back = now.line * min(now.rtf, now.room)
    return (now.demand + now.held + expected_back) * now.lateness * now.slots / now.room


def _claims_between(
    earlier: Mapping[str, int], now: Mapping[str, int], name: str, bounds: Sequence[int]
) -> TimeHistogram:
    """The claims counted since; none where the counters began anew, after the loss of Redis' data."""
    counters = [(float(bound), f"{name}:{bound}") for bound in (*map(str, bounds), "inf")]
    return TimeHistogram(tuple((bound, max(0, now.get(at, 0) - earlier.get(at, 0))) for bound, at in counters))
