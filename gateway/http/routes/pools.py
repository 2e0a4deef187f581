"""GET /v1/pools: the load of the pools, for people; monitoring uses /metrics. It contains nothing of a user's jobs."""

from fastapi import APIRouter, Request

from gateway.http.context import GatewayContext
from gateway.http.metrics.pool_metrics_collector import SOON_S
from gateway.http.route_dependencies import CallerDep, ContextDep
from gateway.http.schemas.responses import LOOKUPS, PoolCard, PoolList
from gateway.http.server_answers import ask_each_server
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.pool_metrics import PoolMetrics, TimeHistogram

router = APIRouter(tags=["models"])


@router.get("/v1/pools", responses=LOOKUPS)
async def list_pools(request: Request, context: ContextDep, _: CallerDep) -> PoolList:
    """List the pools of all servers with their slots, waiting sentences and recent waiting times."""
    found = await ask_each_server(request, context, _pool_cards)
    return PoolList(data=[card for cards in found.values() for card in cards])


def _pool_cards(context: GatewayContext) -> list[PoolCard]:
    found = [run(context.quick, signals(name)) for name in context.pools.known(SOON_S)]
    return [_pool_card(context.shown_pool(each.pool), each) for each in found]


def _pool_card(name: str, s: PoolMetrics) -> PoolCard:
    return PoolCard(
        id=name, slots=s.slots, in_flight=s.in_flight, waiting=s.waiting, jobs=s.jobs, load=round(s.load, 3),
        rtf=round(s.rtf, 3), wait_p50_s=_quantile_s(s.wait_live, 0.5), wait_p95_s=_quantile_s(s.wait_live, 0.95),
        refusing=s.refusing, refused_lately=s.refused_lately, expected_back=s.line, degraded=list(s.degraded),
    )  # fmt: skip


def _quantile_s(histogram: TimeHistogram, share: float) -> float | None:
    wait_ms = histogram.quantile_ms(share)
    return None if wait_ms is None else round(wait_ms / 1000, 3)
