"""/health, /healthz, /readyz, /metrics: for machines that watch. They need no key and tell no text of anybody's."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from gateway.http.access import ContextDep
from gateway.http.context import ASK_S, GatewayContext
from gateway.http.metrics import exposition
from gateway.http.problems import HttpProblem
from gateway.http.readiness import PROBE_S
from gateway.http.schemas.requests import pool_of
from gateway.http.schemas.responses import LOOKUPS, body_of
from seriatim.errors import SeriatimError, Unavailable
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)  # many monitors ask so
@router.get("/healthz")
async def healthz(context: ContextDep) -> dict[str, Any]:
    """Alive; and how much there is to do."""
    try:
        pools = await context.watch(_pools, context)
    except (SeriatimError, TimeoutError):
        return {"status": "alive", "redis": "does not answer", "pools": []}
    return {"status": "alive", "redis": "answers", "pools": pools}


@router.get("/health")
async def health(context: ContextDep) -> dict[str, Any]:
    """The same, as clients and suites of other speech servers ask for it."""
    facts = await healthz(context)
    return facts | {"status": "healthy" if facts["redis"] == "answers" else "unhealthy"}


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get("/readyz", responses=LOOKUPS, response_model=None)
async def readyz(context: ContextDep, model: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Ready: a sentence has really been spoken lately. A gateway that was told to end is not."""
    context.draining.refuse()
    try:
        await context.watch(context.quick.ping)
        async with asyncio.timeout(PROBE_S + ASK_S):
            pool = await asyncio.to_thread(pool_of, context, model)
            why = await context.readiness.why_not(pool)
    except (SeriatimError, TimeoutError) as error:
        why = str(error) or "Redis does not answer"
    if why:
        raise HttpProblem(503, "not_ready", f"not ready: {why}", "server_error", headers={"retry-after": "5"})
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, responses=body_of("text/plain") | LOOKUPS)
async def metrics(context: ContextDep) -> Response:
    """For Prometheus; 503 while Redis does not answer, which an alert of deploy/prometheus relies on."""
    try:
        found = await context.watch(exposition, context.meters, context.pools)
    except TimeoutError:
        raise Unavailable(f"Redis does not answer within {ASK_S:g} s") from None
    return Response(found, media_type=CONTENT_TYPE_LATEST)


def _pools(context: GatewayContext) -> list[dict[str, Any]]:
    found = [run(context.quick, signals(pool)) for pool in context.pools.known()]
    return [
        {
            "pool": s.pool, "slots": s.slots, "in_flight": s.in_flight, "waiting": s.waiting, "load": round(s.load, 3),
            "wait_p50_ms": s.wait_live.quantile_ms(0.5), "wait_p95_ms": s.wait_live.quantile_ms(0.95),
            "refusing": s.refusing, "degraded": list(s.degraded),
        }
        for s in found
    ]  # fmt: skip
