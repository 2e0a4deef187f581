"""The licence of the XTTS-v2 weights: it must be accepted by a person, once per folder, before they are loaded.

The code is free software; the weights are not. Acceptance is the file that Coqui's own model manager writes, so that a
model which was fetched with it is not asked about twice.
"""

from pathlib import Path

from seriatim.errors import Misconfigured, UnknownOption, Unwritable

NAME = "CPML"
FULL_NAME = "Coqui Public Model License 1.0.0"
URL = "https://tts-hub.github.io/cpml"  #: Coqui's own page ended with the company; coqui-tts points here
GIST = "non-commercial use only, of the weights and of what they speak"
MARK = "tos_agreed.txt"


def accepted(folder: Path) -> bool:
    """Whether the licence of the model in `folder` was accepted on this machine."""
    return (folder / MARK).is_file()


def accept(folder: Path) -> None:
    """Write down that the licence is accepted.

    Raises:
        Unwritable: the folder cannot be written.
    """
    line = f"I have read, understood and agreed to the Terms and Conditions of the {FULL_NAME} ({URL}).\n"
    try:
        (folder / MARK).write_text(line, "utf-8")
    except OSError as error:
        raise Unwritable(
            f"cannot write {folder / MARK}: {error.strerror}; where the folder must stay as it is, accept with "
            f"--engine-option accept_licence={NAME}"
        ) from None


def require(folder: Path, word: str = "") -> None:
    """Go on only where the licence is accepted: in the folder, or by `word`, the option `accept_licence`.

    Raises:
        Misconfigured: it is not.
        UnknownOption: `word` is another licence.
    """
    if word and word != NAME:
        raise UnknownOption(f"option accept_licence is {word[:60]!r}, expected {NAME}")
    if not word and not accepted(folder):
        raise Misconfigured(
            f"the XTTS-v2 weights are under the {FULL_NAME} ({URL}): {GIST}. "
            f"To accept it: seriatim models accept {folder}, or --engine-option accept_licence={NAME}"
        )
