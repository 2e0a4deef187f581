"""The nemesis: draws faults from a seed and inflicts them, one after another or as many kills as were asked for."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from tests.chaos.cluster import PATIENCE_S
from tests.chaos.faults import point_faults, process_faults, server_faults, topology_faults, wire_faults
from tests.chaos.faults.fault_context import Fault, FaultContext, NotHere
from tests.chaos.history import read
from tests.chaos.state_snapshot import books
from tests.chaos.topologies import Topology
from tests.support.process_system import wait_until

ANYWHERE = (*process_faults.FAULTS, *point_faults.FAULTS)
SINGLE = (*ANYWHERE, *server_faults.FAULTS, *wire_faults.FAULTS)
ALL = (*SINGLE, *topology_faults.FAULTS)
BY_NAME = {fault.name: fault for fault in ALL}
OF_ONE_SERVER = ("kill everything", "stop server")  #: they kill or stop the server that all stand on
OF_TOPOLOGY: Mapping[Topology, tuple[Fault, ...]] = {
    Topology.SINGLE: SINGLE,
    Topology.SENTINEL: (
        *(fault for fault in ANYWHERE if fault.name not in OF_ONE_SERVER),
        BY_NAME["flush scripts"], BY_NAME["drop connections"], topology_faults.FAIL_OVER,
    ),
    Topology.CLUSTER: (
        *(fault for fault in ANYWHERE if fault.name not in OF_ONE_SERVER),
        topology_faults.FAIL_OVER, topology_faults.MOVE_SLOTS,
    ),
    Topology.RABBITMQ: (*(fault for fault in SINGLE if fault.name != "flush broker"), topology_faults.KILL_BROKER),
}  # fmt: skip
QUOTA_FAULTS = {
    "workers": ("kill worker", "kill worker", "kill supervisor"),
    "reassembler": ("kill reassembler",),
    "redis": ("kill server",),
    "none": ("nothing",),  #: to compare with
}
LOOK_EVERY_S = 6.0  #: at the pool's books


@dataclass(slots=True)
class Nemesis:
    """Who inflicts."""

    context: FaultContext
    low_s: float = 0.2  #: between two faults
    high_s: float = 2.0
    faults: list[Fault] = field(default_factory=lambda: list(SINGLE))
    patient: bool = False  #: of a quota: the next kill waits until everything is back, so that each is measured alone
    beside: Callable[[str], None] = lambda component: None  #: called at each kill of a quota: a rival suffers the same
    looked_s: float = field(default_factory=time.monotonic)

    def rage(self, seconds: float) -> None:
        """Inflict what is drawn until the time is over."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s and self.faults:
            fault = self.context.rng.choices(self.faults, [each.weight for each in self.faults])[0]
            self.inflict(fault)
            self.context.pause(self.low_s, self.high_s)
            self._look()

    def go_through(self, names: Sequence[str]) -> None:
        """Inflict each of these once, in a drawn order; the next one waits until a listener hears something again."""
        for name in self.context.rng.sample(names, len(names)):
            self.inflict(BY_NAME[name])
            self.wait_for_sound()
            self.context.pause(self.low_s, self.high_s)
            self._look()

    def kill(self, quotas: Mapping[str, int], seconds: float) -> Counter[str]:
        """Kill as often as was asked for, in a mixed order, for so long at most; returns how often."""
        killed: Counter[str] = Counter()
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            left = {name: n - killed[name] for name, n in quotas.items() if n > killed[name]}
            if not left:
                break
            component = self.context.rng.choices(list(left), list(left.values()))[0]
            self.inflict(BY_NAME[self.context.rng.choice(QUOTA_FAULTS[component])])
            self.beside(component)
            killed[component] += 1
            if self.patient:
                wait_until(self.context.stage.whole, "everything is back", PATIENCE_S)
            self.context.pause(self.low_s, self.high_s)
            self._look()
        return killed

    def wait_for_sound(self) -> None:
        """Wait until a listener hears something that was not heard before."""
        path, before = self.context.history.path, self.context.history.path.stat().st_size
        try:
            wait_until(lambda: b'{"e":"heard"' in path.read_bytes()[before:], "a listener hears something", PATIENCE_S)
        except AssertionError as error:
            self.context.history.note("broken", client="nemesis", error=str(error))

    def inflict(self, fault: Fault) -> None:
        """One fault, from its beginning to its end."""
        history = self.context.history
        history.note("fault", name=fault.name, loses=fault.loses)
        try:
            fault.inflict(self.context)
        except NotHere as why:
            history.note("skipped", name=fault.name, why=str(why))
            self.faults = [each for each in self.faults if each is not fault]
        except RedisError as error:  # it looked at the server while that was away
            history.note("faltered", name=fault.name, error=f"{type(error).__name__}: {error}")
        self.context.stage.revive_server()
        history.note("fault_over", name=fault.name)

    def _look(self) -> None:
        if time.monotonic() - self.looked_s < LOOK_EVERY_S:
            return
        try:
            books(self.context.stage, read(self.context.history.path))
        except RedisError as error:
            self.context.history.note("faltered", name="books", error=f"{type(error).__name__}: {error}")
        self.looked_s = time.monotonic()
