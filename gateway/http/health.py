"""/healthz, /readyz, /metrics: for machines that watch. They need no key and tell nothing of anybody's text."""

import asyncio
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from redis.exceptions import RedisError
from starlette.responses import JSONResponse, Response

from gateway.http.access import AtDoor
from gateway.http.door import Door
from gateway.http.metrics import exposition
from gateway.http.problems import Problem
from gateway.http.readiness import PROBE_S
from gateway.http.shapes import LOOKUPS, body_of
from gateway.http.wanted import pool_of
from seriatim.errors import SeriatimError
from seriatim.pool import signals
from seriatim.scripts import run

router = APIRouter(tags=["health"])

ASK_S = 2.0  #: longest wait for Redis: whoever asks /healthz wants to know about this process first


@router.get("/healthz")
async def healthz(door: AtDoor) -> dict[str, Any]:
    """Alive; and how much there is to do."""
    try:
        async with asyncio.timeout(ASK_S):
            pools = await asyncio.to_thread(_pools, door)
    except (SeriatimError, RedisError, TimeoutError):
        return {"status": "alive", "redis": "does not answer", "pools": []}
    return {"status": "alive", "redis": "answers", "pools": pools}


@router.get("/readyz", responses=LOOKUPS, response_model=None)
async def readyz(door: AtDoor, model: str = "") -> Response:
    """Ready: a sentence has really been spoken lately."""
    try:
        async with asyncio.timeout(PROBE_S + ASK_S):
            pool = await asyncio.to_thread(pool_of, door, model)
            why = await door.readiness.why_not(pool)
    except (SeriatimError, RedisError, TimeoutError) as error:
        why = str(error) or "Redis does not answer"
    if why:
        raise Problem(503, "not_ready", f"not ready: {why}", "server_error", headers={"retry-after": "5"})
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, responses=body_of("text/plain") | LOOKUPS)
async def metrics(door: AtDoor) -> Response:
    """For Prometheus."""
    found = await asyncio.to_thread(exposition, door.meters, door.pools)
    return Response(found, media_type=CONTENT_TYPE_LATEST)


def _pools(door: Door) -> list[dict[str, Any]]:
    found = [run(door.quick, signals(pool)) for pool in door.pools.known()]
    return [
        {
            "pool": s.pool, "slots": s.slots, "in_flight": s.in_flight, "waiting": s.waiting, "load": round(s.load, 3),
            "wait_p50_ms": s.wait_live.quantile_ms(0.5), "wait_p95_ms": s.wait_live.quantile_ms(0.95),
            "refusing": s.refusing, "degraded": list(s.degraded),
        }
        for s in found
    ]  # fmt: skip
