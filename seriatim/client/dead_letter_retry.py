"""Retry of dead letters: given-up sentences are spoken as a new job, since the old one's audio cannot change."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.dead_letters import DeadLetter, forget_dead_letters
from seriatim.errors import BadInput
from seriatim.lua.script_calls import run
from seriatim.records import JobSpec, Sentence, seed_of


def retry_dead_letters(producer: Producer, letters: Sequence[DeadLetter]) -> Job:
    """Enqueue sentences of one job again, in order, with its voice and their own seeds; then remove them from the list.

    The new job is recorded. A crash in between does no harm: the same sentences are the same job.

    Raises:
        BadInput: their text is lost.
        as `Client.enqueue`.
    """
    first = letters[0]
    with_text = sorted((d for d in letters if d.sentence is not None), key=lambda d: d.seq)
    if not with_text:
        raise BadInput(f"the text of job {first.job} is lost; it cannot be retried, only forgotten")
    spec = next((d.spec for d in with_text if d.spec), None) or JobSpec()
    job = producer.enqueue([_retry_job_request(d, spec) for d in with_text], _request(first, spec, with_text))
    run(producer.redis, forget_dead_letters(first.pool, [d.entry for d in with_text]))
    return job


def _request(first: DeadLetter, spec: JobSpec, with_text: Sequence[DeadLetter]) -> JobRequest:
    digest = hashlib.blake2s(" ".join(f"{d.entry} {d.at_ms}" for d in with_text).encode(), digest_size=8).hexdigest()
    return JobRequest.of(
        {
            "engine": first.pool, "pool": first.pool, "user": first.user or "anonymous", "kind": "batch",
            "drain": "store", "gap": "skip", "voice": spec.voice, "language": spec.language, "speed": spec.speed,
            "seed": spec.seed, "options": spec.options, "idempotency_key": f"dead {first.job} {digest}",
            "markup": "none", "reading": "off",
        }
    )  # fmt: skip


def _retry_job_request(letters: DeadLetter, spec: JobSpec) -> Sentence:
    sentence = letters.sentence or Sentence("")
    return replace(sentence, seed=seed_of(spec.seed, sentence.seed, letters.seq))
