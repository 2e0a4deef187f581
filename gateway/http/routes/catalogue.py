"""The catalogue: GET /v1/models and /v1/voices."""

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from gateway.http.context import GatewayContext
from gateway.http.metrics.pool_metrics_collector import SOON_S
from gateway.http.problems import HttpProblem, not_found
from gateway.http.route_dependencies import CallerDep, ContextDep, ReaderDep
from gateway.http.schemas.model_names import OPENAI_MODELS, SNAPSHOTS
from gateway.http.schemas.requested_pool import pool_of
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
async def list_models(context: ContextDep, _: ReaderDep) -> ModelList:
    """List every pool with workers, and the aliases of pools."""
    return ModelList(data=[ModelCard(id=name) for name in await asyncio.to_thread(_listed_names, context)])


@router.get("/v1/models/{model}", responses=LOOKUPS)
async def get_model(model: str, context: ContextDep, _: ReaderDep) -> ModelCard:
    """Get one model."""
    if not await asyncio.to_thread(_has_workers, context, model):
        raise not_found(f"no model {model!r}; GET /v1/models lists them")
    return ModelCard(id=model)


@router.get("/v1/voices", responses=LOOKUPS)
async def list_voices(context: ContextDep, _: ReaderDep, model: ModelName = "") -> VoiceList:
    """List the voices of a model; the first one is the default."""

    def voice_cards() -> list[VoiceCard]:
        pool = pool_of(context, model)
        record = read_pool(context.producer.redis, pool)
        return [_voice_card(voice, pool, record.rate_hz) for voice in record.voices]

    return VoiceList(data=await asyncio.to_thread(voice_cards))


@router.get("/v1/voices/{name}/sample", response_class=Response, responses=body_of("audio/mpeg") | REFUSALS)
async def get_sample(name: VoiceName, context: ContextDep, caller: CallerDep, model: ModelName = "") -> Response:
    """Get a sample of a voice as MP3: a sentence in its language, spoken once by a gateway and then kept.

    The name may be one that a job may have: with a timbre (`de+f3`), or a blend.
    """
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
async def list_voice_names(context: ContextDep, reader: ReaderDep, model: ModelName = "") -> NameList:
    """List the voices in the form that Open WebUI and similar clients expect."""
    return NameList(voices=[{"id": v.id, "name": v.name} for v in (await list_voices(context, reader, model)).data])


@router.get("/v1/audio/models", responses=LOOKUPS, response_model_exclude_none=True)
async def list_model_names(context: ContextDep, reader: ReaderDep) -> NameList:
    """List the models in the form that Open WebUI expects."""
    return NameList(models=[{"id": m.id, "name": m.id} for m in (await list_models(context, reader)).data])


def _voice_card(voice: Voice, pool: str, rate_hz: int) -> VoiceCard:
    languages = list(voice.languages) or ([voice.language] if voice.language else [])
    return VoiceCard(
        id=voice.name, name=voice.name, language=voice.language, languages=languages, description=voice.description,
        model=pool, rate_hz=rate_hz,
    )  # fmt: skip


def _listed_names(context: GatewayContext) -> list[str]:
    """Pools, then their aliases, then OpenAI's names: some clients take the first as the default."""
    pools = sorted(name for name in context.pools.known(SOON_S) if _has_workers(context, name))
    aliases = sorted(name for name, pool in context.models.items() if pool in pools)
    openai_names = [name for name in (*OPENAI_MODELS, *SNAPSHOTS) if _has_workers(context, name)]
    return list(dict.fromkeys((*pools, *aliases, *openai_names)))


def _has_workers(context: GatewayContext, name: str) -> bool:
    """Whether the pool that a name stands for has workers."""
    try:
        return context.producer.pool_cache.get(pool_of(context, name)).slots > 0
    except HttpProblem:
        return False
