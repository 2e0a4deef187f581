"""A small disk of its own for the server's log, where this machine allows to mount one: it can be filled."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

SIZE = "384m"  #: room for a log that a failed rewrite left long


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """Where the server writes; nothing special if that could not be made."""

    directory: Path | None

    @property
    def server_args(self) -> tuple[str, ...]:
        """The server's options."""
        return ("--dir", str(self.directory)) if self.directory else ()

    def close(self) -> None:
        """Take it away."""
        if self.directory:
            subprocess.run(["umount", str(self.directory)], check=True, capture_output=True)


def small_disk(folder: Path) -> SmallDisk:
    """Mount one in a folder; needs root and the right to mount."""
    directory = folder / "disk"
    directory.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "seriatim-chaos", str(directory)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return SmallDisk(None)
    return SmallDisk(directory)
