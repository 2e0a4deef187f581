"""`seriatim dead-letters`: sentences that were given up; speak them again, or forget them."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from redis import Redis

from seriatim.client.client import Client
from seriatim.client.dead_letter_retry import retry_dead_letters
from seriatim.client.job_options import check_job
from seriatim.dead_letters import DeadLetter, forget_dead_letters, pools_with_dead_letters, read_dead_letters
from seriatim.errors import BadInput
from seriatim.exit_codes import ExitCode
from seriatim.lua.script_calls import run
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state.pool_record import read_pool

OUTAGE_S = 1.0  #: a person waits
EXCERPT = 70  #: characters of a text, and of a reason


def run_dead_letters(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim dead-letters [retry|forget]`.

    Raises:
        BadInput: no such sentence in the list, or not said which.
        Unavailable: Redis does not answer.
    """
    redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    check_reachable(redis, settings.redis_url)
    listed = [
        d
        for pool in ([options.pool] if options.pool else pools_with_dead_letters(redis))
        for d in read_dead_letters(redis, pool)
    ]
    if not options.action:
        _write(json.dumps([_as_json(redis, d) for d in listed]) if options.json else _table(redis, listed))
        return ExitCode.OK
    wanted = _wanted(listed, options)
    if options.action == "forget":
        gone = sum(
            run(redis, forget_dead_letters(pool, [d.entry for d in some])) for (pool, _), some in _by_job(wanted)
        )
        _write(f"{gone} sentence{'s' * (gone != 1)} forgotten")
    else:
        _retry(wanted, settings)
    return ExitCode.OK


def _retry(wanted: Sequence[DeadLetter], settings: Settings) -> None:
    producer = Client(settings=settings)
    try:
        for (_, old), some in _by_job(wanted):
            job = retry_dead_letters(producer, list(some))
            seqs = ", ".join(str(d.seq) for d in some)
            _write(f"job {job.id} speaks again, of job {old}: {seqs}")
    finally:
        producer.close()


def _wanted(listed: Sequence[DeadLetter], options: argparse.Namespace) -> list[DeadLetter]:
    if bool(options.job) == options.all:
        raise BadInput(f"dead {options.action}: say JOB, and SEQ if not all of its sentences are meant; or --all")
    if options.all:
        return list(listed)
    check_job(options.job)
    of_job = [d for d in listed if d.job == options.job]
    missing = [str(seq) for seq in options.seq if seq not in {d.seq for d in of_job}]
    if missing or not of_job:
        which = f"sentence {', '.join(missing)} of job" if missing else "job"
        raise BadInput(f"{which} {options.job} is not in the dead-letter list; see: seriatim dead-letters")
    return [d for d in of_job if d.seq in options.seq or not options.seq]


def _by_job(wanted: Sequence[DeadLetter]) -> Iterator[tuple[tuple[str, str], list[DeadLetter]]]:
    """The sentences of each job, by pool and job."""

    def key(d: DeadLetter) -> tuple[str, str]:
        return d.pool, d.job

    return ((of, sorted(some, key=lambda d: d.seq)) for of, some in groupby(sorted(wanted, key=key), key))


def _as_json(redis: "Redis", d: DeadLetter) -> dict[str, object]:
    said = {name: value for name, value in asdict(d).items() if name not in ("sentence", "spec")}
    return said | {"text": d.sentence.text if d.sentence else None, "ago_s": _ago_s(redis, d)}


def _table(redis: "Redis", listed: Sequence[DeadLetter]) -> str:
    if not listed:
        return "nothing was given up"
    return "\n".join(_lines(redis, d) for d in listed)


def _lines(redis: "Redis", d: DeadLetter) -> str:
    failures = f"{d.failures} failure{'s' * (d.failures != 1)}"
    head = f"{d.job} {d.seq}  pool {d.pool}, {failures}, {_ago(_ago_s(redis, d))} ago"
    return f"{head}\n  {_excerpt(d.reason)}\n  {_excerpt(d.sentence.text) if d.sentence else '(its text is lost)'}"


def _ago_s(redis: "Redis", d: DeadLetter) -> float:
    now_ms = read_pool(redis, d.pool).now_ms
    return max(0.0, round((now_ms - d.at_ms) / 1000, 1))


def _ago(ago_s: float) -> str:
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if ago_s >= 2 * length_s:
            return f"{ago_s / length_s:.0f} {unit}"
    return f"{ago_s:.0f} s"


def _excerpt(text: str) -> str:
    """Its beginning, with nothing that a terminal would obey."""
    shown = "".join(c if c.isprintable() else "·" for c in text[:EXCERPT])
    return shown + "…" * (len(text) > EXCERPT)


def _write(words: str) -> None:
    sys.stdout.write(words + "\n")
