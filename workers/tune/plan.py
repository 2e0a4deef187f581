"""The plan: which settings to try, and when larger ones of a kind need not be tried. Pure."""

from collections.abc import Iterator, Sequence

from workers.tune.figures import SettingMeasurement, WorkerSetting

GAIN = 1.05  #: twice the slots for less than 5 % more sound are not worth the later first audio
FLAT = 2  #: doublings without a gain that end the search: one alone may be a disturbance
SPARE = 1.1  #: a process needs somewhat more memory with twice the slots


def slots_to_try(most: int) -> Iterator[int]:
    """1, 2, 4, 8, ..., `most` at the end."""
    slots = 1
    while slots < most:
        yield slots
        slots *= 2
    yield most


def threads_each(processes: int, cores: int) -> int:
    """Processor threads of each of some processes; 0, the engine's own choice, where there is one."""
    return max(1, cores // processes) if processes > 1 else 0


def enough(measured: Sequence[SettingMeasurement]) -> bool:
    """Have the settings of one kind, in the order of their slots, come to where more slots give nothing?

    A problem with a setting, such as memory, is one with every larger one.
    """
    if measured and measured[-1].problem:
        return True
    rates = [row.audio_s_per_s for row in measured]
    if len(rates) <= FLAT:
        return False
    return max(rates[-FLAT:]) < GAIN * max(rates[:-FLAT])


def no_room(setting: WorkerSetting, known: Sequence[SettingMeasurement], free_bytes: int) -> str:
    """Why a setting is not to be started, judged by what the processes measured so far needed; "": it may be.

    Args:
        setting: the next one.
        known: all settings measured so far.
        free_bytes: of the machine's memory; 0: not known.
    """
    peak = max((row.peak_bytes for row in known if row.setting.slots <= setting.slots), default=0)
    needed = round(SPARE * peak * setting.processes)
    if not free_bytes or needed <= free_bytes:
        return ""
    return f"it needs about {needed / 1e9:.1f} GB of memory, and {free_bytes / 1e9:.1f} GB are free"
