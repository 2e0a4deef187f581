"""GET /v1/models and /v1/voices: which pools there are, and who speaks in them."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from gateway.http.access import AtDoor, FromReader
from gateway.http.door import Door
from gateway.http.metrics import SOON_S
from gateway.http.names import OPENAI_MODELS, SNAPSHOTS
from gateway.http.problems import Problem, not_found
from gateway.http.shapes import LOOKUPS, Model, Models, Names, VoiceCard, Voices
from gateway.http.wanted import pool_of
from tasks.engine import Voice
from tasks.pools import read_voices

router = APIRouter(tags=["models"])

ModelName = Annotated[str, Query(max_length=64)]


@router.get("/v1/models", responses=LOOKUPS)
async def models(door: AtDoor, _: FromReader) -> Models:
    """Every pool with workers, and the other names of pools."""
    return Models(data=[Model(id=name) for name in await asyncio.to_thread(_names, door)])


@router.get("/v1/models/{model}", responses=LOOKUPS)
async def one_model(model: str, door: AtDoor, _: FromReader) -> Model:
    """One of them."""
    if not await asyncio.to_thread(_speaks, door, model):
        raise not_found(f"no model {model!r}; GET /v1/models lists them")
    return Model(id=model)


@router.get("/v1/voices", responses=LOOKUPS)
async def voices(door: AtDoor, _: FromReader, model: ModelName = "") -> Voices:
    """The voices of a model; the first one speaks if none is named."""

    def found() -> list[VoiceCard]:
        pool = pool_of(door, model)
        return [_card(voice, pool) for voice in read_voices(door.producer.redis, pool)]

    return Voices(data=await asyncio.to_thread(found))


@router.get("/v1/audio/voices", responses=LOOKUPS, response_model_exclude_none=True)
async def voice_names(door: AtDoor, reader: FromReader, model: ModelName = "") -> Names:
    """The voices, as Open WebUI and servers of its kind ask for them."""
    return Names(voices=[{"id": v.id, "name": v.name} for v in (await voices(door, reader, model)).data])


@router.get("/v1/audio/models", responses=LOOKUPS, response_model_exclude_none=True)
async def model_names(door: AtDoor, reader: FromReader) -> Names:
    """The models, as Open WebUI asks for them."""
    return Names(models=[{"id": m.id, "name": m.id} for m in (await models(door, reader)).data])


def _card(voice: Voice, pool: str) -> VoiceCard:
    languages = list(voice.languages) or ([voice.language] if voice.language else [])
    return VoiceCard(
        id=voice.name, name=voice.name, language=voice.language, languages=languages, description=voice.description,
        model=pool,
    )  # fmt: skip


def _names(door: Door) -> list[str]:
    """Pools first, then their other names, OpenAI's last: some clients take the first for the default."""
    pools = sorted(name for name in door.pools.known(SOON_S) if _speaks(door, name))
    others = sorted(name for name, pool in door.models.items() if pool in pools)
    openais = [name for name in (*OPENAI_MODELS, *SNAPSHOTS) if _speaks(door, name)]
    return list(dict.fromkeys((*pools, *others, *openais)))


def _speaks(door: Door, name: str) -> bool:
    """Has a pool, or what a name means, workers?"""
    try:
        return door.producer.book.facts(pool_of(door, name)).slots > 0
    except Problem:
        return False
