"""Pool scaling: a supervisor's looks at its pool, and the lease under which it changes its number of processes.

One supervisor of a pool changes at a time. It keeps the lease (`:scaling`) while the processes that it added load, or
the drained one finishes its sentences, and a moment longer: by then the pool shows what that has brought.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from redis import Redis

from seriatim.errors import SeriatimError
from seriatim.lua import pool_scripts
from seriatim.lua.script_calls import run
from seriatim.pool_metrics import PoolMetrics
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers, worker_names
from workers.scaling.memory_room import MemoryRoom, memory_room
from workers.scaling.pool_looks import pool_look
from workers.scaling.process_scaler import ProcessScaler, ScalingDecision

log = logging.getLogger(__name__)

LEASE_LOOKS = 8  #: looks for which a lease lasts that is no longer kept: its supervisor was killed
SETTLE_LOOKS = 2  #: looks for which it lasts when the change is made; by the third, claims show what that has brought
LEAST_LEASE_MS = 5_000  #: beside short looks: a look may take a second where Redis does not answer
KEEP_S = 300.0  #: a change that takes longer than loading the largest model keeps no lease from other supervisors
NOTHING = ScalingDecision()


class ProcessToScale(Protocol):
    """A worker process of the supervisor, as far as scaling is concerned."""

    owner: str
    leaving: bool

    @property
    def pid(self) -> int | None: ...


@dataclass(slots=True)
class PoolScaling:
    """The looks of one supervisor."""

    redis: "Redis"
    pool: str
    supervisor: str  #: its name, unique
    scaler: ProcessScaler
    look_s: float
    gpus: int = 0  #: GPUs that its processes are pinned to
    room_of: Callable[[Sequence[int], Sequence[float | None], int], MemoryRoom] = memory_room
    registered: frozenset[str] = frozenset()  #: owners in the pool, at the last look
    _looked_s: float = float("-inf")
    _metrics: PoolMetrics | None = None  #: of the last look
    _change: str = ""  #: the change that is being made
    _changed_s: float = float("-inf")  #: when it began
    _n_changes: int = 0
    _warned: bool = False

    def look(self, now_s: float, processes: Sequence[ProcessToScale]) -> ScalingDecision:
        """Look if it is time; the decision is to be carried out at once. `now_s`: monotonic time."""
        if now_s - self._looked_s < self.look_s:
            return NOTHING
        self._looked_s = now_s
        try:
            return self._look(now_s, processes)
        except SeriatimError as error:
            log.debug("pool not seen", extra={"pool": self.pool, "error": str(error)})
            self._metrics = None
            self.scaler.forget()
            return NOTHING

    def growth_failed(self, now_s: float) -> None:
        """An added process could not start: no other is added for a quiet time."""
        self.scaler.note_failure(now_s)

    def _look(self, now_s: float, processes: Sequence[ProcessToScale]) -> ScalingDecision:
        metrics, owners = run(self.redis, pool_scripts.signals(self.pool)), worker_names(self.redis, [self.pool])[0]
        earlier, self._metrics, self.registered = self._metrics, metrics, frozenset(owners)
        settled = all(each.owner in self.registered and not each.leaving for each in processes)
        if self._change:
            self._keep_lease(settled=settled or now_s - self._changed_s > KEEP_S)
        if not settled or earlier is None or self._change:
            self.scaler.forget()
            return NOTHING
        decision = self.scaler.decide(pool_look(earlier, metrics, len(owners), now_s), len(processes))
        if decision.change > 0:
            decision = self._within_memory(decision, processes)
        return self._take_lease(now_s, decision) if decision.change else NOTHING

    def _within_memory(self, decision: ScalingDecision, processes: Sequence[ProcessToScale]) -> ScalingDecision:
        """As many of the processes to add as there is memory for."""
        workers = read_workers(self.redis, [read_pool(self.redis, self.pool)])[0]
        own = {each.owner for each in processes}
        shares = [worker.gpu_memory_used for worker in workers if worker.owner in own]
        room = self.room_of([each.pid for each in processes if each.pid], shares, self.gpus)
        fitting = int(min(decision.change, room.processes))
        if not fitting and not self._warned:
            log.warning("no memory for another worker process", extra={"pool": self.pool} | _facts(room))
        self._warned = not fitting
        if not fitting:
            self.scaler.forget()
        return ScalingDecision(fitting, decision.reason)

    def _take_lease(self, now_s: float, decision: ScalingDecision) -> ScalingDecision:
        self._n_changes += 1
        change = f"{self.supervisor}:{self._n_changes}"
        if not run(self.redis, pool_scripts.scale(self.pool, change, decision.change, self._lease_ms)):
            self.scaler.forget()
            return NOTHING
        self._change, self._changed_s = change, now_s
        self.scaler.note_change(now_s, decision.change)
        return decision

    def _keep_lease(self, *, settled: bool) -> None:
        """Renew the lease; when the change is made it lasts a moment longer."""
        lease_ms = round(SETTLE_LOOKS * self.look_s * 1000) if settled else self._lease_ms
        kept = run(self.redis, pool_scripts.scale(self.pool, self._change, 0, lease_ms))
        if settled or not kept:
            self._change = ""

    @property
    def _lease_ms(self) -> int:
        return max(LEAST_LEASE_MS, round(LEASE_LOOKS * self.look_s * 1000))


def _facts(room: MemoryRoom) -> dict[str, object]:
    sizes = {"free_mb": room.free_bytes, "process_mb": room.process_bytes}
    return {name: round(size / 2**20) for name, size in sizes.items()} | {"gpu_memory_used": room.gpu_share}
