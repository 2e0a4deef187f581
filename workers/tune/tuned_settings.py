"""Tuned settings: the verdicts of `seriatim tune`, kept in a file that workers with `--slots auto` read.

One verdict for each device, engine and set of its options, among them its model: whether one process with more slots or
several processes in parallel speak more was found to differ between engines and between devices, so that no rule
decides it. The file is JSON, `SERIATIM_TUNED_FILE`; a new verdict replaces the one before.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seriatim.errors import Misconfigured, Unwritable
from seriatim.process.home_folder import expand_home
from workers.tune.figures import WorkerSetting

FOLDERS = ("model", "voices")  #: options whose values are paths
IGNORED = ("slots", "threads", "gpu_limit")  #: options that a verdict is about
VERSION = 1


@dataclass(frozen=True, slots=True)
class TunedSubject:
    """The subject of a verdict: what was measured, and where."""

    device: str
    engine: str
    options: str  #: KEY=VALUE with spaces between them, in order

    @classmethod
    def of(cls, device: str, engine: str, options: Mapping[str, str]) -> "TunedSubject":
        """An engine with its user's options, on a device."""
        pairs = sorted((name, value) for name, value in options.items() if name not in IGNORED)
        return cls(device, engine, " ".join(f"{name}={_absolute(name, value)}" for name, value in pairs))


@dataclass(frozen=True, slots=True)
class TunedSetting:
    """The setting that suits live listeners, as it was measured."""

    slots: int
    processes: int
    threads: int  #: of each process; 0: the engine's choice
    audio_s_per_s: float
    first_p95_ms: float
    measured: str  #: the day, such as 2026-11-29

    @property
    def each_x(self) -> float:
        """Speed of each slot while all are busy, relative to playback."""
        return self.audio_s_per_s / self.setting.sentences

    @property
    def setting(self) -> WorkerSetting:
        """The setting itself."""
        return WorkerSetting(self.slots, self.processes, self.threads)


def find_setting(file: Path, subject: TunedSubject) -> TunedSetting | None:
    """The verdict about a subject, if there is one.

    Raises:
        Misconfigured: the file is no file of verdicts.
    """
    return _read(file).get(subject)


def keep_setting(file: Path, subject: TunedSubject, setting: TunedSetting) -> None:
    """Write a verdict into the file, in place of the one before; other processes see the old file or the new one.

    Raises:
        Misconfigured: the file is no file of verdicts.
        Unwritable: the file cannot be written.
    """
    rows = [asdict(each) | asdict(value) for each, value in (_read(file) | {subject: setting}).items()]
    part = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({"version": VERSION, "settings": rows}, indent=1) + "\n", "utf-8")
        part.replace(file)
    except OSError as error:
        raise Unwritable(f"{file} cannot be written: {error.strerror}; set SERIATIM_TUNED_FILE") from error


def _read(file: Path) -> dict[TunedSubject, TunedSetting]:
    try:
        rows = json.loads(file.read_text("utf-8"))["settings"]
        return {_record(TunedSubject, row): _record(TunedSetting, row) for row in rows}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        advice = "move it away, and run seriatim tune again"
        raise Misconfigured(f"{file} (SERIATIM_TUNED_FILE) has no tuned settings: {error!r}; {advice}") from None


def _record(kind: type[Any], row: Mapping[str, Any]) -> Any:
    return kind(**{name: row[name] for name in kind.__slots__})


def _absolute(name: str, value: str) -> str:
    return str(expand_home(value).absolute()) if name in FOLDERS else value


def pairs_of(texts: Iterable[str]) -> dict[str, str]:
    """Options of `KEY=VALUE` texts."""
    return dict(text.partition("=")[::2] for text in texts)
