"""The engine catalogue: the engines of this repository, with what each says of itself before it is loaded.

Each is a package beside this module, whose `__init__.py` has a `PROFILE` and imports nothing heavy. Everything else
about engines is read from here: the command line's choices and checks, the registry, the default engine of a machine.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from seriatim.engine import Continuity, Voice
from seriatim.engine_abilities import Abilities
from workers import engines


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What users compare engines by, for the table of engines; a test compares it with the loaded engines."""

    about: str = ""
    languages: str = ""
    rate: str = ""  #: samples per second, such as "24,000"
    continuity: Continuity = Continuity.NONE
    streams: bool = False  #: the audio of a sentence comes in pieces while it is synthesized
    code: str = ""  #: licence of what the extra brings; beyond that see docs/reference/licences.md
    weights: str = ""  #: licence of its model or voices
    runs_on: str = "CPU"


@dataclass(frozen=True, slots=True)
class EngineProfile:
    """The description of an engine that is available without loading it."""

    package: str = ""  #: the engine's extra package, with its licence
    install: str = ""  #: the command that installs it
    module: str = ""  #: module of a package that contains voices, too: the engine speaks wherever it is found
    settings: tuple[str, ...] = ()  #: settings that are the defaults of the options of the same name
    whole_machine: bool = False  #: one process uses every core or a GPU, and GBs; it has the option `threads`
    one_process: bool = False  #: its slots wait for another machine and need no core: one process has them all
    #: slots that share a model and speak as fast as so many processes, because it lets go of the interpreter's lock
    slots_per_model: int = 1
    abilities: Abilities | None = None  #: with `module`: what a pool of it will register; None: any language
    voices: tuple[Voice, ...] = ()  #: with `module`: likewise; () accepts any name
    facts: EngineFacts = EngineFacts()
    extra: str = ""  #: the extra with it, if its name is not the engine's


@cache
def engine_profiles() -> Mapping[str, EngineProfile]:
    """The profiles by the engines' names, whether their packages are installed or not."""
    names = sorted(module.name for module in pkgutil.iter_modules(engines.__path__) if module.ispkg)
    return {name: importlib.import_module(f"{engines.__name__}.{name}").PROFILE for name in names}
