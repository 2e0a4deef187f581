"""One worker process: load the engine once, warm it up by speaking, offer its slots, then take work.

Each process is a Celery worker of its own with a pool of threads, one per slot: each process loads one engine, a crash
takes down one engine, and nothing is consumed before the engine has spoken (decision 4). `seriatim worker`
(workers/supervisor.py) starts the processes, and restarts those that end.
"""

import argparse
import logging
import os
import secrets
import signal
import socket
import sys
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial

from celery.apps import worker as celery_worker
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging, worker_ready, worker_shutting_down
from redis import Redis

from seriatim import log as logs
from seriatim import tracing
from seriatim.celery_app import make_app, reach_broker
from seriatim.dispatch import PoolClient, dispatch
from seriatim.errors import Misconfigured, SeriatimError, Unavailable, forbidden
from seriatim.exit_codes import ExitCode
from seriatim.keys import queue
from seriatim.lost_sentences import confirm_loop
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.script_calls import run
from seriatim.process import watched_tasks
from seriatim.servers.cluster_client import ClusterClient
from seriatim.servers.redis_clients import blocking_client, check_reachable, command_client
from seriatim.settings import Settings
from tasks.celery_task import register
from workers import (
    heartbeat,
    remote_control,  # noqa: F401  # its commands replace some of Celery's
)
from workers.attempt import run_attempt
from workers.cache.cached_engine import with_cache
from workers.engines.engine_registry import load, options_of
from workers.hot_slots.without_broker import counted
from workers.message_filter import MessageFilter
from workers.registration import registration_of, round_trip_s, until_accepted, warn_if_audio_differs
from workers.result_reporter import report_results
from workers.tune.speed_check import SpeedCheck
from workers.warm_up import warm_up
from workers.worker_gauges import WorkerGauges
from workers.worker_lifetime import Lifetime
from workers.worker_state import WorkerState

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker process until SIGTERM or SIGINT; returns its exit status."""
    options = _build_parser().parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
        logs.configure(
            settings.log_level, f"worker {options.pool or options.engine}#{options.index}", settings.log_format
        )
        _warn_of_root()
        return _run_worker(options, settings)
    except PermissionError as error:  # a model's folder that this user may not read: a restart would not help
        logs.announce("seriatim worker", str(forbidden(error)))
        return ExitCode.CANNOT_START
    except SeriatimError as error:
        logs.announce("seriatim worker", str(error))
        return _exit_status(error)


def _warn_of_root() -> None:
    """Warn of a process that runs as root, in place of Celery's nine lines about an option that it has not."""
    warnings.filterwarnings("ignore", category=SecurityWarning)
    if os.geteuid() == 0:
        log.warning("runs as root; start it as a user of its own")


def _exit_status(error: SeriatimError) -> ExitCode:
    """The exit status for an error; a supervisor restarts the process unless that cannot help."""
    if isinstance(error, Unavailable):
        return ExitCode.UNAVAILABLE
    return ExitCode.FAILED if error.retryable else ExitCode.CANNOT_START


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.worker_process")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--pool", default="")
    parser.add_argument("--slots", type=int, default=0, help="sentences at once; 0: the engine's choice")
    parser.add_argument("--slots-from", default="engine", help="who decided their number, for the log")
    parser.add_argument("--tuned-x", type=float, default=0.0, help="speed of each slot as it was tuned; 0: it was not")
    parser.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--index", default="0", help="number among the supervisor's processes")
    parser.add_argument("--owner", default="", help="name of this process in the pool")
    parser.add_argument("--group", default="", help="name of its supervisor, which renews it")
    parser.add_argument("--events", action="store_true", help="send task events from the start")
    return parser


def _run_worker(options: argparse.Namespace, settings: Settings) -> int:
    started_s = time.monotonic()
    tracing.configure("worker", settings.traces)
    pool_name = options.pool or options.engine
    redis = command_client(settings.redis_url, [pool_name])
    check_reachable(redis, settings.redis_url)
    app = make_app(settings.broker, pool_name)
    reach_broker(app, settings.broker)
    engine_options = options_of(options.engine, _engine_options(options), settings)
    engine = load(options.engine, engine_options)
    fingerprint = warm_up(engine)
    engine = with_cache(engine, fingerprint, engine_options, settings)
    ready_ms = round((time.monotonic() - started_s) * 1000)
    owner = options.owner or f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"
    pool_client, lifetime = (
        PoolClient(redis, app, pool_name, settings),
        Lifetime.of(settings, options.group, options.index),
    )
    facts = registration_of(engine, settings, ready_ms, fingerprint, until_accepted(partial(round_trip_s, redis)))
    speed = SpeedCheck(options.tuned_x, engine.slots)
    worker_state = WorkerState(pool_client, engine, owner, facts, lifetime=lifetime, speed=speed)
    register(app, counted(worker_state, partial(run_attempt, worker_state)))
    _register_in_pool(redis, pool_name, owner, settings, worker_state.facts)
    log.info("ready", extra=settings_in_force(worker_state) | {"slots_from": options.slots_from})
    return _take_work(worker_state, options)


def settings_in_force(worker_state: WorkerState) -> dict[str, object]:
    """The settings and facts of a process that an operator needs first."""
    facts, settings = worker_state.facts, worker_state.pool_client.settings
    return {
        "owner": worker_state.owner, "pool": worker_state.pool_client.pool, "engine": facts.engine,
        "slots": facts.slots,
        "ready_ms": facts.ready_ms, "fingerprint": facts.fingerprint, "voices": len(worker_state.engine.voices),
        "limits": dict(worker_state.engine.limits),
        "live_window_ms": settings.live_window_ms,
        "batch_window_ms": settings.batch_window_ms, "queue_limit_ms": settings.queue_limit_ms,
        "max_failures": settings.max_failures, "stall_timeout_ms": settings.stall_timeout_ms,
    }  # fmt: skip


def _engine_options(options: argparse.Namespace) -> Mapping[str, str]:
    pairs = dict(_parse_pair(text) for text in options.engine_option)
    return pairs | ({"slots": str(options.slots)} if options.slots else {})


def _parse_pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Misconfigured(f"--engine-option {text!r}; expected KEY=VALUE")
    return name, value


def _register_in_pool(
    redis: "Redis", pool_name: str, owner: str, settings: Settings, facts: WorkerRegistration
) -> None:
    registration = pool_scripts.register(pool_name, owner, settings.lease_ms, facts)
    result = until_accepted(partial(run, redis, registration))
    if result.rate_hz:
        raise Misconfigured(
            f"pool {pool_name!r} has a sample rate of {result.rate_hz} Hz and this engine {facts.rate_hz} Hz; "
            "give this worker a pool of its own with --pool NAME"
        )
    warn_if_audio_differs(owner, facts, result)


def _take_work(worker_state: WorkerState, options: argparse.Namespace) -> int:
    """Take work until a signal; then finish the running sentences and leave the pool."""
    pool_client, ended = worker_state.pool_client, threading.Event()
    blocking_redis = blocking_client(pool_client.settings.redis_url, [pool_client.pool])
    worker_state.waiting_redis = blocking_redis
    gauges = WorkerGauges.of(worker_state, os.environ)
    reporter = watched_tasks.start("result-reporter", partial(report_results, worker_state))
    watched_tasks.start("gpu", partial(gauges.gpu.run, ended))
    threads = [
        watched_tasks.start("heartbeat", partial(heartbeat.heartbeat_loop, worker_state, gauges, ended)),
        watched_tasks.start("sweeper", partial(heartbeat.sweeper_loop, worker_state, blocking_redis, ended)),
    ]
    if isinstance(pool_client.redis, ClusterClient):
        watched_tasks.start("confirmation", partial(confirm_loop, pool_client, ended))
    drain = partial(_start_draining, worker_state)
    worker_shutting_down.connect(drain)
    setup_logging.connect(_keep_log_level)
    celery_worker.safe_say = _log_celery_line  # type: ignore[attr-defined]  # the stubs lack it; what its handlers of signals write to the terminal
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        worker_ready.connect(_end_at_sighup)
    pool_client.app.events.dispatcher_cls = "workers.task_events:TaskEventSender"
    worker = pool_client.app.Worker(
        pool="threads",
        concurrency=worker_state.facts.slots,
        hostname=f"{pool_client.pool}-{options.index}-{worker_state.owner.rpartition('.')[2]}@{socket.gethostname()}",
        queues=[queue(pool_client.pool)],
        loglevel="WARNING",
        without_gossip=True,
        without_mingle=True,
        task_events=options.events,
        consumer_cls=partial(MessageFilter, worker_state=worker_state),
        optimization="fair",
        quiet=True,
    )
    until_accepted(partial(dispatch, pool_client))
    worker.start()
    _finish_work(worker_state, ended, reporter)
    heartbeat.leave_pool(worker_state)
    for thread in threads:
        thread.join(timeout=5)
    worker_state.engine.close()
    return int(worker.exitcode or (ExitCode.RENEWED if worker_state.renewing.is_set() else ExitCode.OK))


def _finish_work(worker_state: WorkerState, ended: threading.Event, reporter: threading.Thread) -> None:
    """Speak the sentence ahead, which Celery does not wait for, and report what was spoken."""
    worker_state.draining.set()
    worker_state.ahead.join()
    ended.set()
    worker_state.outcomes.put(None)
    # The leases of what it cannot report by then expire.
    reporter.join(timeout=worker_state.pool_client.settings.lease_ms / 1000)


def _keep_log_level(**_: object) -> None:
    """Keep the log level: Celery sets its own unless this signal has a receiver."""


def _log_celery_line(line: str, _: object = None) -> None:
    """Log what Celery says of a signal: "Warm shutdown" after SIGTERM, the stacks of all threads after SIGUSR1."""
    logs.write_at_once(line.strip().removeprefix("worker: "))


def _end_at_sighup(**_: object) -> None:
    """Treat SIGHUP as SIGTERM: Celery's own handler, set by now, restarts the process in place."""
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def _start_draining(worker_state: WorkerState, **_: object) -> None:
    """Take no more work, and report zero slots to the pool at once, so that nothing is dispatched here.

    A process that is only being renewed has no time limit: it finishes all its sentences.
    """
    limited = not worker_state.renewing.is_set() or worker_state.draining.is_set()
    worker_state.draining.set()
    watched_tasks.start("last heartbeat", partial(_send_last_heartbeat, worker_state))
    if limited:
        until_s = time.monotonic() + worker_state.pool_client.settings.worker_drain_s
        watched_tasks.start("drain-timeout", partial(_end_after_drain, worker_state, until_s))


def _send_last_heartbeat(worker_state: WorkerState) -> None:
    try:
        heartbeat.send_heartbeat(worker_state)
    except SeriatimError as error:  # the regular heartbeat reports it
        log.warning("heartbeat failed", extra={"pool": worker_state.pool_client.pool, "error": str(error)})


def _end_after_drain(worker_state: WorkerState, until_s: float) -> None:
    """Hand back sentences that are unfinished at a monotonic time, and exit; they do not count as failed."""
    time.sleep(max(0.0, until_s - time.monotonic()))
    running = len(worker_state.running_attempts())
    log.warning(
        "drain timed out; unfinished sentences handed back", extra={"owner": worker_state.owner, "sentences": running}
    )
    heartbeat.leave_pool(worker_state)
    os._exit(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
