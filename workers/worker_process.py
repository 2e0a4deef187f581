"""One worker process: load the engine once, warm it up by speaking, offer its slots, then take work.

Each process is a Celery worker of its own with a pool of threads, one per slot: loads = processes, a crash takes
one engine down, and nothing is consumed before the engine has spoken (decision 4). `seriatim worker`
(workers/supervisor.py) starts as many as there are to be, and starts those again that end.
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
from collections.abc import Mapping, Sequence
from functools import partial

from celery.signals import setup_logging, worker_ready, worker_shutting_down
from redis import Redis

from seriatim import log as logs
from seriatim import tracing
from seriatim.celery_app import make_app, reach_broker
from seriatim.dispatch import PoolClient, dispatch
from seriatim.engine import Engine, Utterance
from seriatim.errors import EngineFailed, EngineUnavailable, Misconfigured, SeriatimError, Unavailable, forbidden
from seriatim.exit_codes import ExitCode
from seriatim.keys import queue
from seriatim.lua import pool_scripts
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.script_calls import run
from seriatim.process import watched_tasks
from seriatim.servers.redis_clients import blocking_client, check_reachable, command_client
from seriatim.settings import Settings
from tasks.celery_task import register
from workers import (
    heartbeat,
    remote_control,  # noqa: F401  # its commands replace some of Celery's
)
from workers.attempt import run_attempt
from workers.engines.engine_registry import load, options_of
from workers.message_filter import MessageFilter
from workers.registration import registration_of
from workers.result_reporter import report_results
from workers.worker_gauges import WorkerGauges
from workers.worker_lifetime import Lifetime
from workers.worker_state import WorkerState

log = logging.getLogger(__name__)

WARM_UP = "The quick brown fox jumps over the lazy dog."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker process until it is told to stop; returns its exit status."""
    options = _arguments().parse_args(argv)
    try:
        settings = Settings.from_env(os.environ)
        logs.configure(
            settings.log_level, f"worker {options.pool or options.engine}#{options.index}", settings.log_format
        )
        return _work(options, settings)
    except PermissionError as error:  # a model's folder of somebody else: it would be the same next time
        sys.stderr.write(f"seriatim worker: {forbidden(error)}\n")
        return ExitCode.CANNOT_START
    except SeriatimError as error:
        sys.stderr.write(f"seriatim worker: {error}\n")
        return _status_of(error)


def _status_of(error: SeriatimError) -> ExitCode:
    """What a supervisor is to make of it: it starts a process again unless that cannot help."""
    if isinstance(error, Unavailable):
        return ExitCode.UNAVAILABLE
    return ExitCode.FAILED if error.retryable else ExitCode.CANNOT_START


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers.worker_process")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--pool", default="")
    parser.add_argument("--slots", type=int, default=0, help="sentences at once; 0: as the engine says")
    parser.add_argument("--engine-option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--index", default="0", help="which of the supervisor's processes this is")
    parser.add_argument("--owner", default="", help="name of this process in the pool")
    parser.add_argument(
        "--group", default="", help="its supervisor, which starts another when it has lived long enough"
    )
    parser.add_argument("--events", action="store_true", help="send task events from the start")
    return parser


def _work(options: argparse.Namespace, settings: Settings) -> int:
    born_s = time.monotonic()
    tracing.configure("worker", settings.traces)
    pool_name = options.pool or options.engine
    redis = command_client(settings.redis_url, [pool_name])
    check_reachable(redis, settings.redis_url)
    app = make_app(settings.broker, pool_name)
    reach_broker(app, settings.broker)
    engine = load(options.engine, options_of(options.engine, _engine_options(options), settings))
    warm_up(engine)
    ready_ms = round((time.monotonic() - born_s) * 1000)
    owner = options.owner or f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"
    pool_client, lifetime = (
        PoolClient(redis, app, pool_name, settings),
        Lifetime.of(settings, options.group, options.index),
    )
    worker_state = WorkerState(
        pool_client, engine, owner, registration_of(engine, settings, ready_ms), lifetime=lifetime
    )
    register(app, partial(run_attempt, worker_state))
    _register(redis, pool_name, owner, settings, worker_state.facts)
    log.info("ready", extra=settings_in_force(worker_state))
    return _serve(worker_state, options)


def settings_in_force(worker_state: WorkerState) -> dict[str, object]:
    """The facts of a process that an operator asks for first."""
    facts, settings = worker_state.facts, worker_state.pool_client.settings
    return {
        "owner": worker_state.owner, "pool": worker_state.pool_client.pool, "engine": facts.engine,
        "slots": facts.slots,
        "ready_ms": facts.ready_ms, "voices": len(worker_state.engine.voices),
        "limits": dict(worker_state.engine.limits),
        "live_window_ms": settings.live_window_ms,
        "batch_window_ms": settings.batch_window_ms, "queue_limit_ms": settings.queue_limit_ms,
        "max_failures": settings.max_failures, "stall_timeout_ms": settings.stall_timeout_ms,
    }  # fmt: skip


def _engine_options(options: argparse.Namespace) -> Mapping[str, str]:
    pairs = dict(_pair(text) for text in options.engine_option)
    return pairs | ({"slots": str(options.slots)} if options.slots else {})


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise Misconfigured(f"--engine-option {text!r}; expected KEY=VALUE")
    return name, value


def warm_up(engine: Engine) -> None:
    """Speak once through the real path, so that the first user does not pay for what is loaded late.

    Raises:
        EngineUnavailable: nothing came out; it would be the same next time.
    """
    try:
        n_bytes = sum(len(spoken.pcm) for spoken in engine.speak(Utterance(WARM_UP), lambda: False))
    except EngineFailed as error:
        raise EngineUnavailable(f"the {engine.name} engine failed at its warm-up sentence: {error}") from error
    if n_bytes == 0:
        raise EngineUnavailable(f"the {engine.name} engine gave no sound for its warm-up sentence")


def _register(redis: "Redis", pool_name: str, owner: str, settings: Settings, facts: WorkerRegistration) -> None:
    other_hz = run(redis, pool_scripts.register(pool_name, owner, settings.lease_ms, facts))
    if other_hz:
        raise Misconfigured(
            f"pool {pool_name!r} speaks at {other_hz} Hz and this engine at {facts.rate_hz} Hz: "
            "give this worker a pool of its own with --pool NAME"
        )


def _serve(worker_state: WorkerState, options: argparse.Namespace) -> int:
    """Take work until told to stop; then finish what runs, and leave."""
    pool_client, ended = worker_state.pool_client, threading.Event()
    waiting = blocking_client(pool_client.settings.redis_url, [pool_client.pool])
    gauges = WorkerGauges.of(worker_state, os.environ)
    telling = watched_tasks.start("clerk", partial(report_results, worker_state))
    watched_tasks.start("gpu", partial(gauges.gpu.run, ended))
    threads = [
        watched_tasks.start("pulse", partial(heartbeat.heartbeat_loop, worker_state, gauges, ended)),
        watched_tasks.start("sweeper", partial(heartbeat.sweeper_loop, worker_state, waiting, ended)),
    ]
    drain = partial(_drain, worker_state)
    worker_shutting_down.connect(drain)
    setup_logging.connect(_leave_the_log)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        worker_ready.connect(_end_at_hangup)
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
    dispatch(pool_client)
    worker.start()
    ended.set()
    worker_state.draining.set()
    worker_state.told.put(None)
    telling.join(timeout=pool_client.settings.lease_ms / 1000)  # what it cannot tell by then, expired leases say
    heartbeat.leave_pool(worker_state)
    for thread in threads:
        thread.join(timeout=5)
    worker_state.engine.close()
    return int(worker.exitcode or (ExitCode.RENEWED if worker_state.renewing.is_set() else ExitCode.OK))


def _leave_the_log(**_: object) -> None:
    """Celery sets no level where somebody answers this: it would raise ours to its own."""


def _end_at_hangup(**_: object) -> None:
    """Celery has set a handler by now, which starts the process anew in its place."""
    signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def _drain(worker_state: WorkerState, **_: object) -> None:
    """Celery was told to stop: take no more. The pool hears of it at once, so that nothing is dispatched here.

    Nobody waits for the end of a process that is only renewed: it finishes all that it speaks.
    """
    hasty = not worker_state.renewing.is_set() or worker_state.draining.is_set()
    worker_state.draining.set()
    threading.Thread(
        target=partial(heartbeat.send_heartbeat, worker_state), name="last beat", daemon=True
    ).start()  # or the pulse does
    if hasty:
        watched_tasks.start("cut off", partial(_cut_off, worker_state))


def _cut_off(worker_state: WorkerState) -> None:
    """Hand back what is not finished within SERIATIM_WORKER_DRAIN_S, nobody blamed."""
    time.sleep(worker_state.pool_client.settings.worker_drain_s)
    running = len(worker_state.snapshot())
    log.warning("ended before its sentences were", extra={"owner": worker_state.owner, "sentences": running})
    heartbeat.leave_pool(worker_state)
    os._exit(ExitCode.OK)


if __name__ == "__main__":
    sys.exit(main())
