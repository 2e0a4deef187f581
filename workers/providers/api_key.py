"""API key of a provider, from a file: it is never an argument, which `ps` shows, nor a part of a message."""

from pathlib import Path

from seriatim.errors import EngineUnavailable

HIDDEN = "[key]"


class ApiKey:
    """The key in a file, read again when that changes; "" without a file. Thread-safe: a race reads it twice."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).expanduser() if path else None
        self._read: tuple[tuple[int, int, int], str] = ((0, 0, 0), "")
        self._former = ""

    def current(self) -> str:
        """The key.

        Raises:
            EngineUnavailable: the file cannot be read, or is not one line of printable ASCII.
        """
        if self._path is None:
            return ""
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._read[0] != version:
                self._former, self._read = self._read[1], (version, self._checked(self._path.read_bytes()))
        except OSError as error:
            raise EngineUnavailable(f"key_file={self._path}: {error.strerror or type(error).__name__}") from None
        return self._read[1]

    def hide(self, text: str) -> str:
        """The text without the key, the current one and the one before."""
        for key in filter(None, (self._read[1], self._former)):
            text = text.replace(key, HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"ApiKey({str(self._path or '')!r})"

    def _checked(self, content: bytes) -> str:
        lines = content.decode("ascii", "replace").split("\n")
        key = lines[0].strip()
        if not key or any(line.strip() for line in lines[1:]) or not (key.isascii() and key.isprintable()):
            raise EngineUnavailable(f"key_file={self._path} is not a key: expected one line of printable ASCII")
        return key
