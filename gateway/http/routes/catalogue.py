"""The catalogue: GET /v1/models and /v1/voices."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.http.access import ContextDep, ReaderDep
from gateway.http.context import GatewayContext
from gateway.http.metrics import SOON_S
from gateway.http.problems import HttpProblem, not_found
from gateway.http.schemas.model_names import OPENAI_MODELS, SNAPSHOTS
from gateway.http.schemas.requests import pool_of
from gateway.http.schemas.responses import LOOKUPS, ModelCard, ModelList, NameList, VoiceCard, VoiceList
from seriatim.engine import Voice
from seriatim.state.pool_record import read_pool

router = APIRouter(tags=["models"])

ModelName = Annotated[str, Query(max_length=64)]


@router.get("/v1/models", responses=LOOKUPS)
async def models(context: ContextDep, _: ReaderDep) -> ModelList:
    """Every pool with workers, and the other names of pools."""
    return ModelList(data=[ModelCard(id=name) for name in await asyncio.to_thread(_names, context)])


@router.get("/v1/models/{model}", responses=LOOKUPS)
async def one_model(model: str, context: ContextDep, _: ReaderDep) -> ModelCard:
    """One of them."""
    if not await asyncio.to_thread(_speaks, context, model):
        raise not_found(f"no model {model!r}; GET /v1/models lists them")
    return ModelCard(id=model)


@router.get("/v1/voices", responses=LOOKUPS)
async def voices(context: ContextDep, _: ReaderDep, model: ModelName = "") -> VoiceList:
    """The voices of a model; the first one speaks if none is named."""

    def found() -> list[VoiceCard]:
        pool = pool_of(context, model)
        return [_card(voice, pool) for voice in read_pool(context.producer.redis, pool).voices]

    return VoiceList(data=await asyncio.to_thread(found))


@router.get("/v1/audio/voices", responses=LOOKUPS, response_model_exclude_none=True)
async def voice_names(context: ContextDep, reader: ReaderDep, model: ModelName = "") -> NameList:
    """The voices, as Open WebUI and servers of its kind ask for them."""
    return NameList(voices=[{"id": v.id, "name": v.name} for v in (await voices(context, reader, model)).data])


@router.get("/v1/audio/models", responses=LOOKUPS, response_model_exclude_none=True)
async def model_names(context: ContextDep, reader: ReaderDep) -> NameList:
    """The models, as Open WebUI asks for them."""
    return NameList(models=[{"id": m.id, "name": m.id} for m in (await models(context, reader)).data])


def _card(voice: Voice, pool: str) -> VoiceCard:
    languages = list(voice.languages) or ([voice.language] if voice.language else [])
    return VoiceCard(
        id=voice.name, name=voice.name, language=voice.language, languages=languages, description=voice.description,
        model=pool,
    )  # fmt: skip


def _names(context: GatewayContext) -> list[str]:
    """Pools first, then their other names, OpenAI's last: some clients take the first for the default."""
    pools = sorted(name for name in context.pools.known(SOON_S) if _speaks(context, name))
    others = sorted(name for name, pool in context.models.items() if pool in pools)
    openais = [name for name in (*OPENAI_MODELS, *SNAPSHOTS) if _speaks(context, name)]
    return list(dict.fromkeys((*pools, *others, *openais)))


def _speaks(context: GatewayContext, name: str) -> bool:
    """Has a pool, or what a name means, workers?"""
    try:
        return context.producer.pool_cache.get(pool_of(context, name)).slots > 0
    except HttpProblem:
        return False
