"""The parsers of the commands that inspect and control jobs, pools and users."""

import argparse
from collections.abc import Callable
from typing import Any

from gateway.cli.parser_parts import add_command, add_redis, option_of
from seriatim.records import RATES
from seriatim.user_limits import LIMITS

SET = """\
examples:
  seriatim set JOB --priority 5                            ahead of its user's other jobs
  seriatim set --user anna --pool espeak --weight 4        four times the share, also for running jobs
  seriatim set --user anna --in-flight 2 --jobs none       set one cap, remove another
  seriatim set --pool openai --allowed 3                   at most three sentences at once, from now on; or none
"""
DEAD_LETTERS = """\
A sentence that failed SERIATIM_MAX_FAILURES times is given up and listed here: the newest 1,000, for a week. A retry
speaks the listed sentences of a job as a new, recorded job; the old job stays as it was.

examples:
  seriatim dead-letters                         list sentences that were given up, with reason and age
  seriatim dead-letters retry JOB               all sentences of a job; JOB 3 7: two of them
  seriatim dead-letters retry --all --pool xtts
  seriatim dead-letters forget JOB
"""

WEBHOOKS = """\
A webhook that no receiver accepted is tried again after the pauses of SERIATIM_WEBHOOK_RETRY_S, then given up, and kept
for a week.

examples:
  seriatim webhooks                             list webhooks that wait or were given up, with the last error
  seriatim webhooks retry JOB                   send a job's webhook now
  seriatim webhooks retry --all                 send all that were given up
"""


def _add_status(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="a job's id")
    p.add_argument("--json", action="store_true", help="print JSON")
    p.add_argument("--watch", action="store_true", help="refresh until Ctrl-C")
    add_redis(p)


def _add_cancel(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="the job's id")
    p.add_argument(
        "--reason", default="cancelled from the command line", metavar="TEXT", help="reason shown to readers"
    )
    add_redis(p)


def _add_set(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", nargs="?", metavar="JOB", help="a job's id; or use --user")
    p.add_argument("--priority", type=int, metavar="N", help="-9 to 9 among its user's jobs")
    p.add_argument(
        "--weight", metavar="X", help="share of the pool relative to other users; with JOB until the user's next job"
    )
    p.add_argument(
        "--user",
        metavar="NAME",
        help="set limits that override those of the user's jobs; the value none removes a limit",
    )
    p.add_argument("--pool", default="", metavar="NAME", help="pool of the limits (default: the one that speaks)")
    p.add_argument(
        "--allowed", metavar="N", help="sentences that all workers of the pool speak at once; none removes the limit"
    )
    for rate in RATES:
        p.add_argument(
            f"--{rate}-minute", metavar="N", help=f"{rate} that all workers of the pool send in a minute; none: any"
        )
    for name, limit in LIMITS.items():
        if name != "weight":  # above: also of a job
            p.add_argument(option_of(name), metavar="N", help=limit.help)
    add_redis(p)


def _add_timeline(p: argparse.ArgumentParser) -> None:
    p.add_argument("job", metavar="JOB", help="the job's id")
    p.add_argument("-o", "--output", default="timeline.svg", metavar="FILE", help="SVG file to write (timeline.svg)")
    add_redis(p)


def _add_dead_letters(p: argparse.ArgumentParser) -> None:
    _dead_letter_source(p, None)
    p.add_argument("--json", action="store_true", help="print JSON")
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    for name, summary in (
        ("retry", "speak sentences again, as a new job"),
        ("forget", "remove sentences from the list"),
    ):
        action = add_command(actions, name, summary, DEAD_LETTERS)
        action.add_argument("job", nargs="?", metavar="JOB", help="a job's id")
        action.add_argument(
            "seq", nargs="*", type=int, metavar="SEQ", help="sentences of the job, 0-based (default: all)"
        )
        action.add_argument("--all", action="store_true", help="the sentences of all jobs")
        _dead_letter_source(action, argparse.SUPPRESS)


def _dead_letter_source(p: argparse.ArgumentParser, default: Any) -> None:
    """The pool whose list is meant; `default` as in `parser_parts.add_options`."""
    p.add_argument("--pool", default=default, metavar="NAME", help="the dead letters of one pool (default: of all)")
    p.add_argument("--redis", default=default, metavar="URL", help="a running system's Redis (SERIATIM_REDIS_URL)")


def _add_webhooks(p: argparse.ArgumentParser) -> None:
    add_redis(p)
    p.add_argument("--json", action="store_true", help="print JSON")
    actions = p.add_subparsers(dest="action", metavar="ACTION")
    action = add_command(actions, "retry", "send webhooks again, from the first try on", WEBHOOKS)
    action.add_argument("jobs", nargs="*", metavar="JOB", help="ids of jobs")
    action.add_argument("--all", action="store_true", help="all that were given up")
    action.add_argument(
        "--redis", default=argparse.SUPPRESS, metavar="URL", help="a running system's Redis (SERIATIM_REDIS_URL)"
    )


#: command: summary, epilog, the function that adds its arguments
OPERATORS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "status": ("show pools, workers and jobs, or one job", "", _add_status),
    "cancel": ("cancel a job: its remaining sentences are not spoken", "", _add_cancel),
    "set": ("change a running job's priority, a user's weight and caps, or a pool's limit", SET, _add_set),
    "timeline": ("draw when each worker spoke which sentence, and when it was heard", "", _add_timeline),
    "dead-letters": (
        "list sentences that were given up, speak them again, or remove them from the list",
        DEAD_LETTERS,
        _add_dead_letters,
    ),
    "webhooks": ("list webhooks that wait or were given up, or send them again", WEBHOOKS, _add_webhooks),
}
