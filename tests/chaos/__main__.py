"""`python -m tests.chaos`: break everything, by a seed, and see what the listeners heard."""

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from redis.exceptions import RedisError

from tests.chaos import state_snapshot
from tests.chaos.check import check, verdict
from tests.chaos.cluster import PATIENCE_S, Cluster, Scale
from tests.chaos.fault_free_phase import calm
from tests.chaos.faults.fault_context import FaultContext
from tests.chaos.faults.small_disk import small_disk
from tests.chaos.figures import summary
from tests.chaos.history import Event, read
from tests.chaos.nemesis import OF_TOPOLOGY, Nemesis
from tests.chaos.proxy import Mood
from tests.chaos.topologies import Topology, start_servers
from tests.support import rabbitmq_server
from tests.support.process_system import wait_until
from tests.support.redis_servers import debian, embedded

PACE_S = {False: (0.6, 1.8), True: (1.3, 2.3)}  #: between two kills of a quota


@dataclass(frozen=True, slots=True)
class Show:
    """What is to be played."""

    folder: Path
    seed: int
    seconds: float
    scale: Scale = field(default_factory=Scale)
    calm_s: float = 6.0
    kills: dict[str, int] = field(default_factory=dict)
    patient: bool = False  #: with `kills`: one after another, each when everything is back
    only: str = ""
    schedule: tuple[str, ...] = ()  #: these faults, once each, in a drawn order
    celery: bool = False
    binary: str | None = None  #: the server's program; None: the embedded one
    topology: Topology = Topology.SINGLE
    pause_s: float = 0.0  #: between two faults, where it is not short and drawn


def play(show: Show) -> list[Event]:
    """Set the stage, let faults happen, wait for the end; returns the history."""
    with ExitStack() as stack:
        disk = small_disk(show.folder)
        stack.callback(disk.close)
        replicated = show.topology in (Topology.SENTINEL, Topology.CLUSTER)
        args = () if replicated else disk.server_args  # two servers need two folders
        servers = start_servers(show.topology, show.folder, args, show.binary)
        stage = Cluster.set_up(show.folder, show.seed, show.scale, servers)
        stack.callback(stage.close)
        stage.history.note("run", seed=show.seed, seconds=show.seconds, settings=stage.system.settings.to_env())
        if show.calm_s and show.topology is not Topology.CLUSTER:  # its cost is measured by one server's slow log
            calm(stage, show.calm_s)
        stage.shorten_leases()
        stage.invite_clients()
        _break(stage, show, stack)
        _finish(stage)
    return read(show.folder / "history.jsonl")


def _break(stage: Cluster, show: Show, stack: ExitStack) -> None:
    nemesis = Nemesis(FaultContext(stage, random.Random(show.seed)))
    nemesis.faults = [fault for fault in OF_TOPOLOGY[show.topology] if show.only in fault.name]
    if show.celery:
        from tests.chaos.plain_celery_rival import Rival  # only for those who want to compare

        rival = stack.enter_context(Rival.running(stage.system.folder, stage.server, stage.history))
        nemesis.beside = rival.suffer
    nemesis.wait_for_sound()  # clients have something to lose
    if show.kills:
        nemesis.low_s, nemesis.high_s, nemesis.patient = (*PACE_S[show.patient], show.patient)
        nemesis.kill(show.kills, show.seconds)
    elif show.schedule:
        nemesis.low_s, nemesis.high_s = 0.2, 0.8
        nemesis.go_through(show.schedule)
    else:
        if show.pause_s:
            nemesis.low_s = nemesis.high_s = show.pause_s
        nemesis.rage(show.seconds)


def _finish(stage: Cluster) -> None:
    """Faults are over: everything comes back, and every job ends."""
    stage.proxy.be(Mood.CALM)
    stage.revive_server()
    stage.history.note("over_with_faults")
    late = stage.dismiss_clients(PATIENCE_S)
    stage.history.note("dismissed", late=late)
    events = read(stage.history.path)
    try:
        running = state_snapshot.wait_for_the_end(stage, events, PATIENCE_S)
        _await_workers(stage)
        state_snapshot.books(stage, events)
        state_snapshot.everything(stage, events, running)
    except RedisError as error:  # the server is not there: the verdict says so
        stage.history.note("broken", client="stage", error=repr(error))


def _await_workers(stage: Cluster) -> None:
    """Wait until all workers are back, and stay: while jobs run, their own sentences go on killing processes."""
    try:
        wait_until(stage.whole, "all workers are back", PATIENCE_S)
    except AssertionError as error:
        stage.history.note("broken", client="stage", error=f"{error}; {stage.absences()}")


def main(argv: Sequence[str] | None = None) -> int:
    """Play, check, print; 1 if a promise was broken."""
    options = _arguments().parse_args(argv)
    folder = Path(options.folder or tempfile.mkdtemp(prefix="srtm-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    sys.stderr.write(f"seed {options.seed}; history in {folder}/history.jsonl\n")
    if options.soak:
        from tests.chaos.soak import soak  # another kind of run

        return soak(folder, options.hours)
    if options.topology == Topology.RABBITMQ and not rabbitmq_server.installed():
        raise SystemExit("rabbitmq-server is not installed (apt-get install rabbitmq-server)")
    kills = dict(_quota(text) for text in options.kills.split(",")) if options.kills else {}
    scale = Scale(quick=not options.defaults)
    show = Show(
        folder, options.seed, options.minutes * 60, scale, kills=kills, only=options.only, celery=options.celery,
        binary=_binary(options.server), topology=Topology(options.topology), pause_s=options.pause,
    )  # fmt: skip
    events = play(show)
    report, fine = verdict(events)
    sys.stdout.write(report + "\n")
    facts = summary(events, _kinds(events))
    (folder / "figures.json").write_text(json.dumps(facts, indent=1), "utf-8")
    return 0 if fine else 1


def _kinds(events: list[Event]) -> "Counter[str]":
    return Counter(wrong.kind for wrong in check(events))


def _binary(server: str) -> str:
    binary = embedded() if server == "valkey" else debian()
    if binary is None:
        raise SystemExit(
            "redis-server is not installed (apt-get install redis-server); --server valkey is always there"
        )
    return binary


def _quota(text: str) -> tuple[str, int]:
    name, _, n = text.partition("=")
    return name, int(n)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long faults happen (default 2)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", default="", help="kill so often instead: workers=200,reassembler=50,redis=50")
    parser.add_argument("--patient", action="store_true", help="with --kills: each when everything is back")
    parser.add_argument("--only", default="", help="only faults with this in their name")
    parser.add_argument("--defaults", action="store_true", help="leases and pauses as users get them, not shorter")
    parser.add_argument(
        "--celery", action="store_true", help="plain Celery suffers the same kills beside (with --kills)"
    )
    parser.add_argument("--soak", action="store_true", help="no faults: much audio fast, and nothing may grow")
    parser.add_argument("--hours", type=float, default=8.0, help="of audio, for --soak")
    parser.add_argument("--server", choices=("valkey", "redis"), default="valkey", help="redis: the distribution's")
    parser.add_argument(
        "--topology", choices=[*Topology], default=Topology.SINGLE, help="what the processes stand on (default single)"
    )
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two faults (default: drawn, short)")
    parser.add_argument("--folder", default="", help="where history, logs and figures go")
    return parser


if __name__ == "__main__":
    sys.exit(main())
