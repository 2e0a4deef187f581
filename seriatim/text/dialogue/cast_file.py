"""A cast file: JSON, or YAML where PyYAML is installed."""

import json
from os import PathLike

from seriatim.errors import BadInput, Misconfigured
from seriatim.text.small_text_file import read_small_file

MOST_BYTES = 1_000_000


def read_cast_file(path: PathLike[str]) -> object:
    """The values in a file.

    Raises:
        BadInput: it cannot be read, or is neither JSON nor YAML.
        Misconfigured: it is YAML, and PyYAML is not installed.
    """
    _, text = read_small_file(path, "cast", MOST_BYTES)
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
