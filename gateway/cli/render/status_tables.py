"""Tables of `seriatim status`: pools, workers, jobs, drawn once or again and again."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from seriatim.client.job import JobStatus
from seriatim.state import LiveJobState, PoolState, RedisState, WorkerProcessState

WATCH_S = 1.0  #: between two looks
LOW_S = 2.0  #: a listener with less ahead is shown in red
GPU_FULL, REDIS_FULL = 0.9, 0.7  #: as the alerts have it (deploy/prometheus)
MOST_MB = 10_000  #: beyond it is in GB
JOB_HEAD = ("job", "user", "kind", "done", "now", "ahead s", "due s")


def system(server: RedisState, lines: list[PoolState]) -> RenderableType:
    """The server, its pools, their workers and jobs."""
    if not lines:
        return "no pool yet: start a worker with  seriatim worker --engine NAME"
    return Group(_server(server), *(part for line in lines for part in _pool(line)))


def watch(look: Callable[[], RenderableType], console: Console) -> None:
    """Draw in place until interrupted; without a terminal once, for a pipe has no place to draw in."""
    if not console.is_terminal:
        console.print(look())
        return
    with Live(look(), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_S)
            live.update(look(), refresh=True)


def job(status: JobStatus) -> str:
    """One job."""
    reason = f": {status.reason}" if status.reason else ""
    more = "" if status.closed else ", more may come"
    gaps = f", {status.gaps} gap{'s' if status.gaps > 1 else ''}" if status.gaps else ""
    return (
        f"job {status.job}  {status.state}{reason}\n"
        f"{status.emitted} of {status.sentences} sentences{more}, {status.audio_s:.1f} s of sound, "
        f"{status.delivered_ms / 1000:.1f} s of it delivered, {status.in_flight} in flight{gaps}"
    )


def _server(server: RedisState) -> str:
    return f"{_memory(server)}   {_reassemblers(server.reassemblers)}"


def _reassemblers(n: int) -> str:
    if not n:
        return "[bold red]no reassembler: nothing can be heard; start one with  seriatim reassemble[/]"
    return f"{n} reassembler{'s' if n > 1 else ''}"


def _memory(server: RedisState) -> str:
    if not server.most_bytes:
        return f"Redis holds {_size(server.used_bytes)}, without a limit"
    share = _share(server.used_bytes / server.most_bytes, REDIS_FULL)
    return f"Redis holds {_size(server.used_bytes)} of {_size(server.most_bytes)} ({share})"


def _pool(line: PoolState) -> list[RenderableType]:
    parts: list[RenderableType] = [f"\n[bold]pool {escape(line.pool)}[/]  load {_share(line.load, 1)}", _facts(line)]
    if line.degraded:
        parts.append(f"  [bold yellow]degraded: {', '.join(line.degraded)}[/]")
    if line.workers:
        parts.append(workers(line.workers))
    if line.jobs:
        parts.append(_table(JOB_HEAD, [_job(job_line) for job_line in line.jobs]))
    if line.n_jobs > len(line.jobs):
        parts.append(f"  and {line.n_jobs - len(line.jobs)} jobs more")
    return parts


def _facts(line: PoolState) -> Table:
    """What there is to say of a pool, a subject a row: rows may be wrapped, and stay apart."""
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for subject, words in _subjects(line).items():
        table.add_row(subject, words)
    return table


def _subjects(line: PoolState) -> dict[str, str]:
    idle = " [bold red](no worker)[/]" if line.n_jobs and not line.slots else ""
    return {
        "slots": f"{line.in_flight} of {line.slots} in flight{idle}, {line.waiting} sentences wait, {line.n_jobs} jobs",
        "live": f"demand {line.demand} + held {line.held} of {line.room} slots, RTF {line.rtf}",
        "waits": f"p50 {_ms(line.wait_p50_ms)}, p95 {_ms(line.wait_p95_ms)}, batch p95 {_ms(line.batch_wait_p95_ms)}; "
        f"slack p5 {_ms(line.slack_p5_ms)}",
        "spoken": f"{line.done} sentences; {line.retries} attempts made again, {line.fenced} fenced, "
        f"{line.lost_messages} messages lost, {line.restarts} restarts of Redis",
        "given up": f"{line.given_up} sentences{_dead(line)}",
        "door": f"{line.refused} jobs refused{_reasons(line)}, {line.refused_lately} lately, "
        f"{line.expected_back} expected back",
        "ended early": f"{line.saved_s:.0f} s of speech saved, {line.wasted_s:.0f} s made in vain",
    }


def _dead(line: PoolState) -> str:
    return f", [bold yellow]{line.dead} to be looked at[/]: seriatim dead-letters" if line.dead else ""


def _gpu_memory(w: WorkerProcessState) -> str:
    """How full the GPU is, and how much of that is this process'."""
    full = "" if w.gpu_memory_used is None else _share(w.gpu_memory_used, GPU_FULL)
    return full if w.gpu_memory_bytes is None else f"{full} {_size(w.gpu_memory_bytes)}"


#: column -> what a worker says there; "" if it does not
GAUGES: dict[str, Callable[[WorkerProcessState], str]] = {
    "memory": lambda w: "" if w.memory_bytes is None else _size(w.memory_bytes),
    "GPU": lambda w: "" if w.gpu_utilization is None else f"{w.gpu_utilization:.0%}",
    "GPU memory": _gpu_memory,
}


def workers(lines: Sequence[WorkerProcessState]) -> Table:
    """Worker processes. What none of them says has no column."""
    head, rows = ["worker", "busy", "spoken", "up", "ready ms"], [_worker(each) for each in lines]
    for name, says in GAUGES.items():
        words = [says(each) for each in lines]
        if any(words):
            head.append(name)
            rows = [[*row, word or "-"] for row, word in zip(rows, words, strict=True)]
    return _table(head, rows)


def _worker(w: WorkerProcessState) -> list[object]:
    busy = f"{w.busy}/{w.slots}" if w.slots else f"{w.busy}, drains"
    return [escape(w.owner), busy, w.spoken, _span(w.up_s), w.ready_ms]


def _job(j: LiveJobState) -> list[object]:
    low = j.kind == "live" and j.due_s is not None and j.ahead_s < LOW_S
    ahead = f"[red]{j.ahead_s}[/]" if low else j.ahead_s
    due = "-" if j.due_s is None else j.due_s
    return [j.job, escape(j.user), j.kind, f"{j.done}/{j.sentences}", j.in_flight, ahead, due]


def _reasons(line: PoolState) -> str:
    found = ", ".join(f"{reason} {n}" for reason, n in sorted(line.refused_for.items()) if n)
    return f" ({found})" if found else ""


def _ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.0f} ms"


def _share(share: float, full: float) -> str:
    return f"[bold red]{share:.0%}[/]" if share > full else f"{share:.0%}"


def _size(n_bytes: float) -> str:
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes < MOST_MB * 1e6 else f"{n_bytes / 1e9:.1f} GB"


def _span(span_s: float) -> str:
    """The two units that matter: 2d 3h, 4h 12m, 12m 5s."""
    for unit, n_s, lower, lower_s in (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1)):
        if span_s >= n_s:
            return f"{span_s // n_s:.0f}{unit} {span_s % n_s // lower_s:.0f}{lower}"
    return f"{span_s:.0f}s"


def _table(head: Sequence[str], rows: list[list[object]]) -> Table:
    table = Table(box=None, pad_edge=True, collapse_padding=True)
    for name in head:
        table.add_column(
            name, no_wrap=name != head[0], overflow="fold"
        )  # a name is folded, not cut: it is to be copied
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table
