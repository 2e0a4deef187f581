"""GET /v1/pools: how busy the pools are, for people; machines have /metrics. Nothing of it is anybody's job."""

import asyncio

from fastapi import APIRouter

from gateway.http.access import CallerDep, ContextDep
from gateway.http.context import GatewayContext
from gateway.http.metrics import SOON_S
from gateway.http.schemas.responses import LOOKUPS, PoolCard, PoolList
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.pool_metrics import PoolMetrics, TimeHistogram

router = APIRouter(tags=["models"])


@router.get("/v1/pools", responses=LOOKUPS)
async def pools(context: ContextDep, _: CallerDep) -> PoolList:
    """Every pool as it stands: its slots, what waits, and how long that takes of late."""
    return PoolList(data=await asyncio.to_thread(_cards, context))


def _cards(context: GatewayContext) -> list[PoolCard]:
    return [_card(run(context.quick, signals(name))) for name in context.pools.known(SOON_S)]


def _card(s: PoolMetrics) -> PoolCard:
    return PoolCard(
        id=s.pool, slots=s.slots, in_flight=s.in_flight, waiting=s.waiting, jobs=s.jobs, load=round(s.load, 3),
        rtf=round(s.rtf, 3), wait_p50_s=_at(s.wait_live, 0.5), wait_p95_s=_at(s.wait_live, 0.95),
        refusing=s.refusing, refused_lately=s.refused_lately, expected_back=s.line, degraded=list(s.degraded),
    )  # fmt: skip


def _at(spread: TimeHistogram, share: float) -> float | None:
    found_ms = spread.quantile_ms(share)
    return None if found_ms is None else round(found_ms / 1000, 3)
