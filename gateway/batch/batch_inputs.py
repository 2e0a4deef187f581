"""Batch inputs: the files of a folder, or those that a list names, and the output of each."""

import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from gateway.batch.written_files import WrittenFiles
from seriatim.errors import BadInput


@dataclass(frozen=True, slots=True)
class BatchInput:
    """A file to speak."""

    name: str  #: its path from the folder, or as the list writes it; what the manifest calls it
    path: Path


def batch_inputs(source: str, output_folder: Path) -> list[BatchInput]:
    """The files of a folder and its subfolders, in alphabetical order, or of a list with one path a line.

    Hidden files, those in the output folder and those that Seriatim has written do not count. Relative paths of a list
    are relative to its folder.

    Raises:
        BadInput: there is no such folder or list, or the folder lies in the output folder.
    """
    path = Path(source)
    try:
        if path.is_dir():
            _refuse_outputs_as_inputs(path, output_folder)
            return list(_folder_inputs(path, output_folder))
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(f"cannot read {source}: {(error.strerror or str(error)).lower()}") from None
    if b"\0" in raw:
        raise BadInput(f"{source} is no list: expected a folder, or a text file with one path a line")
    lines = raw.decode("utf-8-sig", "surrogateescape").splitlines()  # the name of a file need not be UTF-8
    names = dict.fromkeys(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return [BatchInput(name, path.parent / name) for name in names]


def left_out(source: str, output_folder: Path) -> list[str]:
    """A line for each thing that Seriatim has written into a folder outside of the output folder; none of a list."""
    written, own = WrittenFiles.below(Path(source)), output_folder.resolve()
    folders = {folder: what for folder, what in written.folders.items() if not folder.resolve().is_relative_to(own)}
    files = [path for path in written.files if not path.resolve().is_relative_to(own)]
    lines = [f"{folder} is left out: it is {what}" for folder, what in folders.items()]
    if files:
        more = f" and {len(files) - 1} more" if len(files) > 1 else ""
        lines.append(f"left out: {min(files)}{more}, which Seriatim has written")
    return lines


def output_name(name: str, ending: str, taken: Collection[str]) -> str:
    """The path of a file's output from the output folder, one that is not taken: `a.mp3`, `a.md.mp3`, `a.md.2.mp3`...

    A path of a list that leads out of its folder has its last part alone.
    """
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        path = Path(path.name)
    names = (str(path.with_suffix(f".{ending}")), f"{path}.{ending}")
    return next(name for name in chain(names, (f"{path}.{n}.{ending}" for n in count(2))) if name not in taken)


def _refuse_outputs_as_inputs(folder: Path, output_folder: Path) -> None:
    if folder.resolve().is_relative_to(output_folder.resolve()):
        raise BadInput(
            f"{folder} lies in the output folder {output_folder}, so that outputs would be read as texts; "
            f"name another folder, such as -o {shlex.quote(str(folder / 'spoken'))}"
        )


def _is_input(path: Path) -> bool:
    """Whether a path is a file, or a link to what is not there: that is an error, not something to pass over."""
    return path.is_file() or (path.is_symlink() and not path.exists())


def _folder_inputs(folder: Path, output_folder: Path) -> Iterator[BatchInput]:
    written = WrittenFiles.below(folder)
    folders = [each.resolve() for each in (output_folder, *written.folders)]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if any(part.startswith(".") for part in name.parts) or path in written.files or not _is_input(path):
            continue
        if not any(map(path.resolve().is_relative_to, folders)):
            yield BatchInput(str(name), path)
