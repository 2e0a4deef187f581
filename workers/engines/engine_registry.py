"""The engine registry: the known engines, and how to load one; its module is imported only then.

An engine's module has `load(options) -> Engine`, and may import optional packages at its top. A new engine here is one
more line in `ENGINES`. Engines of other distributions are found by the entry-point group `seriatim.engines`
(name = module), or by the dotted name of their module.
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

OWN_PACKAGES = ("seriatim", "tasks", "workers")  #: packages whose absence is a bug, not something to install


@dataclass(frozen=True, slots=True)
class _EngineEntry:
    module: str
    package: str = ""  #: the engine's extra package, with its licence
    install: str = ""  #: the command that installs it
    settings: tuple[str, ...] = ()  #: settings that are the defaults of the options of the same name


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


def engine_names() -> tuple[str, ...]:
    """The engines that `load` knows by name: built-in ones, installed or not, and those of other distributions."""
    return (*ENGINES, *sorted({point.name for point in entry_points(group=GROUP)} - ENGINES.keys()))


def check_name(name: str) -> None:
    """Refuse a name that is neither an engine's nor the dotted name of a module.

    Raises:
        UnknownOption: with the nearest names.
    """
    if "." not in name and name not in engine_names():
        raise UnknownOption(unknown_word("engine", name, engine_names()))


def options_of(name: str, options: Mapping[str, str], settings: Settings) -> Mapping[str, str]:
    """The options of an engine: those of its user, with defaults from the settings."""
    setting_names = ENGINES[name].settings if name in ENGINES else ()
    return {setting: str(getattr(settings, setting)) for setting in setting_names} | dict(options)


def load(name: str, options: Mapping[str, str]) -> Engine:
    """Import the engine and load it with `options`, its user's KEY=VALUE pairs.

    Raises:
        UnknownOption: no such engine, no such option of it, or a value outside its range.
        EngineUnavailable: its package, model or library is missing.
    """
    check_name(name)
    entry = ENGINES.get(name) or _EngineEntry(_module_of(name), install=f"is it installed where {sys.executable} is?")
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if name in ENGINES and (not entry.package or (error.name or "").partition(".")[0] in OWN_PACKAGES):
            raise
        package = entry.package or error.name
        raise EngineUnavailable(f"the {name} engine needs the package {package}: {entry.install}") from error
    if not callable(getattr(module, "load", None)):
        raise EngineUnavailable(f"the module {entry.module} is not an engine: it has no function load(options)")
    engine: Engine = module.load(options)
    return engine


def _module_of(name: str) -> str:
    """The module of an engine of another distribution: that of its entry point, or `name` itself."""
    return next((point.module for point in entry_points(group=GROUP) if point.name == name), name)
