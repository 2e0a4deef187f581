"""A process that kills itself at a named point.

`python -m tests.chaos.points SCRIPT before|after N MODULE [ARGUMENT...]`: MODULE's `main` runs as it would by itself,
and is killed (SIGKILL) right before it sends, or right after it was answered, its Nth call of a script. The functions
that send calls are wrapped from outside: the product knows nothing of this.
"""

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from seriatim.lua import script_calls
from seriatim.lua.script_calls import ScriptCall


@dataclass(slots=True)
class Doom:
    """When the process dies."""

    script: str
    when: str  #: before, after
    calls_left: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def around(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function that sends one call, or several."""

        def sent(redis: Any, what: Any, **options: Any) -> Any:
            calls: Sequence[ScriptCall[Any]] = [what] if isinstance(what, ScriptCall) else what
            due = self._due(sum(call.script.name == self.script for call in calls))
            if due and self.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            replies = send(redis, what, **options)
            if due:
                os.kill(os.getpid(), signal.SIGKILL)
            return replies

        return sent

    def _due(self, n_calls: int) -> bool:
        with self.lock:
            before, self.calls_left = self.calls_left, self.calls_left - n_calls
            return n_calls > 0 and self.calls_left <= 0 < before


def main(argv: Sequence[str]) -> int:
    """Run a module's `main` with its doom in place."""
    script, when, nth, module, *arguments = argv
    doom = Doom(script, when, int(nth))
    for name in ("run", "run_many"):  # before anything imports them by name
        setattr(script_calls, name, doom.around(getattr(script_calls, name)))
    sys.argv = [module, *arguments]
    status = importlib.import_module(module).main(arguments)
    return int(status or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
