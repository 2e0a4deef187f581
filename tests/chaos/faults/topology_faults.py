"""Faults of topologies with several servers: a master is replaced by its replica, slots move, the broker is killed."""

from functools import partial

from seriatim.keys import SHARDS, pool_prefix, shard_prefix
from tests.chaos.faults.fault_context import Fault, FaultContext, NotHere
from tests.simulator.scheduler import POOL
from tests.support.cluster_servers import ClusterServers
from tests.support.sentinel_servers import SentinelServers


def fail_over(context: FaultContext) -> None:
    """SIGKILL to a master: its replica is promoted, and it comes back as a replica itself."""
    servers = context.stage.servers.redis
    note = partial(context.history.note, "kill", component="redis", signal="SIGKILL", failover=True)
    if isinstance(servers, SentinelServers):
        servers.fail_over(note)
    elif isinstance(servers, ClusterServers):
        servers.fail_over(context.rng.choice(servers.masters()), note)
    else:
        raise NotHere("no replica follows this server")
    context.history.note("answers")


def move_slots(context: FaultContext) -> None:
    """The slots of the pool, and of some of the audio, move to other masters."""
    servers = context.stage.servers.redis
    if not isinstance(servers, ClusterServers):
        raise NotHere("this server is no cluster")
    context.history.note("kill", component="slots", signal="none")  # nothing dies; listeners may wait even so
    for key in (pool_prefix(POOL), *map(shard_prefix, context.rng.sample(range(SHARDS), 4))):
        servers.move(key)


def kill_broker(context: FaultContext) -> None:
    """SIGKILL to RabbitMQ, which starts again a while later."""
    rabbit = context.stage.servers.rabbit
    if rabbit is None:
        raise NotHere("the broker is Redis")
    rabbit.kill()
    context.history.note("kill", component="broker", signal="SIGKILL")
    context.pause(0.0, 2.0)
    rabbit.start()
    context.history.note("broker_answers")


FAIL_OVER = Fault("fail over", 2, fail_over, "redis", loses=True)
KILL_BROKER = Fault("kill broker", 2, kill_broker)
MOVE_SLOTS = Fault("move slots", 2, move_slots)
FAULTS = (FAIL_OVER, MOVE_SLOTS, KILL_BROKER)
