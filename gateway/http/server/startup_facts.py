"""Startup facts of a gateway: the settings in force, for the first line of its log."""

from gateway.http.context import GatewayContext
from seriatim.errors import Unavailable
from seriatim.reassembler_heartbeats import store_of_system
from seriatim.recordings.store_place import place_name
from seriatim.servers.server_urls import redacted_url
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers


def startup_facts(context: GatewayContext, addresses: list[str]) -> dict[str, object]:
    """Collect addresses, pool and engine, limits, windows and paths; no secrets.

    Raises:
        Unavailable: Redis does not answer.
    """
    s = context.settings
    try:
        main_facts = _main_facts(context)
    except Unavailable:
        if len(context.contexts) == 1:
            raise
        main_facts = {}  # the pools on other servers are served
    return main_facts | {
        "at": " ".join(addresses), "root": s.http_root or "/", "redis": redacted_url(s.redis_url),
        "servers": len(context.contexts),
        "models": dict(context.models), "voices": dict(context.voices), "keys": len(context.keys.callers),
        "clients": s.http_max_concurrency, "body_bytes": s.http_body_bytes, "text_bytes": s.max_text_bytes,
        "sentences": s.max_sentences, "request_s": s.http_read_timeout_s, "stall_s": s.http_write_timeout_s,
        "worker_drain_s": s.http_drain_s, "keep_alive_s": s.http_keep_alive_s, "pcm_hz": s.http_pcm_hz,
        "first_audio_ms": s.first_audio_ms, "live_window_ms": s.live_window_ms, "batch_window_ms": s.batch_window_ms,
        "live_timeout_s": s.live_timeout_s,
    }  # fmt: skip


def _main_facts(context: GatewayContext) -> dict[str, object]:
    """Default pool and recordings, from the server of the settings.

    Raises:
        Unavailable: it does not answer.
    """
    pool = context.settings.http_pool or context.producer.default_pool()
    facts = context.producer.pool_cache.get(pool)
    store = place_name(store_of_system(context.producer.redis, context.settings.store_dir))
    return {
        "pool": pool, "engine": _engine_of(context, pool), "slots": facts.slots, "rate_hz": facts.rate_hz,
        "store": store,
    }  # fmt: skip


def _engine_of(context: GatewayContext, pool: str) -> str:
    """The engine of a pool's first worker; "" while it has none."""
    redis = context.producer.redis
    return next((worker.engine for worker in read_workers(redis, [read_pool(redis, pool)])[0]), "")
