"""API keys: the users that they stand for, and the limits of those users. A TOML file, read once at start.

    [[key]]
    sha256 = "9f86d0..."   # of the key; or key = "..." itself
    user = "anna"
    weight = 2             # twice the share when the pool is full
    jobs = 4               # running jobs
    queued_s = 600         # seconds of queued audio
    in_flight = 2          # sentences in flight
    lexicon = "anna.txt"   # behind the lexicon of a request; in the folder of this file, read again when it changes

A user may have several keys, so that one can be replaced. Keys are random and long, so a plain SHA-256 is enough, and
only the hash needs to be stored. A key in a request is compared with all keys, each in constant time and without
stopping at a match, so the duration reveals nothing.
"""

import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seriatim.client.job_lexicon import LexiconFile
from seriatim.client.option_checks import check_range, check_user
from seriatim.errors import BadInput, Misconfigured, UnknownOption
from seriatim.user_limits import LIMITS, UserLimits

FIELDS = {"sha256", "key", "user", "lexicon", *LIMITS}
MIN_KEY_CHARS = 16  #: of a key that is written out


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request, with its limits."""

    user: str = "anonymous"
    weight: float = 1.0
    limits: UserLimits = field(default_factory=UserLimits)  #: without the weight, which every request has
    lexicon: LexiconFile = field(default_factory=lambda: LexiconFile(""))


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """All callers by the hashes of their keys; without keys, every caller is the user `anonymous`."""

    callers: tuple[tuple[bytes, Caller], ...] = ()

    @property
    def open(self) -> bool:
        """Whether requests need no key."""
        return not self.callers

    def caller(self, key: str) -> Caller | None:
        """The caller of `key`; None if the key is unknown."""
        if self.open:
            return Caller()
        key_digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found = None
        for digest, caller in self.callers:
            if hmac.compare_digest(digest, key_digest):
                found = caller
        return found

    def caller_of(self, user: str) -> Caller:
        """The caller of a user whose request was accepted before; without limits if no key is the user's any more."""
        return next((caller for _, caller in self.callers if caller.user == user), Caller(user))


def read_keys(path: str) -> ApiKeys:
    """Read a file of keys; without a path there are none.

    Raises:
        Misconfigured: the file cannot be read, or an entry is invalid. No message contains a key.
    """
    if not path:
        return ApiKeys()
    try:
        rows = tomllib.loads(Path(path).read_text("utf-8")).get("key")
    except OSError as error:
        raise Misconfigured(f"cannot read the keys in {path!r}: {error.strerror}") from None
    except ValueError:  # its message would quote the line, and the key in it
        raise Misconfigured(f"{path!r} is not TOML in UTF-8") from None
    if not isinstance(rows, list) or not rows:
        raise Misconfigured(f"{path!r} has no [[key]]; every request would be refused")
    return ApiKeys(tuple(_parse_entry(path, i, row) for i, row in enumerate(rows, 1)))


def _parse_entry(path: str, i: int, row: object) -> tuple[bytes, Caller]:
    where = f"[[key]] {i} of {path!r}"
    if not isinstance(row, dict) or not set(row) <= FIELDS:
        raise Misconfigured(f"{where} has an unknown field; there are: {', '.join(sorted(FIELDS))}")
    try:
        check_user(row.get("user"))
        limits = {name: row[name] for name in LIMITS if name in row}
        for name, value in limits.items():
            check_range(name, value, LIMITS[name].low, LIMITS[name].high)
    except UnknownOption as error:
        raise Misconfigured(f"{where}: {error}") from None
    weight = float(limits.pop("weight", 1.0))
    caller = Caller(row["user"], weight, UserLimits(**limits), _lexicon_file(path, where, row.get("lexicon", "")))
    return _key_digest(where, row), caller


def _lexicon_file(keys_path: str, where: str, name: object) -> LexiconFile:
    """The lexicon of a key, which is read once here, so that a wrong one stops the gateway at its start."""
    if not isinstance(name, str):
        raise Misconfigured(f"{where}: lexicon {name!r}; expected the name of a file")
    file = LexiconFile(str(Path(keys_path).parent / name) if name else "", f"lexicon of {where}")
    try:
        file.current()
    except BadInput as error:
        raise Misconfigured(str(error)) from None
    return file


def _key_digest(where: str, row: Mapping[str, Any]) -> bytes:
    key, sha256 = row.get("key"), row.get("sha256")
    if isinstance(key, str) and sha256 is None:
        if len(key) < MIN_KEY_CHARS:
            raise Misconfigured(f"{where}: a key of fewer than {MIN_KEY_CHARS} characters can be guessed")
        return hashlib.sha256(key.encode()).digest()
    try:
        digest = bytes.fromhex(sha256) if key is None and isinstance(sha256, str) else b""
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise Misconfigured(f"{where} needs either key, or sha256 with 64 hexadecimal digits")
    return digest
