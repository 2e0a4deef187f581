"""The table of users: what was measured beside what a published plan and we ourselves want, and what it took."""

import math
from collections.abc import Mapping, Sequence

from bench.load.usage import Used
from bench.users.user_figures import PUBLISHED_JITTER_MS, TARGET_JITTER_MS, UserFigures
from seriatim.state.worker_record import WorkerProcessState

HEADING = "| | published plan | wanted | measured |\n|---|---|---|---|"


def figure_rows(found: UserFigures) -> list[str]:
    """The rows of what the users heard."""
    came_back = f", {found.returned} of them accepted later" if found.refused else ""
    return [
        HEADING,
        _row("jitter p99", f"< {PUBLISHED_JITTER_MS:.0f} ms", f"< {TARGET_JITTER_MS:.0f} ms", _ms(found.jitter_p99_ms)),
        _row("stalls over 100 ms", "–", "0", f"{found.stalls}, in {found.stalled} of {found.texts} texts"),
        _row("longest silence", "–", "–", _ms(found.longest_ms)),
        _row("first sound p50 / p95", "–", "–", f"{_ms(found.first_p50_ms)} / {_ms(found.first_p95_ms)}"),
        _row("requests refused", "–", "–", f"{found.refused}{came_back}"),
        _row("answers that broke off", "–", "0", f"{found.failed}"),
        _row("left in mid-sentence", "–", "–", f"{found.left}"),
        _row("sound heard", "–", "–", f"{found.played_s:,.0f} s"),
    ]


def usage_rows(used: Mapping[str, Used], workers: Sequence[WorkerProcessState]) -> list[str]:
    """The rows of what each process took; of GPUs what the workers report."""
    rows = ["| process | cores | memory, at most |", "|---|---|---|"]
    rows += [f"| {name} | {each.cores:.2f} | {each.peak_mb:.0f} MB |" for name, each in used.items()]
    gpus = [each for each in workers if each.gpu_utilization is not None or each.gpu_memory_bytes is not None]
    rows += [
        f"| GPU of worker {each.pid} | {each.gpu_utilization or 0:.0%} | {(each.gpu_memory_bytes or 0) / 1e6:.0f} MB |"
        for each in gpus
    ]
    return rows if gpus else [*rows, "| GPU | – | no worker reports one |"]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _ms(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:,.0f} ms"
