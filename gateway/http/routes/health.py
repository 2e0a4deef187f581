"""Health checks and metrics: /health, /healthz, /readyz, /metrics. They need no key and contain no text of a user."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from gateway.http.context import MONITORING_TIMEOUT_S, GatewayContext
from gateway.http.metrics.pool_metrics_collector import Snapshot, exposition
from gateway.http.problems import HttpProblem
from gateway.http.readiness import PROBE_S
from gateway.http.route_dependencies import ContextDep
from gateway.http.schemas.requested_pool import places_of, pool_of
from gateway.http.schemas.responses import LOOKUPS, body_of
from gateway.http.server_answers import answers_of, reason_of
from seriatim.errors import SeriatimError, Unavailable
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run

router = APIRouter(tags=["health"])


@router.head("/healthz", include_in_schema=False)  # many monitors use HEAD
@router.get("/healthz")
async def healthz(context: ContextDep) -> dict[str, Any]:
    """Liveness, with the load of each pool."""
    found = await context.of_each_server(_watched_loads)
    try:
        pools = [pool for loads in answers_of(found).values() for pool in loads]
    except (SeriatimError, TimeoutError):
        return {"status": "alive", "redis": "does not answer", "pools": []}
    return {"status": "alive", "redis": _away(found) or "answers", "pools": pools}


@router.get("/health")
async def health(context: ContextDep) -> dict[str, Any]:
    """Liveness under the path that other speech servers use."""
    facts = await healthz(context)
    return facts | {"status": "healthy" if facts["pools"] or facts["redis"] == "answers" else "unhealthy"}


@router.head("/readyz", include_in_schema=False, response_model=None)
@router.get("/readyz", responses=LOOKUPS, response_model=None)
async def readyz(context: ContextDep, model: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Readiness: this gateway heard a sentence recently, or hears a probe now. A draining gateway is not ready.

    With a route table it is ready if one of the model's servers is (without a model: any server), and names the others.
    """
    context.draining.refuse_new_request()
    pools = {place.server: place.pool for _, place in reversed(places_of(context, model))}

    async def problem(own: GatewayContext) -> str:
        return await _problem(own, pools[own.server]) if own.server in pools else ""

    found = await context.of_each_server(problem)
    reasons = {server: _reason(found[server]) for server in pools}
    if all(reasons.values()):
        text = "; ".join(_of_server(context, server, reason) for server, reason in reasons.items())
        raise HttpProblem(503, "not_ready", f"not ready: {text}", "server_error", headers={"retry-after": "5"})
    away = {server: reason for server, reason in reasons.items() if reason}
    return JSONResponse({"status": "ready"} | ({"not_ready": away} if away else {}))


@router.get("/metrics", response_class=Response, responses=body_of("text/plain") | LOOKUPS)
async def metrics(context: ContextDep) -> Response:
    """Metrics for Prometheus; 503 while Redis does not answer, which an alert in deploy/prometheus relies on."""
    found = await context.of_each_server(_watched_snapshot)
    try:
        answers_of(found)
    except TimeoutError:
        raise Unavailable(f"Redis does not answer within {MONITORING_TIMEOUT_S:g} s") from None
    snapshots = {server: each if isinstance(each, Snapshot) else None for server, each in found.items()}
    return Response(await asyncio.to_thread(exposition, context.meters, snapshots), media_type=CONTENT_TYPE_LATEST)


async def _watched_snapshot(own: GatewayContext) -> Snapshot:
    return await own.watch(own.pools.snapshot)


async def _watched_loads(own: GatewayContext) -> list[dict[str, Any]]:
    return await own.watch(_pool_loads, own)


async def _problem(own: GatewayContext, model: str) -> str:
    """Why a pool of this server is not ready; "" if it is.

    Raises:
        SeriatimError, TimeoutError: the server does not answer, or there is no such pool.
    """
    await own.watch(own.quick.ping)
    async with asyncio.timeout(PROBE_S + MONITORING_TIMEOUT_S):
        return await own.readiness.problem(await asyncio.to_thread(pool_of, own, model))


def _reason(found: str | BaseException) -> str:
    """Why a server is not ready, from the answer or the error of `_problem`."""
    if isinstance(found, BaseException) and not isinstance(found, SeriatimError | TimeoutError):
        raise found
    return reason_of(found) if isinstance(found, BaseException) else found


def _of_server(context: GatewayContext, server: str, reason: str) -> str:
    return f"server {server}: {reason}" if len(context.contexts) > 1 else reason


def _away(found: Mapping[str, object]) -> str:
    """Which servers do not answer; "" if all do."""
    away = [server for server, each in found.items() if isinstance(each, BaseException)]
    return f"{', '.join(away)} does not answer" if away else ""


def _pool_loads(context: GatewayContext) -> list[dict[str, Any]]:
    found = [run(context.quick, signals(pool)) for pool in context.pools.known()]
    return [
        {
            "pool": context.shown_pool(s.pool),
            "slots": s.slots, "in_flight": s.in_flight, "waiting": s.waiting, "load": round(s.load, 3),
            "wait_p50_ms": s.wait_live.quantile_ms(0.5), "wait_p95_ms": s.wait_live.quantile_ms(0.95),
            "refusing": s.refusing, "degraded": list(s.degraded),
        }
        for s in found
    ]  # fmt: skip
