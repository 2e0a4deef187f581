"""The requested pool and voice: what the names in a request stand for."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.problems import HttpProblem
from gateway.http.routing.route_table import MAIN, PoolPlace
from gateway.http.schemas.model_names import OPENAI_MODELS, OPENAI_VOICES, find_name, spellings
from seriatim.client.job_options import JobRequest


def server_for(context: GatewayContext, model: str, caller: Caller, *keys: str) -> tuple[GatewayContext, str]:
    """The context of the server that speaks a model for a caller, and the model's name there.

    Several pools of one model are shared by users; without API keys, by the first of `keys` that is not "", such as the
    name of a session, or else by chance. The current task works for that server from now on.
    """
    key = caller.user
    if context.keys.open:
        key = next(filter(None, keys), "") or secrets.token_hex(8)
    for name in _routed_names(context, model):
        place = context.routes.place(name, key)
        if place:
            return context.at(place.server), place.pool
    return context.at(MAIN), model


def places_of(context: GatewayContext, model: str) -> list[tuple[str, PoolPlace]]:
    """The pools that may speak a model, each behind the name that clients know it by; "": its own.

    Without a model: all of the route table, and the default pool.
    """
    routes = context.routes
    if not model:
        default = [] if context.settings.http_pool in routes.models else [("", PoolPlace(""))]
        return default + [(name, place) for name, places in routes.models.items() for place in places]
    for name in _routed_names(context, model):
        if places := routes.models.get(name):
            return [(name, place) for place in places]
        place = PoolPlace.parse(name)
        if place.server in routes.servers:
            return [(name, place)]
    return [("", PoolPlace(model))]


def _routed_names(context: GatewayContext, model: str) -> list[str]:
    """The names of the route table that a model's name may stand for."""
    found = []
    for name in spellings(model):
        alias = find_name(name, context.models)
        name = context.models[alias] if alias else name
        if not name or (alias is None and find_name(name, OPENAI_MODELS)):
            name = context.settings.http_pool
        found.append(find_name(name, context.routes.models) or name)
    return found


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
    if name == http_pool or name in context.routes.pools_of(context.server) or _is_known_pool(context, name):
        return name
    match = find_name(name, filter(None, (http_pool, *context.pools.known())))
    return match if match and (match == http_pool or _is_known_pool(context, match)) else None


def _is_known_pool(context: GatewayContext, pool: str) -> bool:
    facts = context.producer.pool_cache.get(pool)
    return bool(facts.slots or facts.rate_hz)
