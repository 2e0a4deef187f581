"""Remote control of a worker: Celery's commands that would have no effect here, or do harm, are refused with a reason.

Importing this module replaces them in Celery's panel (docs/how-to/operations.md lists them all). To control jobs, use
`seriatim cancel` and `set`, which act on the pool.
"""

from typing import Any

from celery.worker.control import control_command, nok  # type: ignore[attr-defined]  # the stubs lack it

SLOTS = "slots are fixed when a worker starts: start another worker (seriatim worker), or one with other --slots"
JOBS = "a revoked message is published again: use seriatim cancel JOB to end a job"
TIMES = "time limits have no effect on threads: SERIATIM_STALL_TIMEOUT_MS says when a sentence is stuck"
RATE = "what waits in a worker counts as lost: limit a pool with seriatim set --pool POOL --requests-minute N"
GOSSIP = "workers elect no leader: every process dispatches (SERIATIM_SWEEP_MS)"
RESTART = "there is no pool to restart: celery control shutdown ends the process, and its supervisor starts another"


@control_command(args=[("n", int)], signature="[N=1]")
def pool_grow(state: Any, n: int = 1, **_: Any) -> Any:
    """Refuse: slots are fixed when a worker starts."""
    return nok(SLOTS)


@control_command(args=[("n", int)], signature="[N=1]")
def pool_shrink(state: Any, n: int = 1, **_: Any) -> Any:
    """Refuse: slots are fixed when a worker starts."""
    return nok(SLOTS)


@control_command(args=[("max", int), ("min", int)], signature="[max [min]]")
def autoscale(state: Any, max: int | None = None, min: int | None = None) -> Any:  # noqa: A002  # Celery's names
    """Refuse: slots are fixed when a worker starts."""
    return nok(SLOTS)


@control_command()
def pool_restart(state: Any, **_: Any) -> Any:
    """Refuse: a process holds one engine."""
    return nok(RESTART)


@control_command(args=[("task_name", str), ("rate_limit", str)], signature="<task_name> <rate_limit>")
def rate_limit(state: Any, task_name: str = "", rate_limit: str = "", **_: Any) -> Any:
    """Refuse: Celery would hold messages back in the worker, which then counts as lost to its broker and ends."""
    return nok(RATE)


@control_command(args=[("id", str), ("topic", str)], signature="<id> <topic>")
def election(state: Any, **_: Any) -> Any:
    """Refuse: there is no gossip."""
    return nok(GOSSIP)


@control_command(
    args=[("task_name", str), ("soft", float), ("hard", float)], signature="<task_name> <soft_secs> [hard_secs]"
)
def time_limit(state: Any, task_name: str = "", hard: float | None = None, soft: float | None = None, **_: Any) -> Any:
    """Refuse: threads have no time limits."""
    return nok(TIMES)


@control_command(variadic="task_id", signature="[id1 [id2 [... [idN]]]]")
def revoke(state: Any, task_id: Any, **_: Any) -> Any:
    """Refuse: the sentence would be spoken anyway."""
    return nok(JOBS)


@control_command(variadic="headers", signature="[key1=value1 [key2=value2 [... [keyN=valueN]]]]")
def revoke_by_stamped_headers(state: Any, headers: Any, **_: Any) -> Any:
    """Refuse: the sentence would be spoken anyway."""
    return nok(JOBS)


@control_command(variadic="task_id", args=[("signal", str)], signature="<signal> [id1 [id2 [... [idN]]]]")
def terminate(state: Any, signal: str, task_id: Any, **_: Any) -> Any:
    """Refuse: threads cannot be ended."""
    return nok(JOBS)


@control_command(args=[("queue", str)], signature="<queue> [exchange [type [routing_key]]]")
def add_consumer(state: Any, queue: str, **_: Any) -> Any:
    """Take work again after cancel_consumer."""
    return state.consumer.resume(queue)


@control_command(args=[("queue", str)], signature="<queue>")
def cancel_consumer(state: Any, queue: str, **_: Any) -> Any:
    """Finish running sentences and take no more, until add_consumer."""
    return state.consumer.pause(queue)
