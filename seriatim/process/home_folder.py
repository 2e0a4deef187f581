"""The user's folder, where there is one: a container's user may have no name, no HOME, and no line in passwd."""

from pathlib import Path


def expand_home(path: str | Path) -> Path:
    """A path whose `~` is the user's folder; without one it is `/`, as container engines set HOME then."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # pathlib's: the home is unknown
        first, *rest = Path(path).parts
        return Path("/", *rest) if first == "~" else Path(path)
