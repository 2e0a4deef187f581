"""The engine registry: which engines there are, and how one is loaded; its module is imported only when asked for.

An engine's module has `load(options) -> Engine` and may import, at its top, packages that are not installed
everywhere. One more engine of ours is one more line in `ENGINES`. Engines of other distributions are found by the
entry-point group `seriatim.engines` (name = module), or by the dotted name of their module.
"""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points

from seriatim.engine import Engine
from seriatim.errors import EngineUnavailable, UnknownOption
from seriatim.nearest_names import unknown_word
from seriatim.settings import Settings

OURS = ("seriatim", "tasks", "workers")  #: packages whose absence is a bug, not something to install


@dataclass(frozen=True, slots=True)
class _EngineEntry:
    module: str
    package: str = ""  #: what the engine needs beyond the core, with its licence
    install: str = ""  #: the command that installs it
    settings: tuple[str, ...] = ()  #: settings that become options of the same name, where none is given


ENGINES = {
    "tone": _EngineEntry("workers.engines.tone.engine"),
    "hibari": _EngineEntry(
        "workers.engines.hibari.engine", "hibari-tts (Apache-2.0)", "pip install -c constraints.txt -e '.[hibari]'"
    ),
    "espeak": _EngineEntry(
        "workers.engines.espeak.engine", "espeakng-loader (GPL-3.0-or-later)", "pip install -e '.[espeak]'"
    ),
    "xtts": _EngineEntry("workers.engines.xtts.engine", "coqui-tts (MPL-2.0)", "make xtts", ("voice_dir",)),
}


GROUP = "seriatim.engines"  #: entry points of other distributions: `name = "package.module"`


def names() -> tuple[str, ...]:
    """The engines that `load` knows by name: ours, installed or not, and those of other distributions."""
    return (*ENGINES, *sorted({point.name for point in entry_points(group=GROUP)} - ENGINES.keys()))


def check_name(name: str) -> None:
    """Refuse what is neither an engine's name nor the dotted name of a module.

    Raises:
        UnknownOption: with the nearest names.
    """
    if "." not in name and name not in names():
        raise UnknownOption(unknown_word("engine", name, names()))


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
    check_name(name)
    entry = ENGINES.get(name) or _EngineEntry(_module_of(name), install=f"is it installed where {sys.executable} is?")
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if name in ENGINES and (not entry.package or (error.name or "").partition(".")[0] in OURS):
            raise
        needed = entry.package or error.name
        raise EngineUnavailable(f"the {name} engine needs the package {needed}: {entry.install}") from error
    if not callable(getattr(module, "load", None)):
        raise EngineUnavailable(f"the module {entry.module} is no engine: it has no function load(options)")
    engine: Engine = module.load(options)
    return engine


def _module_of(name: str) -> str:
    """Return the module of an engine of another distribution: that of its entry point, or `name` itself."""
    return next((point.module for point in entry_points(group=GROUP) if point.name == name), name)
