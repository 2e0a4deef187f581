"""The commands of an operator: cancel, set, timeline; `status` is in system_status.py."""

import argparse
import sys
from pathlib import Path

from redis import Redis

from gateway.cli.commands.system_status import OUTAGE_S, run_status
from gateway.cli.parser_parts import option_of
from gateway.cli.render.timeline_plot import draw_timeline
from gateway.http.routing.route_table import settings_of_job
from gateway.local.installed_engines import running_default
from seriatim.audio.output_file import translate_write_errors
from seriatim.client.job import Job
from seriatim.client.operator_limits import characters_of_today, set_pool_limit, set_pool_rates, set_user_limits
from seriatim.client.option_checks import check_range
from seriatim.client.producer import Producer
from seriatim.errors import BadInput, JobUnknown
from seriatim.exit_codes import ExitCode
from seriatim.job_timeline import read
from seriatim.records import RATES
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.user_limits import LIMITS, MAX_LIMIT


def cancel(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim cancel JOB`."""
    job = _attach_job(options.job, settings)
    done = job.cancel(options.reason)
    _write_line(f"job {job.id} {'is cancelled' if done else 'has already ended: ' + job.status().state}")
    return ExitCode.OK


def set_limits(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim set JOB`, `seriatim set --user NAME --pool NAME` or `seriatim set --pool NAME --allowed N`."""
    if options.allowed is not None or _rates_of(options):
        return _set_pool(options, settings)
    return _set_user(options, settings) if options.user else _set_job(options, settings)


def _set_job(options: argparse.Namespace, settings: Settings) -> int:
    if not options.job or (options.priority is None and options.weight is None):
        raise BadInput(
            "nothing to set; give JOB with --priority or --weight, --user NAME with a weight or a cap, or --pool NAME "
            "with --allowed, --requests-minute or --characters-minute"
        )
    weight = None if options.weight is None else _parse_number("--weight", options.weight)
    if options.weight is not None and weight is None:
        raise BadInput("--weight none needs --user: the weight of one job cannot be removed")
    job = _attach_job(options.job, settings)
    done = job.tune(priority=options.priority, weight=weight)
    _write_line(f"job {job.id} {'is changed' if done else 'has already ended: ' + job.status().state}")
    return ExitCode.OK


def _set_user(options: argparse.Namespace, settings: Settings) -> int:
    if options.job or options.priority is not None:
        raise BadInput("--user sets limits for all of a user's jobs and excludes JOB and --priority")
    texts = {name: text for name in LIMITS if (text := getattr(options, name)) is not None}
    changes = {name: _parse_limit(name, text) for name, text in texts.items()}
    pool = options.pool or running_default(settings)
    redis = _connect(settings)
    limits = set_user_limits(redis, pool, options.user, changes).as_dict()
    shown = ", ".join(f"{option_of(name).removeprefix('--')} {value:g}" for name, value in limits.items())
    if "characters_day" in limits:
        shown += f" ({characters_of_today(redis, pool, options.user)} of them spent today)"
    _write_line(f"user {options.user} in pool {pool}: {shown or 'no limits set; those of each job apply'}")
    return ExitCode.OK


def _set_pool(options: argparse.Namespace, settings: Settings) -> int:
    if options.job or options.user or options.priority is not None:
        raise BadInput(
            "--allowed, --requests-minute and --characters-minute set limits for a whole pool and exclude JOB, --user "
            "and --priority"
        )
    pool = options.pool or running_default(settings)
    if options.allowed is not None:
        _set_allowed(options, settings, pool)
    if rates := _rates_of(options):
        changes = {name: _parse_whole(f"--{name}-minute", text) for name, text in rates.items()}
        found = set_pool_rates(_connect(settings), pool, changes)
        shown = " and ".join(f"{most} {name}" for name, most in found.items())
        _write_line(f"pool {pool}: at most {shown} a minute" if found else f"pool {pool}: no rate is limited")
    return ExitCode.OK


def _rates_of(options: argparse.Namespace) -> dict[str, str]:
    """The rates that are to be set, as written."""
    return {name: text for name in RATES if (text := getattr(options, f"{name}_minute")) is not None}


def _parse_whole(option: str, text: str) -> int | None:
    value = _parse_number(option, text)
    if value is not None:
        check_range(option, value, 1, MAX_LIMIT)
    return None if value is None else int(value)


def _set_allowed(options: argparse.Namespace, settings: Settings, pool: str) -> None:
    value = _parse_whole("--allowed", options.allowed)
    usable = set_pool_limit(_connect(settings), pool, value)
    limit = "no limit set" if value is None else f"at most {value} sentences at once"
    _write_line(f"pool {pool}: {limit}; it may use {usable} of its slots now")


def timeline(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim timeline JOB -o FILE.svg`."""
    job = _attach_job(options.job, settings)
    found = read(job.redis, job.pool, job.id)
    if found.empty:
        raise JobUnknown(f"no timeline of job {job.id}: it expires together with the job's state")
    with translate_write_errors(options.output):
        draw_timeline(found, job.id).save(Path(options.output))
    _write_line(f"{options.output}: {len(found.sentences)} sentences, {len(found.lost)} attempts lost")
    return ExitCode.OK


def _parse_limit(name: str, text: str) -> float | None:
    value = _parse_number(option_of(name), text)
    if value is not None:
        check_range(option_of(name), value, LIMITS[name].low, LIMITS[name].high)
    return value


def _parse_number(option: str, text: str) -> float | None:
    """The number in `text`, or None for `none`, which removes a setting.

    Raises:
        BadInput: it is neither; the message names the option.
    """
    if text == "none":
        return None
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        raise BadInput(f"{option} {text!r}; expected a number, or none to remove the setting") from None


def _connect(settings: Settings) -> "Redis":
    redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    check_reachable(redis, settings.redis_url)
    return redis


def _attach_job(job_id: str, settings: Settings) -> Job:
    own = settings_of_job(job_id, settings)
    _connect(own)
    return Producer(own).attach(job_id)


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")


COMMANDS = {"status": run_status, "cancel": cancel, "set": set_limits, "timeline": timeline}
