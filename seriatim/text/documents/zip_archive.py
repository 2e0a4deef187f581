"""A zip archive that is read in memory, member by member, within limits; nothing is ever unpacked into a folder."""

import io
import posixpath
import zipfile
import zlib
from urllib.parse import unquote

from seriatim.errors import BadInput
from seriatim.text.documents.document_limits import PART_BYTES, DocumentLimits

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError, RuntimeError)


class ZipArchive:
    """Reads members of an archive; a member that claims less than it holds is refused as well."""

    def __init__(self, raw: bytes, name: str, limits: DocumentLimits) -> None:
        """Read the list of members.

        Raises:
            BadInput: it is damaged, or has too many members.
        """
        self.name, self._left, self._limits = name, limits.unpacked_bytes, limits
        self._counted: set[str] = set()
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(raw))
        except _BROKEN as error:
            raise BadInput(f"{name} is a damaged archive: {error}; is the download complete?") from None
        members = self._zip.infolist()
        if len(members) > limits.archive_files:
            most = limits.archive_files
            raise BadInput(f"{name} holds {len(members)} files; SERIATIM_DOCUMENT_MAX_FILES allows {most}")
        self.names = frozenset(member.filename for member in members)
        self._folded = {_folded(member): member for member in sorted(self.names)}

    def contains(self, member: str) -> bool:
        """Is there such a member, perhaps with other capitals or slashes?"""
        return member in self.names or _folded(member) in self._folded

    def missing(self, member: str) -> BadInput:
        """The error of a member that there is not."""
        return BadInput(f"{self.name} names {member!r:.200}, which it does not contain; is the download complete?")

    def read(self, member: str, most_bytes: int = PART_BYTES) -> bytes:
        """The content of a member.

        Raises:
            BadInput: it does not exist, is encrypted or damaged, or exceeds a limit.
        """
        content = self.read_at_most(member, most_bytes)
        if content is None:
            raise BadInput(
                f"{self.name}: {member} has more than {most_bytes} bytes; split it, or save it as plain text"
            )
        return content

    def read_at_most(self, member: str, most_bytes: int) -> bytes | None:
        """The content of a member; None if it is larger than that. Its name may differ in capitals and slashes.

        Raises:
            BadInput: as `read`.
        """
        member = member if member in self.names else self._folded.get(_folded(member), member)
        if member not in self.names:
            raise self.missing(member)
        allowed = most_bytes if member in self._counted else min(most_bytes, self._left)
        try:
            with self._zip.open(member) as file:
                content = file.read(allowed + 1)
        except _BROKEN as error:
            raise BadInput(f"{self.name}: {member} cannot be read: {str(error) or type(error).__name__}") from None
        if member in self._counted:
            return None if len(content) > most_bytes else content
        if len(content) > self._left:
            most = self._limits.unpacked_bytes
            raise BadInput(
                f"{self.name} unpacks to more than {most} bytes; SERIATIM_DOCUMENT_UNPACKED_BYTES sets the limit"
            )
        self._left -= len(content)
        self._counted.add(member)
        return None if len(content) > most_bytes else content


def _folded(member: str) -> str:
    """A member's name as systems see it that distinguish neither capitals nor slashes."""
    return member.replace("\\", "/").casefold()


def resolve_path(base: str, reference: str) -> str:
    """The member that a reference in the member `base` names, without its fragment."""
    path = unquote(reference.partition("#")[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)).lstrip("/") if path else base
