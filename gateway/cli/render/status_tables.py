"""Tables of `seriatim status`: pools, workers and jobs, printed once or refreshed in place."""

import time
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gateway.cli.render.summary import count_of
from seriatim.client.job import JobStatus
from seriatim.state import LiveJobState, PoolState, RedisState, WorkerProcessState

WATCH_S = 1.0  #: between two refreshes
LOW_S = 2.0  #: a listener with less audio ahead is shown in red
GPU_FULL, REDIS_FULL = 0.9, 0.7  #: thresholds of the alerts (deploy/prometheus)
MAX_MB = 10_000  #: larger sizes are shown in GB
JOB_HEAD = ("job", "user", "kind", "done", "now", "ahead s", "due s")


def system_tables(server: RedisState, lines: list[PoolState]) -> RenderableType:
    """The tables of the Redis server, its pools, their workers and jobs."""
    if not lines:
        return "no pool yet: start a worker with  seriatim worker --engine NAME"
    return Group(_server_line(server), *(part for line in lines for part in _pool_parts(line)))


def server_head(name: str, error: str) -> str:
    """The line above the tables of one of several servers, or in place of those of one that does not answer."""
    return f"\n[bold]server {escape(name)}[/]" + (f"  [bold red]{escape(error)}[/]" if error else "")


def watch(render: Callable[[], RenderableType], console: Console) -> None:
    """Refresh the tables in place until interrupted; without a terminal, print them once."""
    if not console.is_terminal:
        console.print(render())
        return
    with Live(render(), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_S)
            live.update(render(), refresh=True)


def job_lines(status: JobStatus) -> str:
    """The state of one job, in two lines."""
    reason = f": {status.reason}" if status.reason else ""
    more = "" if status.closed else ", more may come"
    gaps = f", {status.gaps} gap{'s' if status.gaps > 1 else ''}" if status.gaps else ""
    doubtful = f", {status.doubtful} doubtful" if status.doubtful else ""
    return (
        f"job {status.job}  {status.state}{reason}\n"
        f"{status.emitted} of {status.sentences} sentences{more}, {status.audio_s:.1f} s of audio, "
        f"{status.delivered_ms / 1000:.1f} s of it delivered, {status.in_flight} in flight{gaps}{doubtful}"
    )


def _server_line(server: RedisState) -> str:
    return f"{_redis_memory(server)}   {_reassembler_count(server.reassemblers)}"


def _reassembler_count(n: int) -> str:
    if not n:
        return "[bold red]no reassembler: no audio is delivered; start one with  seriatim reassemble[/]"
    return f"{n} reassembler{'s' if n > 1 else ''}"


def _redis_memory(server: RedisState) -> str:
    if not server.most_bytes:
        return f"Redis uses {_format_size(server.used_bytes)}, without a limit"
    share = _format_share(server.used_bytes / server.most_bytes, REDIS_FULL)
    return f"Redis uses {_format_size(server.used_bytes)} of {_format_size(server.most_bytes)} ({share})"


def _pool_parts(line: PoolState) -> list[RenderableType]:
    parts: list[RenderableType] = [
        f"\n[bold]pool {escape(line.pool)}[/]  load {_format_share(line.load, 1)}",
        _pool_figures(line),
    ]
    if line.degraded:
        parts.append(f"  [bold yellow]degraded: {', '.join(line.degraded)}[/]")
    if any(worker.audio_differs for worker in line.workers):
        parts.append(f"  [bold yellow]{_differing_audio(line)}[/]")
    if line.workers:
        parts.append(worker_table(line.workers))
    if line.jobs:
        parts.append(_make_table(JOB_HEAD, [_job_row(job_line) for job_line in line.jobs]))
    if line.n_jobs > len(line.jobs):
        parts.append(f"  and {count_of(line.n_jobs - len(line.jobs), 'more job')}")
    return parts


def _pool_figures(line: PoolState) -> Table:
    """The figures of a pool, one subject per row; a long row is wrapped in its own column."""
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for subject, cells in _figures_by_subject(line).items():
        table.add_row(subject, cells)
    return table


def _lateness(line: PoolState) -> str:
    return f"; claimed late: demand counts {line.lateness:.2f} ×" if line.lateness > 1 else ""


def _figures_by_subject(line: PoolState) -> dict[str, str]:
    idle = " [bold red](no worker)[/]" if line.n_jobs and not line.slots else ""
    return {
        "slots": f"{line.in_flight} of {line.slots} in flight{idle}{_limit(line)}, {line.waiting} waiting, "
        f"{count_of(line.n_jobs, 'job')}",
        "live": f"demand {line.demand} + held {line.held} of {line.room} slots, RTF {line.rtf}{_lateness(line)}",
        "waits": f"p50 {_format_ms(line.wait_p50_ms)}, p95 {_format_ms(line.wait_p95_ms)}, "
        f"batch p95 {_format_ms(line.batch_wait_p95_ms)}; slack p5 {_format_ms(line.slack_p5_ms)}",
        "spoken": f"{count_of(line.done, 'sentence')}; {count_of(line.retries, 'attempt')} repeated, "
        f"{line.fenced} fenced, {count_of(line.lost_messages, 'message')} lost, "
        f"{count_of(line.restarts, 'restart')} of Redis",
        "requested": f"{_requested(line)}, {line.characters} characters in all",
        **({"route": f"of these characters: {_by_name(line.route_characters)}"} if line.route_characters else {}),
        **({"postponed": _by_name(line.postponed)} if line.postponed else {}),
        **({"processes": _scaling(line)} if line.processes_added or line.processes_drained else {}),
        "given up": f"{count_of(line.given_up, 'sentence')}{_dead_letter_hint(line)}",
        "admission": f"{count_of(line.refused, 'job')} refused{_refusals_by_reason(line)}, "
        f"{line.refused_lately} recently, {line.expected_back} expected to retry",
        "ended early": f"{line.saved_s:.0f} s of speech saved, {line.wasted_s:.0f} s wasted",
    }


def _limit(line: PoolState) -> str:
    """The governor's limit, and its pause."""
    limit = f", [bold yellow]{line.allowed} allowed[/]" if line.allowed < line.slots else ""
    return limit + (f", [bold yellow]paused for {line.paused_s:.0f} s[/]" if line.paused_s else "")


def _requested(line: PoolState) -> str:
    """The requests and characters a minute, lately, each with an operator's limit."""
    rates = {
        "requests": (line.requests_lately, line.requests_minute),
        "characters": (line.characters_lately, line.characters_minute),
    }
    shown = (f"{rate} {f'of {most} ' if most else ''}{name}" for name, (rate, most) in rates.items())
    return f"{' and '.join(shown)} a minute; {line.requests} requests"


def _scaling(line: PoolState) -> str:
    """What supervisors have changed."""
    return f"{line.processes_added} added for a higher load, {line.processes_drained} drained in quiet times"


def _by_name(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n} ({name})" for name, n in sorted(counts.items()))


def _differing_audio(line: PoolState) -> str:
    n = sum(worker.audio_differs for worker in line.workers)
    owners = "1 worker gives" if n == 1 else f"{n} workers give"
    return f"{owners} other audio than the pool: sentences that others began are marked where it continues them"


def _dead_letter_hint(line: PoolState) -> str:
    return f", [bold yellow]{count_of(line.dead, 'dead letter')}[/]: seriatim dead-letters" if line.dead else ""


def _gpu_memory(w: WorkerProcessState) -> str:
    """The used share of the GPU's memory, and this process' part of it in bytes."""
    full = "" if w.gpu_memory_used is None else _format_share(w.gpu_memory_used, GPU_FULL)
    return full if w.gpu_memory_bytes is None else f"{full} {_format_size(w.gpu_memory_bytes)}"


#: column -> the figure of a worker; "" if it reports none
GAUGES: dict[str, Callable[[WorkerProcessState], str]] = {
    "audio": lambda w: "differs" if w.audio_differs else "",
    "memory": lambda w: "" if w.memory_bytes is None else _format_size(w.memory_bytes),
    "GPU": lambda w: "" if w.gpu_utilization is None else f"{w.gpu_utilization:.0%}",
    "GPU memory": _gpu_memory,
}


def worker_table(lines: Sequence[WorkerProcessState]) -> Table:
    """The table of worker processes; a figure that none of them reports has no column."""
    head, rows = ["worker", "busy", "spoken", "up", "ready ms"], [_worker_row(each) for each in lines]
    for name, format_gauge in GAUGES.items():
        cells = [format_gauge(each) for each in lines]
        if any(cells):
            head.append(name)
            rows = [[*row, cell or "-"] for row, cell in zip(rows, cells, strict=True)]
    return _make_table(head, rows)


def _worker_row(w: WorkerProcessState) -> list[object]:
    busy = f"{w.busy}/{w.slots}" if w.slots else f"{w.busy}, draining"
    return [escape(w.owner), busy, w.sentences, _format_span(w.up_s), w.ready_ms]


def _job_row(j: LiveJobState) -> list[object]:
    low = j.kind == "live" and j.due_s is not None and j.ahead_s < LOW_S
    ahead = f"[red]{j.ahead_s}[/]" if low else j.ahead_s
    due = "-" if j.due_s is None else j.due_s
    return [j.job, escape(j.user), j.kind, f"{j.done}/{j.sentences}", j.in_flight, ahead, due]


def _refusals_by_reason(line: PoolState) -> str:
    counts = ", ".join(f"{reason} {n}" for reason, n in sorted(line.refused_for.items()) if n)
    return f" ({counts})" if counts else ""


def _format_ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.0f} ms"


def _format_share(share: float, full: float) -> str:
    return f"[bold red]{share:.0%}[/]" if share > full else f"{share:.0%}"


def _format_size(n_bytes: float) -> str:
    return f"{n_bytes / 1e6:.0f} MB" if n_bytes < MAX_MB * 1e6 else f"{n_bytes / 1e9:.1f} GB"


def _format_span(span_s: float) -> str:
    """A duration in its two largest units: 2d 3h, 4h 12m, 12m 5s."""
    for unit, n_s, lower, lower_s in (("d", 86_400, "h", 3_600), ("h", 3_600, "m", 60), ("m", 60, "s", 1)):
        if span_s >= n_s:
            return f"{span_s // n_s:.0f}{unit} {span_s % n_s // lower_s:.0f}{lower}"
    return f"{span_s:.0f}s"


def _make_table(head: Sequence[str], rows: list[list[object]]) -> Table:
    table = Table(box=None, pad_edge=True, collapse_padding=True)
    for name in head:
        table.add_column(
            name, no_wrap=name != head[0], overflow="fold"
        )  # a name is folded, not cut, so that it can be copied
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table
