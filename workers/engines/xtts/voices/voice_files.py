"""Cloned voices as files: `NAME.safetensors` in the voice folder, one per voice, written whole or not at all.

Written by `enrol`, read by every worker. The name of the file follows from the voice's name, and a name has no
character that a path could be made of; nothing that a listener writes reaches the file system otherwise. Without torch.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seriatim.errors import BadInput, UnknownVoice, Unwritable

FORMAT = "seriatim-xtts-voice-1"
ENDING = ".safetensors"
#: nothing that this user can read: a home may be missing, or locked
ABSENT = (FileNotFoundError, NotADirectoryError, PermissionError)
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_ -]{0,46}[a-z0-9])?")
NAMES = "1 to 48 of a-z, 0-9, space, - and _, beginning and ending with a letter or digit"
LATENT, SPEAKER = "gpt_latent", "speaker"  #: float32[1, 32, D] and float32[1, 512, 1]

Tensors = Mapping[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class VoiceFileHeader:
    """What is written beside a voice's tensors."""

    name: str
    fingerprint: str  #: of the weights that made it: another model's voice is noise (`voices.fingerprint`)
    created: str  #: ISO 8601, UTC
    seconds: float  #: of the recordings it was made of
    recordings: int
    language: str = ""  #: BCP 47; what it speaks by default; "": anything


@dataclass(frozen=True, slots=True)
class VoiceFileVersion:
    """Which version of a voice's file it is: a replaced file has another."""

    inode: int
    modified_ns: int
    n_bytes: int


def check_name(name: str) -> str:
    """`name`, if a cloned voice may have it.

    Raises:
        BadInput: it may not.
    """
    if not NAME.fullmatch(name):
        raise BadInput(f"{name[:60]!r} cannot be a voice's name: expected {NAMES}")
    return name


def path_of(folder: Path, name: str) -> Path:
    """Where the voice `name` lies, if there is one.

    Raises:
        BadInput: no voice can have this name.
    """
    return folder / (check_name(name).replace(" ", "+") + ENDING)


def mark_of(folder: Path, name: str) -> VoiceFileVersion | None:
    """The version of a voice's file; None: there is no such voice."""
    try:
        found = path_of(folder, name).stat()
    except (BadInput, *ABSENT):
        return None
    return VoiceFileVersion(found.st_ino, found.st_mtime_ns, found.st_size)


def names(folder: Path) -> list[str]:
    """The voices in a folder, sorted; one that is not there, or that is another user's, has none."""
    with contextlib.suppress(*ABSENT):
        stems = (path.name.removesuffix(ENDING).replace("+", " ") for path in folder.iterdir() if path.suffix == ENDING)
        return sorted(stem for stem in stems if NAME.fullmatch(stem))
    return []


def check_free(folder: Path, name: str, *, replace: bool) -> None:
    """Refuse a name that is taken, unless its voice is to be replaced.

    Raises:
        BadInput: no voice can have this name, or there is one already.
    """
    if path_of(folder, name).exists() and not replace:
        raise BadInput(f"there is a voice {name!r} already; --replace puts the new one in its place")


def write(folder: Path, card: VoiceFileHeader, tensors: Tensors, *, replace: bool = False) -> Path:
    """Write a voice; returns where.

    Raises:
        BadInput: there is one of that name, and it is not to be replaced.
        Unwritable: the folder cannot be written.
    """
    from safetensors.numpy import save  # of the extra: names, lists and removal do without

    path = path_of(folder, card.name)
    check_free(folder, card.name, replace=replace)
    content = save(dict(tensors), {"format": FORMAT} | {key: str(value) for key, value in asdict(card).items()})
    unfinished = folder / f".{path.name}.{secrets.token_hex(4)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _write_through(unfinished, content)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise Unwritable(f"cannot write {path}: {error.strerror}; SERIATIM_VOICE_DIR names the folder") from None
    return path


def read(folder: Path, name: str) -> tuple[VoiceFileHeader, Tensors]:
    """A voice's card and tensors.

    Raises:
        UnknownVoice: there is none of that name, or its file is damaged.
    """
    with _opened(folder, name) as file:
        tensors = {key: file.get_tensor(key) for key in (LATENT, SPEAKER)}
        return _card(name, file.metadata()), tensors


def read_card(folder: Path, name: str) -> VoiceFileHeader:
    """A voice's card, without its tensors.

    Raises:
        UnknownVoice: there is none of that name, or its file is damaged.
    """
    with _opened(folder, name) as file:
        return _card(name, file.metadata())


def remove(folder: Path, name: str) -> None:
    """Remove a voice. Sentences that are being spoken with it end in its voice.

    Raises:
        UnknownVoice: there is none of that name.
        Unwritable: the folder cannot be written.
    """
    try:
        path_of(folder, name).unlink()
    except (FileNotFoundError, NotADirectoryError):
        raise UnknownVoice(f"there is no cloned voice {name!r} in {folder}") from None
    except OSError as error:
        raise Unwritable(f"cannot remove {name!r} from {folder}: {error.strerror}") from None


@contextlib.contextmanager
def _opened(folder: Path, name: str) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open  # as in `write`

    path = path_of(folder, name)
    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError):
        raise UnknownVoice(f"there is no cloned voice {name!r} in {folder}") from None
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise UnknownVoice(f"the voice {name!r} cannot be read: {path}: {error}; add it again") from error


def _card(name: str, metadata: Mapping[str, str] | None) -> VoiceFileHeader:
    found = dict(metadata or {})
    if found.pop("format", None) != FORMAT or found.get("name") != name:
        raise ValueError(f"it is of the format {(metadata or {}).get('format')!r}, expected {FORMAT!r} and this name")
    return VoiceFileHeader(
        name=name, fingerprint=found["fingerprint"], created=found["created"], seconds=float(found["seconds"]),
        recordings=int(found["recordings"]), language=found["language"],
    )  # fmt: skip


def _write_through(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
