"""Batch inputs: the files of a folder, or those that a list names, and the output of each."""

import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from gateway.batch.batch_manifest import MANIFEST, is_output_folder
from seriatim.errors import BadInput


@dataclass(frozen=True, slots=True)
class BatchInput:
    """A file to speak."""

    name: str  #: its path from the folder, or as the list writes it; what the manifest calls it
    path: Path


def batch_inputs(source: str, output_folder: Path) -> list[BatchInput]:
    """The files of a folder and its subfolders, in alphabetical order, or of a list with one path a line.

    Hidden files and those in the output folder, or in that of another batch, do not count. Relative paths of a list are
    relative to its folder.

    Raises:
        BadInput: there is no such folder or list, or the folder lies in the output folder.
    """
    path = Path(source)
    try:
        if path.is_dir():
            _refuse_outputs_as_inputs(path, output_folder)
            outputs = [output_folder, *other_outputs(source, output_folder)]
            return list(_folder_inputs(path, [folder.resolve() for folder in outputs]))
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise BadInput(f"{source} is no list: expected a folder, or a text file with one path a line") from None
    except OSError as error:
        raise BadInput(f"cannot read {source}: {(error.strerror or str(error)).lower()}") from None
    names = dict.fromkeys(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return [BatchInput(name, path.parent / name) for name in names]


def other_outputs(source: str, output_folder: Path) -> list[Path]:
    """The subfolders of a folder that are output folders of other batches; none of a list."""
    found = sorted(manifest.parent for manifest in Path(source).rglob(MANIFEST) if manifest.parent != Path(source))
    return [folder for folder in found if folder.resolve() != output_folder.resolve() and is_output_folder(folder)]


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


def _folder_inputs(folder: Path, output_folders: Sequence[Path]) -> Iterator[BatchInput]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if not hidden and path.is_file() and not any(map(path.resolve().is_relative_to, output_folders)):
            yield BatchInput(str(name), path)
