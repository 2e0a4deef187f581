"""Which engines there are, and how one is loaded: its module is imported only when somebody asks for it.

An engine's module has `load(options) -> Engine` and may import, at its top, packages that are not installed
everywhere. One more engine is one more line in `ENGINES`.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

from seriatim.errors import EngineUnavailable, UnknownOption
from seriatim.settings import Settings
from tasks.engine import Engine
from tasks.nearest import unknown

OURS = ("seriatim", "tasks", "workers")  #: packages whose absence is a bug, not something to install


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    package: str = ""  #: what the engine needs beyond the core, with its licence
    install: str = ""  #: the command that installs it
    settings: tuple[str, ...] = ()  #: settings that become options of the same name, where none is given


ENGINES = {
    "tone": _Entry("workers.engines.tone"),
    "espeak": _Entry("workers.engines.espeak", "espeakng-loader (GPL-3.0-or-later)", "pip install -e '.[espeak]'"),
    "xtts": _Entry("workers.engines.xtts.engine", "coqui-tts (MPL-2.0)", "make xtts", ("voice_dir",)),
}


def names() -> tuple[str, ...]:
    """The engines that `load` knows, installed or not."""
    return tuple(ENGINES)


def options_of(name: str, given: Mapping[str, str], settings: Settings) -> Mapping[str, str]:
    """The options to load an engine with: those that were `given`, and those that the settings say."""
    wanted = ENGINES[name].settings if name in ENGINES else ()
    return {setting: str(getattr(settings, setting)) for setting in wanted} | dict(given)


def load(name: str, options: Mapping[str, str]) -> Engine:
    """Import the engine and load it with `options`, the KEY=VALUE pairs that its user wrote.

    Raises:
        UnknownOption: no such engine, no such option of it, or a value outside its range.
        EngineUnavailable: its package, model or library is missing.
    """
    if name not in ENGINES:
        raise UnknownOption(unknown("engine", name, ENGINES))
    entry = ENGINES[name]
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if not entry.package or (error.name or "").partition(".")[0] in OURS:
            raise
        raise EngineUnavailable(f"the {name} engine needs the package {entry.package}: {entry.install}") from error
    engine: Engine = module.load(options)
    return engine
