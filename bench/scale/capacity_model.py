"""The capacity model: what one core of Redis, its memory and its network carry of listeners, workers and pools. Pure.

All of it is linear in the listeners, because every step of Seriatim's is bounded: a listener who hears at 1 x costs the
server

    pool slot   finish_and_claim / sentence_s + ack / report_s + submission / text_s        ms a second,
    job slots   open / sentence_s + (append + read) / chunk_s + heard / report_s + (init + life) / text_s + looks,

where looks are those of reassemblers. A worker costs `beat / beat_s + sweep / sweep_s` of the pool's slot, in
large pools less (SweepResult.stretch), and each command `command_ms` besides, for what lies outside of scripts: its way
through the socket and the parser.

A server executes one command at a time, so a node carries as many listeners as fill the share CORE_SHARE of one core.
Behind that, waiting takes over: commands that come by chance and take equally long wait rho s / (2 (1 - rho)) on
average (M/D/1; Pollaczek and Khinchine), at 0.7 as long as 1.2 of them, at 0.9 as 4.5.

A pool's keys have one hash tag, and stay on one node, whatever a cluster has; jobs are spread over 16 hash tags.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from seriatim.keys import SHARDS
from seriatim.lua.pool_records import MAX_STRETCH

CORE_SHARE = 0.7
HOT = ("finish_and_claim",)  #: the pool's steps between two sentences of a hot slot
BY_MESSAGE = ("finish", "pick", "claim")  #: and where each comes by message
SWEEP = ("sweep", "pick")
SUBMISSION = ("submit_and_pick", "strike")
CHUNK_STEPS = ("append", "XREAD")
TEXT_STEPS = ("init", "life")
NO_LOOKS: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class ServedLoad:
    """What listeners ask for, and with what workers it is spoken."""

    sentence_s: float = 5.0
    chunk_s: float = 1.0  #: of sound in one append
    report_s: float = 1.0  #: between two reports of one listener; a run measures it
    text_s: float = 30.0
    window_s: float = 20.0  #: sound that lies between synthesis and a listener, at most
    bytes_per_s: int = 48_000  #: of sound: s16le at 24 kHz
    rtf: float = 0.12  #: slot seconds for a second of sound
    slots: int = 16  #: of a worker process
    slot_share: float = 0.75  #: of the slots that listeners fill
    beat_s: float = 0.75
    sweep_s: float = 0.4

    @property
    def worker_listeners(self) -> float:
        """The listeners of one worker process."""
        return self.slots * self.slot_share / self.rtf

    def workers(self, listeners: float) -> int:
        """The worker processes that speak for so many listeners."""
        return math.ceil(listeners / self.worker_listeners)


@dataclass(frozen=True, slots=True)
class ServerCosts:
    """What steps cost the server, in ms of a core; each with its commands' ways through the socket."""

    pool_sentence: float
    pool_report: float
    pool_text: float
    beat: float
    idle_sweep: float  #: of a worker that another one was faster than
    pool_sweep: float  #: one of all workers together, in each interval
    job_sentence: float
    job_chunk: float
    job_report: float
    job_text: float
    job_looks: float = 0.0  #: of reassemblers, for a second of one listener
    memory_per_byte: float = 1.1  #: bytes of the server's memory for a byte of sound in a window
    network_per_byte: float = 1.05  #: bytes sent, and as many received, for a byte of sound


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """What one node has."""

    core_share: float = CORE_SHARE
    memory_gb: float = 16.0
    network_mb_s: float = 1_000.0  #: each way: 10 Gbit/s, four fifths of it used


NODE = NodeLimits()


@dataclass(frozen=True, slots=True)
class ServerLayout:
    """Nodes, and what lies on them. Without `job_nodes` the jobs lie beside their pools."""

    name: str
    pools: int = 1  #: parts that the listeners divide among themselves, each on a node of its own
    job_nodes: int = 0
    steals: bool = False  #: the parts are one pool: a slot without work takes some of another part

    @property
    def nodes(self) -> int:
        """All nodes."""
        return self.pools + self.job_nodes

    def node_of_pool(self, part: int) -> int:
        """The node of a part of the pool, 0-based."""
        return part

    def node_of_job(self, part: int, shard: int) -> int:
        """The node of a job of that part, by its shard."""
        return self.pools + shard % self.job_nodes if self.job_nodes else part

    @property
    def most_jobs(self) -> float:
        """The share of all jobs that the node has which has most."""
        if not self.job_nodes:
            return 1 / self.pools
        return math.ceil(SHARDS / min(SHARDS, self.job_nodes)) / SHARDS


ONE = ServerLayout("one server")
LAYOUTS = (
    ONE,
    ServerLayout("cluster of 3: the pool on one node, jobs on two", job_nodes=2),
    ServerLayout("cluster of 5: the pool on one node, jobs on four", job_nodes=4),
    ServerLayout("2 pools, a server each", pools=2),
    ServerLayout("8 pools, a server each", pools=8),
    ServerLayout("a pool over 2 slots, cluster of 6", pools=2, job_nodes=4, steals=True),
    ServerLayout("a pool over 8 slots, cluster of 16", pools=8, job_nodes=8, steals=True),
)


@dataclass(frozen=True, slots=True)
class CapacityWall:
    """The resource that is used up first."""

    listeners: int
    resource: str


def server_costs(
    mean_ms: Mapping[str, float], *, command_ms: float = 0.0, looks: Mapping[str, float] = NO_LOOKS, hot: bool = True,
) -> ServerCosts:  # fmt: skip
    """The costs from the mean times of scripts and commands (bench/scale/script_times.py), in ms.

    `looks`: calls of reassemblers for a second of sound, by name (bench/scale/traffic.py); what has no time of its own,
    such as a read that waits, counts with its way through the socket.
    """

    def cost(*names: str) -> float:
        return sum(mean_ms[name] + command_ms for name in names)

    return ServerCosts(
        pool_sentence=cost(*(HOT if hot else BY_MESSAGE)), pool_report=cost("ack"), pool_text=cost(*SUBMISSION),
        beat=cost("beat"), idle_sweep=cost("sweep, not due"), pool_sweep=cost(*SWEEP),
        job_sentence=cost("open"), job_chunk=cost(*CHUNK_STEPS), job_report=cost("heard"),
        job_text=cost(*TEXT_STEPS),
        job_looks=sum(n * (mean_ms.get(name, 0.0) + command_ms) for name, n in looks.items()),
    )  # fmt: skip


def pool_ms(load: ServedLoad, costs: ServerCosts) -> float:
    """Ms of the pool's slot for a second of one listener, with its share of the workers."""
    worker = costs.beat / load.beat_s + costs.idle_sweep / load.sweep_s
    sound = costs.pool_sentence / load.sentence_s + costs.pool_report / load.report_s + costs.pool_text / load.text_s
    return sound + worker / load.worker_listeners


def job_ms(load: ServedLoad, costs: ServerCosts) -> float:
    """Ms of the jobs' slots for a second of one listener."""
    sound = costs.job_sentence / load.sentence_s + costs.job_chunk / load.chunk_s + costs.job_text / load.text_s
    return sound + costs.job_report / load.report_s + costs.job_looks


def sweep_share(load: ServedLoad, costs: ServerCosts) -> float:
    """The share of a core that the sweeps of a pool take, whatever it has."""
    return costs.pool_sweep / load.sweep_s / 1000


def memory_bytes(load: ServedLoad, costs: ServerCosts) -> float:
    """Memory of one listener's sound, its window full."""
    return load.window_s * load.bytes_per_s * costs.memory_per_byte


def network_bytes_s(load: ServedLoad, costs: ServerCosts) -> float:
    """Bytes each way for a second of one listener."""
    return load.bytes_per_s * costs.network_per_byte


def core_shares(layout: ServerLayout, listeners: float, load: ServedLoad, costs: ServerCosts) -> tuple[float, float]:
    """The shares of a core that a node with a pool, and the busiest node with jobs, take; one node has both sums."""
    pool = listeners / layout.pools * pool_ms(load, costs) / 1000 + sweep_share(load, costs)
    jobs = listeners * layout.most_jobs * job_ms(load, costs) / 1000
    return (pool, jobs) if layout.job_nodes else (pool + jobs, pool + jobs)


def walls(layout: ServerLayout, load: ServedLoad, costs: ServerCosts, limits: NodeLimits = NODE) -> list[CapacityWall]:
    """The listeners at which each resource of the busiest node is used up, the first wall first."""
    per_node = layout.most_jobs
    found = [
        CapacityWall(int(limits.memory_gb * 1e9 / (memory_bytes(load, costs) * per_node)), "memory of sound"),
        CapacityWall(int(limits.network_mb_s * 1e6 / (network_bytes_s(load, costs) * per_node)), "network"),
    ]
    for i, name in enumerate(("core of the pool's slot", "core of the jobs' slots") if layout.job_nodes else ("core",)):
        found.append(CapacityWall(_listeners_at(layout, load, costs, limits.core_share, i), name))
    return sorted(found, key=lambda wall: wall.listeners)


def _listeners_at(layout: ServerLayout, load: ServedLoad, costs: ServerCosts, share: float, which: int) -> int:
    """The listeners with which the node takes `share` of a core: the shares are linear."""
    none, one = (core_shares(layout, n, load, costs)[which] for n in (0, 1))
    return max(0, int((share - none) / (one - none)))


def idle_workers(load: ServedLoad, costs: ServerCosts, share: float = CORE_SHARE) -> int:
    """The worker processes without work with which their heartbeats and sweeps take `share` of a core.

    They are so many that each of them asks for the sweep as seldom as it may.
    """
    worker_ms = costs.beat / load.beat_s + costs.idle_sweep / (load.sweep_s * MAX_STRETCH)
    return int((share - sweep_share(load, costs)) * 1000 / worker_ms)


def idle_pools(load: ServedLoad, costs: ServerCosts, share: float = CORE_SHARE) -> int:
    """The pools of one worker without work that take `share` of a core."""
    return int(share * 1000 / (costs.beat / load.beat_s + costs.pool_sweep / load.sweep_s))


def mean_wait_ms(step_ms: float, share: float) -> float:
    """The mean wait of a step before a server that is busy for `share` of the time; infinite from 1 on."""
    return step_ms * share / (2 * (1 - share)) if share < 1 else math.inf


def least_parts(listeners: int, load: ServedLoad, costs: ServerCosts, share: float = CORE_SHARE) -> int:
    """The slots over which a pool must be divided for so many listeners; 1: its one slot carries them."""
    return math.ceil(listeners * pool_ms(load, costs) / 1000 / (share - sweep_share(load, costs)))
