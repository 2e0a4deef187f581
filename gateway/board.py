"""What `seriatim status` draws: pools, workers, jobs, once or again and again."""

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from gateway.status import JobLine, PoolLine
from tasks.handle import Status

WATCH_S = 1.0  #: between two looks
LOW_S = 2.0  #: a listener with less ahead is shown in red


def pools(lines: list[PoolLine]) -> RenderableType:
    """Pools, their workers and jobs."""
    if not lines:
        return "no pool yet: start a worker with  seriatim worker --engine NAME"
    return Group(*(part for line in lines for part in _pool(line)))


def watch(look: Callable[[], RenderableType], console: Console) -> None:
    """Draw in place until interrupted; without a terminal once, for a pipe has no place to draw in."""
    if not console.is_terminal:
        console.print(look())
        return
    with Live(look(), console=console, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(WATCH_S)
            live.update(look(), refresh=True)


def job(status: Status) -> str:
    """One job."""
    reason = f": {status.reason}" if status.reason else ""
    more = "" if status.closed else ", more may come"
    return (
        f"job {status.job}  {status.state}{reason}\n"
        f"{status.emitted} of {status.sentences} sentences{more}, {status.audio_s:.1f} s of sound, "
        f"{status.delivered_ms / 1000:.1f} s of it delivered, {status.in_flight} in flight"
    )


def _pool(line: PoolLine) -> list[RenderableType]:
    parts: list[RenderableType] = [
        f"[bold]pool {escape(line.pool)}[/]  {line.in_flight} of {line.slots} slots in flight, {line.waiting} "
        f"sentences wait, load {line.load:.0%} (live demand {line.demand} of {line.room} slots), RTF {line.rtf}",
        f"  wait p50 {_ms(line.wait_p50_ms)}, p95 {_ms(line.wait_p95_ms)}, batch p95 {_ms(line.batch_wait_p95_ms)}; "
        f"slack p5 {_ms(line.slack_p5_ms)}",
        f"  {line.done} sentences done, {line.retries} retries, {line.given_up} given up; {line.refused} jobs refused"
        f"{_reasons(line)}, {line.refused_lately} lately, {line.expected_back} expected back",
        f"  ended early: {line.saved_s:.0f} s of speech saved, {line.wasted_s:.0f} s made in vain",
    ]
    if line.degraded:
        parts.append(f"  [bold yellow]degraded: {', '.join(line.degraded)}[/]")
    if line.workers:
        parts.append(
            _table(
                ["worker", "slots", "busy", "spoken", "ready after ms"],
                [[w.owner, w.slots, w.busy, w.spoken, w.ready_ms] for w in line.workers],
            )
        )
    if line.jobs:
        parts.append(
            _table(
                ["job", "user", "kind", "sentences", "in flight", "seconds ahead", "due in s"],
                [_job(job_line) for job_line in line.jobs],
            )
        )
    return parts


def _job(j: JobLine) -> list[object]:
    low = j.kind == "live" and j.due_s is not None and j.ahead_s < LOW_S
    ahead = f"[red]{j.ahead_s}[/]" if low else j.ahead_s
    due = "-" if j.due_s is None else j.due_s
    return [j.job, escape(j.user), j.kind, f"{j.done}/{j.sentences}", j.in_flight, ahead, due]


def _reasons(line: PoolLine) -> str:
    found = ", ".join(f"{reason} {n}" for reason, n in sorted(line.refused_for.items()) if n)
    return f" ({found})" if found else ""


def _ms(ms: float | None) -> str:
    return "-" if ms is None else f"{ms:.0f} ms"


def _table(head: list[str], rows: list[list[object]]) -> Table:
    table = Table(box=None, pad_edge=True)
    for name in head:
        table.add_column(name, no_wrap=True, overflow="fold")  # a job's id is there to be copied
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    return table
