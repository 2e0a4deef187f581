"""The Dramatiq broker and actor of the rival, for its client and, through `dramatiq_worker`, for its workers."""

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.encoder import PickleEncoder
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from bench import work


def connected(url: str) -> dramatiq.Actor[[int, str, float, int], bytes]:
    """Make the broker at `url` the process's own, and return its actor that speaks one sentence."""
    broker = RedisBroker(url=url)  # type: ignore[no-untyped-call]  # as everything it takes by keyword
    client = redis.Redis.from_url(url, socket_timeout=None)  # its default fails a result that takes over 5 s
    results = RedisBackend(client=client, encoder=PickleEncoder())
    broker.add_middleware(Results(backend=results))  # type: ignore[no-untyped-call]  # as above
    dramatiq.set_broker(broker)
    return dramatiq.actor(actor_name="speak", broker=broker, store_results=True)(work.speak)
