"""A cast file: JSON, or YAML where PyYAML is installed."""

import json
from os import PathLike
from pathlib import Path

from seriatim.errors import BadInput, Misconfigured

MOST_BYTES = 1_000_000


def read_cast_file(path: PathLike[str]) -> object:
    """The values in a file.

    Raises:
        BadInput: it cannot be read, or is neither JSON nor YAML.
        Misconfigured: it is YAML, and PyYAML is not installed.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"cast {path} is not UTF-8, at byte {error.start}") from None
    except OSError as error:
        raise BadInput(f"cast {path}: {(error.strerror or str(error)).lower()}") from None
    if len(raw) > MOST_BYTES:
        raise BadInput(f"cast {path} is larger than {MOST_BYTES:,} bytes")
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"cast {path} is no JSON: {error}") from None
    return _read_yaml(text, path)


def _read_yaml(text: str, path: PathLike[str]) -> object:
    try:
        import yaml
    except ModuleNotFoundError:
        advice = "write the cast as JSON, or install the extra: pip install -c constraints.txt -e '.[documents]'"
        raise Misconfigured(f"cast {path} is YAML, and PyYAML is missing; {advice}") from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise BadInput(f"cast {path} is no YAML: {' '.join(str(error).split())[:200]}") from None
