"""/health, /healthz, /readyz, /metrics: for machines that watch. They need no key and tell no text of anybody's."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from gateway.http.access import AtDoor
from gateway.http.door import ASK_S, Door
from gateway.http.metrics import exposition
from gateway.http.problems import Problem
from gateway.http.readiness import PROBE_S
from gateway.http.shapes import LOOKUPS, body_of
from gateway.http.wanted import pool_of
from seriatim.errors import SeriatimError, Unavailable
from seriatim.pool import signals
from seriatim.scripts import run

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)  # many monitors ask so
@router.get("/healthz")
async def healthz(door: AtDoor) -> dict[str, Any]:
    """Alive; and how much there is to do."""
    try:
        pools = await door.watch(_pools, door)
    except (SeriatimError, TimeoutError):
        return {"status": "alive", "redis": "does not answer", "pools": []}
    return {"status": "alive", "redis": "answers", "pools": pools}


@router.get("/health")
async def health(door: AtDoor) -> dict[str, Any]:
    """The same, as clients and suites of other speech servers ask for it."""
    facts = await healthz(door)
    return facts | {"status": "healthy" if facts["redis"] == "answers" else "unhealthy"}


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get("/readyz", responses=LOOKUPS, response_model=None)
async def readyz(door: AtDoor, model: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Ready: a sentence has really been spoken lately. A gateway that was told to end is not."""
    door.draining.refuse()
    try:
        await door.watch(door.quick.ping)
        async with asyncio.timeout(PROBE_S + ASK_S):
            pool = await asyncio.to_thread(pool_of, door, model)
            why = await door.readiness.why_not(pool)
    except (SeriatimError, TimeoutError) as error:
        why = str(error) or "Redis does not answer"
    if why:
        raise Problem(503, "not_ready", f"not ready: {why}", "server_error", headers={"retry-after": "5"})
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, responses=body_of("text/plain") | LOOKUPS)
async def metrics(door: AtDoor) -> Response:
    """For Prometheus; 503 while Redis does not answer, which an alert of deploy/prometheus relies on."""
    try:
        found = await door.watch(exposition, door.meters, door.pools)
    except TimeoutError:
        raise Unavailable(f"Redis does not answer within {ASK_S:g} s") from None
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
