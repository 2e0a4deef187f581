"""Health checks and metrics: /health, /healthz, /readyz, /metrics. They need no key and contain no text of a user."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from gateway.http.context import MONITORING_TIMEOUT_S, GatewayContext
from gateway.http.metrics.pool_metrics_collector import exposition
from gateway.http.problems import HttpProblem
from gateway.http.readiness import PROBE_S
from gateway.http.route_dependencies import ContextDep
from gateway.http.schemas.requested_pool import pool_of
from gateway.http.schemas.responses import LOOKUPS, body_of
from seriatim.errors import SeriatimError, Unavailable
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)  # many monitors use HEAD
@router.get("/healthz")
async def healthz(context: ContextDep) -> dict[str, Any]:
    """Liveness, with the load of each pool."""
    try:
        pools = await context.watch(_pool_loads, context)
    except (SeriatimError, TimeoutError):
        return {"status": "alive", "redis": "does not answer", "pools": []}
    return {"status": "alive", "redis": "answers", "pools": pools}


@router.get("/health")
async def health(context: ContextDep) -> dict[str, Any]:
    """Liveness under the path that other speech servers use."""
    facts = await healthz(context)
    return facts | {"status": "healthy" if facts["redis"] == "answers" else "unhealthy"}


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get("/readyz", responses=LOOKUPS, response_model=None)
async def readyz(context: ContextDep, model: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Readiness: this gateway heard a sentence recently, or hears a probe now. A draining gateway is not ready."""
    context.draining.refuse_new_request()
    try:
        await context.watch(context.quick.ping)
        async with asyncio.timeout(PROBE_S + MONITORING_TIMEOUT_S):
            pool = await asyncio.to_thread(pool_of, context, model)
            reason = await context.readiness.problem(pool)
    except (SeriatimError, TimeoutError) as error:
        reason = str(error) or "Redis does not answer"
    if reason:
        raise HttpProblem(503, "not_ready", f"not ready: {reason}", "server_error", headers={"retry-after": "5"})
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response, responses=body_of("text/plain") | LOOKUPS)
async def metrics(context: ContextDep) -> Response:
    """Metrics for Prometheus; 503 while Redis does not answer, which an alert in deploy/prometheus relies on."""
    try:
        found = await context.watch(exposition, context.meters, context.pools)
    except TimeoutError:
        raise Unavailable(f"Redis does not answer within {MONITORING_TIMEOUT_S:g} s") from None
    return Response(found, media_type=CONTENT_TYPE_LATEST)


def _pool_loads(context: GatewayContext) -> list[dict[str, Any]]:
    found = [run(context.quick, signals(pool)) for pool in context.pools.known()]
    return [
        {
            "pool": s.pool, "slots": s.slots, "in_flight": s.in_flight, "waiting": s.waiting, "load": round(s.load, 3),
            "wait_p50_ms": s.wait_live.quantile_ms(0.5), "wait_p95_ms": s.wait_live.quantile_ms(0.95),
            "refusing": s.refusing, "degraded": list(s.degraded),
        }
        for s in found
    ]  # fmt: skip
