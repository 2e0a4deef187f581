"""Cache errors: sentences that a worker spoke and could not write into its cache, counted in its pool.

The pool counts them before a sentence is finished: where a job has ended, its errors are counted.
"""

from seriatim.state.pool_record import add_cache_errors
from workers.cache.cached_engine import CachedEngine
from workers.worker_state import WorkerState


def report_cache_errors(worker_state: WorkerState) -> None:
    """Count what was not kept since the last report; without errors there is no call.

    Raises:
        Unavailable: Redis does not answer.
    """
    engine, pool_client = worker_state.engine, worker_state.pool_client
    if isinstance(engine, CachedEngine) and (n_errors := engine.take_errors()):
        add_cache_errors(pool_client.redis, pool_client.pool, n_errors)
