"""The engine registry: the known engines, and how to load one; its module is imported only then.

An engine's package has `load(options) -> Engine` in its module `engine`, which may import optional packages at its
top, or in its `__init__.py`, which may not: `engine_catalogue` imports that of every engine here. Engines of other
distributions are found by the entry-point group `seriatim.engines` (name = module), or by the dotted name of their
module.
"""

import importlib
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from types import ModuleType

from seriatim.engine import Engine
from seriatim.engine_names import GROUP
from seriatim.errors import EngineUnavailable, UnknownOption
from seriatim.nearest_names import unknown_word
from seriatim.settings import Settings
from workers.engines.engine_catalogue import EngineProfile, engine_profiles

OWN_PACKAGES = ("seriatim", "tasks", "workers")  #: packages whose absence is a bug, not something to install
OTHER_INSTALL = f"is it installed where {sys.executable} is?"  #: advice about a module that is not in this repository


def engine_names() -> tuple[str, ...]:
    """The engines that `load` knows by name: built-in ones, installed or not, and those of other distributions."""
    return (*engine_profiles(), *sorted({point.name for point in entry_points(group=GROUP)} - engine_profiles().keys()))


def check_name(name: str) -> None:
    """Refuse a name that is neither an engine's nor the dotted name of a module.

    Raises:
        UnknownOption: with the nearest names.
    """
    if "." not in name and name not in engine_names():
        raise UnknownOption(unknown_word("engine", name, engine_names()))


def options_of(name: str, options: Mapping[str, str], settings: Settings) -> Mapping[str, str]:
    """The options of an engine: those of its user, with defaults from the settings."""
    setting_names = engine_profiles().get(name, EngineProfile()).settings
    return {setting: str(getattr(settings, setting)) for setting in setting_names} | dict(options)


def load(name: str, options: Mapping[str, str]) -> Engine:
    """Import the engine and load it with `options`, its user's KEY=VALUE pairs.

    Raises:
        UnknownOption: no such engine, no such option of it, or a value outside its range.
        EngineUnavailable: its package, model or library is missing.
    """
    check_name(name)
    try:
        module = _module_of(name)
        if not callable(getattr(module, "load", None)):
            raise EngineUnavailable(f"the module {module.__name__} is not an engine: it has no function load(options)")
        engine: Engine = module.load(options)
    except ModuleNotFoundError as error:
        profile = engine_profiles().get(name)
        if profile and (not profile.package or (error.name or "").partition(".")[0] in OWN_PACKAGES):
            raise
        package, install = (profile.package, profile.install) if profile else (error.name, OTHER_INSTALL)
        raise EngineUnavailable(f"the {name} engine needs the package {package}: {install}") from error
    return engine


def _module_of(name: str) -> ModuleType:
    """The module that has the engine's `load`: of this repository, of an entry point, or `name` itself."""
    if name not in engine_profiles():
        points = entry_points(group=GROUP)
        return importlib.import_module(next((point.module for point in points if point.name == name), name))
    package = importlib.import_module(f"workers.engines.{name}")
    return package if hasattr(package, "load") else importlib.import_module(f"{package.__name__}.engine")
