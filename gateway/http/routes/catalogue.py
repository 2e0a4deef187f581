"""The catalogue: GET /v1/models and /v1/voices."""

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from gateway.http.api_keys import Caller
from gateway.http.context import GatewayContext
from gateway.http.metrics.pool_metrics_collector import SOON_S
from gateway.http.problems import HttpProblem, not_found
from gateway.http.route_dependencies import CallerDep, ContextDep, ReaderDep
from gateway.http.routing.route_table import MAIN, PoolPlace
from gateway.http.schemas.model_names import OPENAI_MODELS, SNAPSHOTS
from gateway.http.schemas.requested_pool import places_of, pool_of, server_for
from gateway.http.schemas.responses import (
    LOOKUPS,
    REFUSALS,
    ModelCard,
    ModelList,
    NameList,
    VoiceCard,
    VoiceList,
    body_of,
)
from gateway.http.server_answers import ask_each_server
from gateway.http.streaming.voice_sample import record_sample
from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.records import GapPolicy, Play
from seriatim.state.pool_record import read_pool
from seriatim.text.sample_sentences import sample_sentence

router = APIRouter(tags=["models"])

SAMPLE_TIMEOUT_S = 30.0  #: for one sentence, also behind others
SAMPLE_AGE_S = 3600  #: in a browser's cache

VoiceName = Annotated[str, Path(max_length=256)]
ModelName = Annotated[str, Query(max_length=64)]


@router.get("/v1/models", responses=LOOKUPS)
async def list_models(request: Request, context: ContextDep, _: ReaderDep) -> ModelList:
    """List every pool with workers, and the aliases of pools."""
    found = await ask_each_server(request, context, _names_with_workers)
    names = list(dict.fromkeys(chain.from_iterable(_in_parts(found))))
    return ModelList(data=[ModelCard(id=name) for name in names])


@router.get("/v1/models/{model}", responses=LOOKUPS)
async def get_model(model: str, context: ContextDep, _: ReaderDep) -> ModelCard:
    """Get one model."""
    own, pool = server_for(context, model, Caller())
    if not await asyncio.to_thread(_has_workers, own, pool):
        raise not_found(f"no model {model!r}; GET /v1/models lists them")
    return ModelCard(id=model)


@router.get("/v1/voices", responses=LOOKUPS)
async def list_voices(request: Request, context: ContextDep, _: ReaderDep, model: ModelName = "") -> VoiceList:
    """List the voices of a model, the default first; without a model, those of the whole route table, if any."""
    places = places_of(context, model)

    def voice_cards(own: GatewayContext) -> dict[tuple[str, PoolPlace], list[VoiceCard]]:
        return {(name, place): _voices_of(own, place, name) for name, place in places if place.server == own.server}

    found: dict[tuple[str, PoolPlace], list[VoiceCard]] = {}
    for cards in (await ask_each_server(request, context, voice_cards)).values():
        found |= cards
    known: dict[tuple[str, str], VoiceCard] = {}
    for card in chain.from_iterable(found.get(each, []) for each in places):
        known.setdefault((card.model, card.id), card)
    return VoiceList(data=list(known.values()))


@router.get("/v1/voices/{name}/sample", response_class=Response, responses=body_of("audio/mpeg") | REFUSALS)
async def get_sample(name: VoiceName, context: ContextDep, caller: CallerDep, model: ModelName = "") -> Response:
    """Get a sample of a voice as MP3: a sentence in its language, spoken once by a gateway and then kept.

    The name may be one that a job may have: with a timbre (`de+f3`), or a blend.
    """
    context, model = server_for(context, model, caller, name)
    pool = await asyncio.to_thread(pool_of, context, model)
    voices = (await asyncio.to_thread(read_pool, context.producer.redis, pool)).voices
    language = next((voice.language for voice in voices if voice.name == name.partition("+")[0]), "")
    await context.admit(pool, caller)
    request = JobRequest(
        engine=pool, pool=pool, voice=name, user=caller.user, weight=caller.weight, play=Play.WHOLE, gap=GapPolicy.FAIL,
        timeout_s=SAMPLE_TIMEOUT_S,
    )  # fmt: skip
    text = sample_sentence(language)
    sample = await context.samples.get((pool, name), partial(record_sample, context.producer, text, request))
    return Response(sample, media_type="audio/mpeg", headers={"cache-control": f"private, max-age={SAMPLE_AGE_S}"})


@router.get("/v1/audio/voices", responses=LOOKUPS, response_model_exclude_none=True)
async def list_voice_names(request: Request, context: ContextDep, reader: ReaderDep, model: ModelName = "") -> NameList:
    """List the voices in the form that Open WebUI and similar clients expect."""
    voices = (await list_voices(request, context, reader, model)).data
    return NameList(voices=[{"id": voice.id, "name": voice.name} for voice in voices])


@router.get("/v1/audio/models", responses=LOOKUPS, response_model_exclude_none=True)
async def list_model_names(request: Request, context: ContextDep, reader: ReaderDep) -> NameList:
    """List the models in the form that Open WebUI expects."""
    return NameList(models=[{"id": m.id, "name": m.id} for m in (await list_models(request, context, reader)).data])


def _voices_of(own: GatewayContext, place: PoolPlace, name: str) -> list[VoiceCard]:
    """The voices of a pool, which clients know under a name; "": that of the pool itself."""
    pool = pool_of(own, place.pool)
    record = read_pool(own.producer.redis, pool)
    return [_voice_card(voice, name or pool, record.rate_hz) for voice in record.voices]


def _voice_card(voice: Voice, pool: str, rate_hz: int) -> VoiceCard:
    languages = list(voice.languages) or ([voice.language] if voice.language else [])
    return VoiceCard(
        id=voice.name, name=voice.name, language=voice.language, languages=languages, description=voice.description,
        model=pool, rate_hz=rate_hz,
    )  # fmt: skip


def _names_with_workers(own: GatewayContext) -> tuple[list[str], ...]:
    """Models of the route table, pools, their aliases, OpenAI's names: some clients take the first as the default."""
    pools = sorted(name for name in own.pools.known(SOON_S) if _has_workers(own, name))
    here = [PoolPlace(pool, own.server) for pool in pools]
    routed = [name for name, places in own.routes.models.items() if not {*places}.isdisjoint(here)]
    served = [str(place) for place in here]
    aliases = sorted(name for name, pool in own.models.items() if pool in {*routed, *served})
    if own.server == MAIN and own.settings.http_pool not in own.routes.models:
        openai_names = [name for name in (*OPENAI_MODELS, *SNAPSHOTS) if _has_workers(own, name)]
    else:
        openai_names = [*OPENAI_MODELS, *SNAPSHOTS] if own.settings.http_pool in {*routed, *served} else []
    return routed, served, aliases, openai_names


def _in_parts(found: Mapping[str, tuple[list[str], ...]]) -> Iterator[Iterator[str]]:
    """The lists of several servers: the first of each, the second of each, and so on."""
    return (chain.from_iterable(part) for part in zip(*found.values(), strict=True))


def _has_workers(context: GatewayContext, name: str) -> bool:
    """Whether the pool that a name stands for has workers."""
    try:
        return context.producer.pool_cache.get(pool_of(context, name)).slots > 0
    except HttpProblem:
        return False
