"""`seriatim dead-letters`: list the sentences that were given up, speak them again, or remove them from the list."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from redis import Redis

from seriatim.client.dead_letter_retry import retry_dead_letters
from seriatim.client.option_checks import check_job
from seriatim.client.producer import Producer
from seriatim.dead_letters import DeadLetter, forget_dead_letters, pools_with_dead_letters, read_dead_letters
from seriatim.errors import BadInput
from seriatim.exit_codes import ExitCode
from seriatim.lua.script_calls import run
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state.pool_record import read_pool

OUTAGE_S = 1.0  #: a person is waiting at the terminal
EXCERPT = 70  #: characters of a text, and of a reason


def run_dead_letters(options: argparse.Namespace, settings: Settings) -> int:
    """Run `seriatim dead-letters [retry|forget]`.

    Raises:
        BadInput: the list has no such sentence, or the command line does not say which ones are meant.
        Unavailable: Redis does not answer.
    """
    redis = command_client(settings.redis_url, outage_s=OUTAGE_S)
    check_reachable(redis, settings.redis_url)
    dead_letters = [
        d
        for pool in ([options.pool] if options.pool else pools_with_dead_letters(redis))
        for d in read_dead_letters(redis, pool)
    ]
    if not options.action:
        _write_line(
            json.dumps([_to_json(redis, d) for d in dead_letters])
            if options.json
            else _format_list(redis, dead_letters)
        )
        return ExitCode.OK
    selected = _select_dead_letters(dead_letters, options)
    if options.action == "forget":
        n_forgotten = sum(
            run(redis, forget_dead_letters(pool, [d.entry for d in letters]))
            for (pool, _), letters in _group_by_job(selected)
        )
        _write_line(f"{n_forgotten} sentence{'s' * (n_forgotten != 1)} forgotten")
    else:
        _retry_jobs(selected, settings)
    return ExitCode.OK


def _retry_jobs(selected: Sequence[DeadLetter], settings: Settings) -> None:
    producer = Producer(settings)
    try:
        for (_, job_id), letters in _group_by_job(selected):
            job = retry_dead_letters(producer, list(letters))
            seqs = ", ".join(str(d.seq) for d in letters)
            _write_line(f"job {job.id} speaks sentences of job {job_id}: {seqs}")
    finally:
        producer.close()


def _select_dead_letters(dead_letters: Sequence[DeadLetter], options: argparse.Namespace) -> list[DeadLetter]:
    if bool(options.job) == options.all:
        raise BadInput(f"dead-letters {options.action}: expected JOB, JOB SEQ ..., or --all")
    if options.all:
        return list(dead_letters)
    check_job(options.job)
    of_job = [d for d in dead_letters if d.job == options.job]
    missing = [str(seq) for seq in options.seq if seq not in {d.seq for d in of_job}]
    if missing or not of_job:
        which = f"sentence {', '.join(missing)} of job" if missing else "job"
        raise BadInput(f"{which} {options.job} is not in the dead-letter list; see: seriatim dead-letters")
    return [d for d in of_job if d.seq in options.seq or not options.seq]


def _group_by_job(selected: Sequence[DeadLetter]) -> Iterator[tuple[tuple[str, str], list[DeadLetter]]]:
    """Group dead letters by pool and job; within a job they are in order of their sentences."""

    def key(d: DeadLetter) -> tuple[str, str]:
        return d.pool, d.job

    return (
        (job_key, sorted(letters, key=lambda d: d.seq)) for job_key, letters in groupby(sorted(selected, key=key), key)
    )


def _to_json(redis: "Redis", d: DeadLetter) -> dict[str, object]:
    fields = {name: value for name, value in asdict(d).items() if name not in ("sentence", "spec")}
    return fields | {"text": d.sentence.text if d.sentence else None, "ago_s": _age_s(redis, d)}


def _format_list(redis: "Redis", dead_letters: Sequence[DeadLetter]) -> str:
    if not dead_letters:
        return "no dead letters"
    return "\n".join(_format_dead_letter(redis, d) for d in dead_letters)


def _format_dead_letter(redis: "Redis", d: DeadLetter) -> str:
    failures = f"{d.failures} failure{'s' * (d.failures != 1)}"
    head = f"{d.job} {d.seq}  pool {d.pool}, {failures}, {_format_age(_age_s(redis, d))} ago"
    text = _printable_excerpt(d.sentence.text) if d.sentence else "(its text is lost)"
    return f"{head}\n  {_printable_excerpt(d.reason)}\n  {text}"


def _age_s(redis: "Redis", d: DeadLetter) -> float:
    now_ms = read_pool(redis, d.pool).now_ms
    return max(0.0, round((now_ms - d.at_ms) / 1000, 1))


def _format_age(age_s: float) -> str:
    for unit, length_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if age_s >= 2 * length_s:
            return f"{age_s / length_s:.0f} {unit}"
    return f"{age_s:.0f} s"


def _printable_excerpt(text: str) -> str:
    """The beginning of `text`, without control characters that a terminal would act on."""
    shown = "".join(c if c.isprintable() else "·" for c in text[:EXCERPT])
    return shown + "…" * (len(text) > EXCERPT)


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
