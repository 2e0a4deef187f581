"""The command parser: argparse whose errors are one line, with the nearest command or option. Nothing else differs."""

import argparse
import difflib
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from seriatim.exit_codes import ExitCode
from seriatim.nearest_names import NEAREST, QUOTED_CHARS, TYPO, unknown_word

_DASHED = re.compile(r"-[^-].*\.\w{1,5}", re.DOTALL)  #: -a.txt


class CommandParser(argparse.ArgumentParser):
    """A parser of one command, or of all; the parsers of its commands are of this class as well."""

    _words: Sequence[str] = ()  #: what is parsed

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, but what is left over is an error of the command that has left it, which knows its options."""
        self._words = [str(word) for word in args or ()]
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            self.error(self._unknown_argument(rest))
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, and where help is, in one line; end the process."""
        shown = "commands" if " " not in self.prog else "options"
        self.exit(
            ExitCode.BAD_INPUT, f"{self.prog}: {message}{self._dashed_file()}; {self.prog} --help shows all {shown}\n"
        )

    def _dashed_file(self) -> str:
        """How to name the file that was taken for an option, if there is one, such as `-a.txt`."""
        options = self._option_string_actions
        name = next((word for word in self._words if _DASHED.fullmatch(word) and word[:2] not in options), "")
        return f"; a file of that name is ./{name[:QUOTED_CHARS]}" if name else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        if isinstance(action.choices, range):
            first, last = action.choices[0], action.choices[-1]
            raise argparse.ArgumentError(action, f"{value}; expected a number from {first} to {last}")
        names = [str(choice) for choice in action.choices]
        if action.option_strings:
            raise argparse.ArgumentError(action, unknown_word("value", str(value), names, TYPO))
        what = str(action.metavar or action.dest).lower()
        raise argparse.ArgumentError(None, unknown_word(what, str(value), names, TYPO))

    def _unknown_argument(self, rest: Sequence[str]) -> str:
        name = next((word.partition("=")[0] for word in rest if word.startswith("-")), "")
        if not name:
            return f"unexpected argument {rest[0][:QUOTED_CHARS]!r}"
        if name in self._option_string_actions:
            return f"option {name} stands behind --, where every word is an argument; put it before --"
        written = {option.lstrip("-"): option for option in self._option_string_actions}
        near = difflib.get_close_matches(name.lstrip("-"), written, NEAREST, TYPO)
        nearest = f"; nearest: {', '.join(written[each] for each in near)}" if near else ""
        return f"unknown option {name[:QUOTED_CHARS]!r}{nearest}"
