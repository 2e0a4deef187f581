"""Retry of dead letters: given-up sentences are spoken as a new job, because what was heard of the old one stays."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from seriatim.client.client import Client
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.dead_letters import DeadLetter, forget_dead_letters
from seriatim.errors import BadInput
from seriatim.lua.script_calls import run
from seriatim.records import JobSpec, Sentence, seed_of


def retry_dead_letters(producer: Client, dead: Sequence[DeadLetter]) -> Job:
    """Enqueue sentences of one job again, in order, with its voice and their own seeds; then they leave the list.

    The new job is recorded, whoever listens. A crash in between is no matter: the same sentences are the same job.

    Raises:
        BadInput: nothing is left of what they said.
        as `Client.enqueue`.
    """
    first = dead[0]
    told = sorted((d for d in dead if d.sentence is not None), key=lambda d: d.seq)
    if not told:
        raise BadInput(f"the text of job {first.job} is lost: nothing can be spoken again; forget it")
    spec = next((d.spec for d in told if d.spec), None) or JobSpec()
    job = producer.enqueue([_retry_job_request(d, spec) for d in told], _request(first, spec, told))
    run(producer.redis, forget_dead_letters(first.pool, [d.entry for d in told]))
    return job


def _request(first: DeadLetter, spec: JobSpec, told: Sequence[DeadLetter]) -> JobRequest:
    which = hashlib.blake2s(" ".join(f"{d.entry} {d.at_ms}" for d in told).encode(), digest_size=8).hexdigest()
    return JobRequest.of(
        {
            "engine": first.pool, "pool": first.pool, "user": first.user or "anonymous", "kind": "batch",
            "drain": "store", "gap": "skip", "voice": spec.voice, "language": spec.language, "speed": spec.speed,
            "seed": spec.seed, "options": spec.options, "idempotency_key": f"dead {first.job} {which}",
            "markup": "none",
        }
    )  # fmt: skip


def _retry_job_request(dead: DeadLetter, spec: JobSpec) -> Sentence:
    sentence = dead.sentence or Sentence("")
    return replace(sentence, seed=seed_of(spec.seed, sentence.seed, dead.seq))
