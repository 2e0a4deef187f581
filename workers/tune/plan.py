"""The plan of trials: which settings to try, and when to stop trying larger ones. Pure."""

from collections.abc import Iterator, Sequence

from workers.tune.figures import SettingMeasurement, WorkerSetting

MIN_GAIN = 1.05  #: doubling the slots for less than 5 % more throughput is not worth the later first audio
MAX_FLAT_STEPS = 2  #: doublings without a gain that end the search: a single one may be noise
MEMORY_MARGIN = 1.1  #: a process needs slightly more memory with twice the slots


def slots_to_try(max_slots: int) -> Iterator[int]:
    """1, 2, 4, 8, ..., and `max_slots` at the end."""
    slots = 1
    while slots < max_slots:
        yield slots
        slots *= 2
    yield max_slots


def threads_each(processes: int, cores: int) -> int:
    """Processor threads for each of `processes` processes; 0, the engine's choice, for a single one."""
    return max(1, cores // processes) if processes > 1 else 0


def search_is_over(measured: Sequence[SettingMeasurement]) -> bool:
    """True if more slots bring nothing; `measured` are the settings with equal processes, in the order of their slots.

    A problem with a setting, such as memory, ends the search: every larger one would have it, too.
    """
    if measured and measured[-1].problem:
        return True
    rates = [row.audio_s_per_s for row in measured]
    if len(rates) <= MAX_FLAT_STEPS:
        return False
    return max(rates[-MAX_FLAT_STEPS:]) < MIN_GAIN * max(rates[:-MAX_FLAT_STEPS])


def memory_problem(setting: WorkerSetting, measured: Sequence[SettingMeasurement], free_bytes: int) -> str:
    """The reason why a setting would not fit into memory, estimated from earlier processes; "" if it fits.

    Args:
        setting: the next one.
        measured: all settings measured so far.
        free_bytes: free memory of the machine; 0 if unknown.
    """
    peak = max((row.peak_bytes for row in measured if row.setting.slots <= setting.slots), default=0)
    needed = round(MEMORY_MARGIN * peak * setting.processes)
    if not free_bytes or needed <= free_bytes:
        return ""
    return f"needs about {needed / 1e9:.1f} GB of memory; {free_bytes / 1e9:.1f} GB are free"
