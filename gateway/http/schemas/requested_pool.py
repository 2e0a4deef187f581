"""The requested pool and voice: what the names in a request stand for."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.schemas.model_names import OPENAI_MODELS, OPENAI_VOICES, find_name, spellings
from seriatim.client.job_options import JobRequest


def pool_of(context: GatewayContext, model: str) -> str:
    """The pool that a model's name stands for; the default pool for none, and for OpenAI's.

    Raises:
        HttpProblem: no pool of this name has ever had workers.
    """
    return named_pool(context, model) or context.producer.default_pool()


def named_pool(context: GatewayContext, model: str) -> str:
    """The pool that a model's name stands for; "" where the text decides.

    Raises:
        HttpProblem: as `pool_of`.
    """
    for name in spellings(model):
        pool = _find_pool(context, name)
        if pool is not None:
            return pool
    raise HttpProblem(404, "model_not_found", f"no model {model!r}; GET /v1/models lists them", param="model")


def voice_of(context: GatewayContext, pool: str, voice: str) -> str:
    """Resolve a voice's name or alias in a pool, "" for any pool.

    One of OpenAI's voices is the default if the pool has no such voice.
    """
    alias = find_name(voice, context.voices)
    voice = context.voices[alias] if alias else voice
    if not voice:
        return ""
    match = find_name(voice, context.producer.pool_cache.get(pool).voice_names) if pool else None
    return match or ("" if find_name(voice, OPENAI_VOICES) else voice)


def chosen_request(context: GatewayContext, caller: Caller, options: Mapping[str, Any], text: object) -> JobRequest:
    """The request of a caller with these options, and with the pool that is to speak its text.

    Raises:
        UnknownOption: an invalid value.
    """
    job_request = JobRequest.of(options)
    job_request = replace(job_request, lexicon=job_request.lexicon + caller.lexicon.current())
    return context.producer.choose_pool(job_request, text)


def _find_pool(context: GatewayContext, name: str) -> str | None:
    """Resolve a pool's name or alias, exactly or else ignoring case; "" for the default, None if there is none."""
    alias = find_name(name, context.models)
    name = context.models[alias] if alias else name
    if not name or (alias is None and find_name(name, OPENAI_MODELS)):
        return context.settings.http_pool
    http_pool = context.settings.http_pool
    if name == http_pool or _is_known_pool(context, name):
        return name
    match = find_name(name, filter(None, (http_pool, *context.pools.known())))
    return match if match and (match == http_pool or _is_known_pool(context, match)) else None


def _is_known_pool(context: GatewayContext, pool: str) -> bool:
    facts = context.producer.pool_cache.get(pool)
    return bool(facts.slots or facts.rate_hz)
