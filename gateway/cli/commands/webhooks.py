"""`seriatim webhooks`: list webhooks that wait for their receivers or were given up, and send them again."""

import argparse
import json
import sys
from dataclasses import asdict

from seriatim.client.option_checks import check_job
from seriatim.errors import BadInput
from seriatim.exit_codes import ExitCode
from seriatim.lua.script_calls import run_many
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.webhooks.webhook_delivery import WebhookDelivery, read_deliveries, retry

OUTAGE_S = 1.0  #: a person is waiting at the terminal


def run_webhooks(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim webhooks [retry]`.

    Raises:
        BadInput: nothing is kept of a job's webhook, or the command line does not say which ones are meant.
        Unavailable: Redis does not answer.
    """
    redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    check_reachable(redis, settings.redis_url)
    dead = read_deliveries(redis, dead=True)
    if not options.action:
        _write_list(read_deliveries(redis, dead=False), dead, as_json=options.json)
        return ExitCode.OK
    if bool(options.jobs) == options.all:
        raise BadInput("webhooks retry: expected JOB ..., or --all")
    jobs = [delivery.job for delivery in dead] if options.all else [check_job(job) for job in options.jobs]
    found = run_many(redis, [retry(job) for job in jobs])
    missing = [job for job, kept in zip(jobs, found, strict=True) if not kept]
    if missing:
        raise BadInput(f"no webhook of job {', '.join(missing)} is kept; see: seriatim webhooks")
    sys.stdout.write(f"{len(jobs)} webhook{'s' * (len(jobs) != 1)} will be sent again\n")
    return ExitCode.OK


def _write_list(waiting: list[WebhookDelivery], dead: list[WebhookDelivery], *, as_json: bool) -> None:
    kinds = (("waiting", waiting), ("dead", dead))
    if as_json:
        rows = [{"delivery": kind, **asdict(delivery)} for kind, found in kinds for delivery in found]
        sys.stdout.write(json.dumps(rows) + "\n")
        return
    lines = [_line(kind, delivery) for kind, found in kinds for delivery in found]
    sys.stdout.write("\n".join(lines or ["no webhook waits, and none was given up"]) + "\n")


def _line(kind: str, delivery: WebhookDelivery) -> str:
    tries = f"{delivery.tries} tr{'y' if delivery.tries == 1 else 'ies'}"
    error = f": {delivery.error}" if delivery.error else ""
    shown = f"{delivery.job}  {kind}, {delivery.kind} {delivery.state}, {tries}{error}\n  {delivery.target.url}"
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in shown)
