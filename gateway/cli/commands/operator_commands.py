"""The commands that look and steer: status, cancel, set, timeline."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from redis import Redis
from rich.console import Console

from gateway.cli.render import status_tables
from gateway.cli.render.timeline_plot import draw
from gateway.local.installed_engines import running_default
from seriatim.client.client import Client
from seriatim.client.job import Job
from seriatim.client.user_limits import set_user_limits
from seriatim.errors import BadInput, JobUnknown, Unwritable
from seriatim.exit_codes import ExitCode
from seriatim.job_timeline import read
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state import pool_state as standing

OUTAGE_S = 1.0  #: a person waits


def status(options: argparse.Namespace, settings: Settings) -> int:
    """`seriatim status [JOB]`."""
    redis = _reached(settings)
    console = Console(width=None if sys.stdout.isatty() else 160)
    if options.job:
        found = Client(settings=settings).attach(options.job).status()
        _write(json.dumps(asdict(found)) if options.json else status_tables.job(found))
    elif options.json:
        _write(json.dumps(standing.as_json(standing.pool_states(redis))))
    elif options.watch:
        status_tables.watch(
            lambda: status_tables.system(standing.redis_state(redis), standing.pool_states(redis)), console
        )
    else:
        console.print(status_tables.system(standing.redis_state(redis), standing.pool_states(redis)))
    return ExitCode.OK


def cancel(options: argparse.Namespace, settings: Settings) -> int:
    """`seriatim cancel JOB`."""
    job = _attached(options.job, settings)
    done = job.cancel(options.reason)
    _write(f"job {job.id} {'is cancelled' if done else 'had ended already: ' + job.status().state}")
    return ExitCode.OK


def set_limits(options: argparse.Namespace, settings: Settings) -> int:
    """`seriatim set JOB` or `seriatim set --user NAME --pool NAME`."""
    return _set_user(options, settings) if options.user else _set_job(options, settings)


def _set_job(options: argparse.Namespace, settings: Settings) -> int:
    if not options.job or (options.priority is None and options.weight is None):
        raise BadInput("nothing to set; say JOB and --priority or --weight, or --user NAME and what it may have")
    weight = None if options.weight is None else _number("--weight", options.weight)
    if options.weight is not None and weight is None:
        raise BadInput("--weight none is for --user: a job cannot take a setting back")
    job = _attached(options.job, settings)
    done = job.tune(priority=options.priority, weight=weight)
    _write(f"job {job.id} {'is changed' if done else 'had ended already: ' + job.status().state}")
    return ExitCode.OK


def _set_user(options: argparse.Namespace, settings: Settings) -> int:
    if options.job or options.priority is not None:
        raise BadInput("--user is for all of a user's jobs; JOB and --priority are for one")
    given = {
        "weight": options.weight, "cap_jobs": options.jobs, "cap_infl": options.in_flight,
        "cap_queued_ms": options.queued_s,
    }  # fmt: skip
    changes = {name: _number(name, said) for name, said in given.items() if said is not None}
    queued_s = changes.get("cap_queued_ms")
    if queued_s is not None:
        changes["cap_queued_ms"] = queued_s * 1000
    pool = options.pool or running_default(settings)
    share = set_user_limits(_reached(settings), pool, options.user, changes)
    found = {name: value for name, value in asdict(share).items() if value is not None}
    said = ", ".join(f"{name} {value:g}" for name, value in found.items()) or "nothing is set: as the requests say"
    _write(f"user {options.user} in pool {pool}: {said}")
    return ExitCode.OK


def timeline(options: argparse.Namespace, settings: Settings) -> int:
    """`seriatim timeline JOB -o FILE.svg`."""
    job = _attached(options.job, settings)
    found = read(job.redis, job.pool, job.id)
    if found.empty:
        raise JobUnknown(f"nothing is known of job {job.id} any more: a timeline is kept as long as the job's state")
    try:
        draw(found, job.id).save(Path(options.output))
    except OSError as error:
        raise Unwritable(f"cannot write {options.output}: {error.strerror}") from None
    _write(f"{options.output}: {len(found.spoken)} sentences, {len(found.lost)} attempts lost")
    return ExitCode.OK


def _number(name: str, said: str) -> float | None:
    """A number, or None for `none`, which takes a setting back."""
    if said == "none":
        return None
    try:
        return float(said)
    except ValueError:
        raise BadInput(f"{name} {said!r}; expected a number, or none to take it back") from None


def _reached(settings: Settings) -> "Redis":
    redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    check_reachable(redis, settings.redis_url)
    return redis


def _attached(job_id: str, settings: Settings) -> Job:
    _reached(settings)
    return Client(settings=settings).attach(job_id)


def _write(words: str) -> None:
    sys.stdout.write(words + "\n")


COMMANDS = {"status": status, "cancel": cancel, "set": set_limits, "timeline": timeline}
