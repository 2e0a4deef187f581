"""Is a folder a whole XTTS-v2 checkpoint? Checked before anything of it is loaded, and without torch.

A checkpoint is `config.json`, `model.pth` and `vocab.json`, and, since XTTS 2.0.3, `speakers_xtts.pth` with its own
voices. A `SHA256SUMS` beside them, as `sha256sum` prints it, is checked as well: the one way to notice a damaged byte.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seriatim.errors import EngineUnavailable

CONFIG, MODEL, VOCAB, SPEAKERS, MANIFEST = "config.json", "model.pth", "vocab.json", "speakers_xtts.pth", "SHA256SUMS"
NEEDED = (CONFIG, MODEL, VOCAB)
ADVICE = "`seriatim models` says how to get XTTS-v2"
LFS = b"version https://git-lfs"  #: what git leaves in place of a large file that it did not fetch
#: What the engine is written for, and what every published XTTS-v2 has. XTTS v1 differs in the first two.
ARCHITECTURE = {
    "gpt_use_perceiver_resampler": True,
    "gpt_num_audio_tokens": 1026,
    "gpt_code_stride_len": 1024,
    "input_sample_rate": 22050,
    "output_sample_rate": 24000,
    "output_hop_length": 256,
    "d_vector_dim": 512,
}


@dataclass(frozen=True, slots=True)
class CheckpointFolder:
    """A folder whose files are all there, whole as far as one sees without reading them all, and of XTTS-v2."""

    folder: Path
    config: Mapping[str, Any]  #: config.json
    has_speakers: bool  #: without them it speaks with cloned voices only
    n_bytes: int  #: of model.pth

    @property
    def size(self) -> Mapping[str, Any]:
        """The model's dimensions: `model_args` of config.json."""
        found: Mapping[str, Any] = self.config["model_args"]
        return found


def check(folder: Path) -> CheckpointFolder:
    """Look at every file of a checkpoint; the manifest is `check_manifest`'s.

    Raises:
        EngineUnavailable: a file is missing, cut short, or of another architecture; the message names it.
    """
    if not folder.is_dir():
        raise EngineUnavailable(f"there is no folder {folder}; {ADVICE}")
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise EngineUnavailable(f"{folder} has no {', no '.join(missing)}; {ADVICE}")
    has_speakers = (folder / SPEAKERS).is_file()
    for name in (MODEL, SPEAKERS) if has_speakers else (MODEL,):
        _check_torch_file(folder / name)
    _check_vocabulary(folder / VOCAB)
    config = _json(folder / CONFIG)
    _check_architecture(folder / CONFIG, config)
    return CheckpointFolder(folder, config, has_speakers, (folder / MODEL).stat().st_size)


def check_manifest(folder: Path) -> int | None:
    """Compare the files with `SHA256SUMS`, if there is one; returns how many it lists, None without one.

    Reads every listed file once: some seconds for the published model.

    Raises:
        EngineUnavailable: a line cannot be read, or a file is missing or differs.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return None
    lines = [line for line in manifest.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        _check_digest(folder, number, line)
    return len(lines)


def _check_digest(folder: Path, number: int, line: str) -> None:
    expected, _, name = line.partition(" ")
    name = name.removeprefix(" ").removeprefix("*")
    if len(expected) != 64 or not name or Path(name).name != name:
        raise EngineUnavailable(
            f"line {number} of {folder / MANIFEST} is no line of sha256sum: expected 64 hexadecimal digits, two spaces "
            "and the name of a file beside it"
        )
    try:
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EngineUnavailable(f"{folder / name} is listed in {MANIFEST}: {error.strerror}") from None
    if found != expected.lower():
        raise EngineUnavailable(
            f"{folder / name} is damaged: SHA-256 {found[:12]}…, {MANIFEST} says {expected[:12].lower()}…; get it again"
        )


def _check_torch_file(path: Path) -> None:
    """A file of torch.save is a zip file, whose directory is at its end: a truncated one has none."""
    try:
        with path.open("rb") as file:
            head = file.read(len(LFS))
        if head == LFS:
            raise EngineUnavailable(f"{path} is a Git LFS pointer, not the file: run `git lfs pull` in its folder")
        with zipfile.ZipFile(path) as archive:
            whole = any(name.endswith("/data.pkl") for name in archive.namelist())
    except zipfile.BadZipFile:
        whole = False
    except OSError as error:
        raise EngineUnavailable(f"cannot read {path}: {error.strerror}") from None
    if not whole:
        raise EngineUnavailable(
            f"{path} is cut short or no torch checkpoint: {path.stat().st_size} bytes without a directory at the end; "
            f"get it again; {ADVICE}"
        )


def _check_vocabulary(path: Path) -> None:
    model = _json(path).get("model")
    if not isinstance(model, dict) or not model.get("vocab"):
        raise EngineUnavailable(f"{path} is no tokenizer: it has no model.vocab; get it again; {ADVICE}")


def _check_architecture(path: Path, config: Mapping[str, Any]) -> None:
    if config.get("model") != "xtts":
        raise EngineUnavailable(f"{path} is of the model {config.get('model')!r}, expected 'xtts'; {ADVICE}")
    args = config.get("model_args")
    if not isinstance(args, dict):
        raise EngineUnavailable(f"{path} has no model_args; {ADVICE}")
    for name, expected in ARCHITECTURE.items():
        found = args.get(name, expected)
        if found != expected:
            raise EngineUnavailable(f"{path}: {name} is {found}, expected {expected} as in XTTS-v2; {ADVICE}")
    _check_dimensions(path, args)


def _check_dimensions(path: Path, args: Mapping[str, Any]) -> None:
    width, heads, decoder = (args.get(n) for n in ("gpt_n_model_channels", "gpt_n_heads", "decoder_input_dim"))
    if not (isinstance(width, int) and isinstance(heads, int) and heads > 0 and width % heads == 0):
        raise EngineUnavailable(f"{path}: {width} channels do not divide into {heads} heads; {ADVICE}")
    if decoder not in (None, width):
        raise EngineUnavailable(
            f"{path}: decoder_input_dim is {decoder}, expected the GPT's {width} channels; {ADVICE}"
        )


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise EngineUnavailable(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise EngineUnavailable(f"{path} is no JSON: {error}; get it again; {ADVICE}") from None
    if not isinstance(found, dict):
        raise EngineUnavailable(f"{path} holds a {type(found).__name__}, expected a JSON object; {ADVICE}")
    return found
