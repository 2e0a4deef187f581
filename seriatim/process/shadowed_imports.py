"""Imports that a program's own files cannot shadow: its `queue.py` is not the `queue` that redis-py asks for.

Python looks for modules in the folder of the program first. A file there that is named like a module of the standard
library breaks every library that imports that module, and the traceback points at the library. Where such a file is,
our modules and what they import are imported as `python -P` would import them, and the program keeps its own module
under the same name. Where there is none, which is nearly always, nothing is done at all (decision 19).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType

#: what is imported only when it is needed, by us or by Celery: it must be there before the program's names are back
LATE = (
    "asyncio", "concurrent.futures.thread", "concurrent.futures.process", "logging.handlers", "multiprocessing.pool",
    "kombu.transport.redis", "kombu.transport.pyamqp", "kombu.transport.memory", "redis.asyncio", "celery.app.amqp",
    "celery.app.control", "celery.app.events", "celery.app.log", "celery.backends.base", "celery.loaders.app",
    "celery.worker.control",
)  # fmt: skip


def import_ours(name: str) -> ModuleType:
    """Import one of our modules, and what it imports, from where they are installed."""
    folder = Path(sys.path[0] or ".") if sys.path and not sys.flags.safe_path else None
    shadows = _shadows(folder) if folder else set()
    if not shadows:
        return import_module(name)
    with _hidden(shadows):
        for late in LATE:
            import_module(late)
        return import_module(name)


def _shadows(folder: Path) -> set[str]:
    """Return the modules of the standard library that files in the folder are named like."""
    try:
        names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    except OSError:
        return set()
    return names & sys.stdlib_module_names if folder != Path(sys.prefix) else set()


@contextmanager
def _hidden(shadows: set[str]) -> Iterator[None]:
    """Hide the program's folder, and what was imported from it under these names; both are back afterwards."""
    folder = sys.path.pop(0)
    theirs = {name: sys.modules.pop(name) for name in shadows if _is_from(folder, sys.modules.get(name))}
    genuine = shadows & sys.modules.keys()  # the interpreter needed these before the program could hide them
    try:
        yield
    finally:
        sys.path.insert(0, folder)
        for name in shadows - genuine:
            sys.modules.pop(name, None)
        sys.modules.update(theirs)


def _is_from(folder: str, module: ModuleType | None) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and Path(file).is_relative_to(Path(folder).resolve())
