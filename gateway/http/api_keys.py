"""API keys: who calls, and what that user may have. A file in TOML, read once at start.

    [[key]]
    sha256 = "9f86d0..."   # of the key; or key = "..." itself
    user = "anna"
    weight = 2             # twice the share when everybody wants more
    jobs = 4               # at once
    queued_s = 600         # seconds of audio waiting
    in_flight = 2          # sentences spoken at once

Several keys may be one user's, so that one can be replaced. Keys are random and long, so a plain SHA-256 is enough,
and only the hash needs to be written down. A key that was given is compared with every one there is, in constant
time each and whatever came out before: how long it takes says nothing.
"""

import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seriatim.client.job_options import RANGES, check_range, check_user
from seriatim.client.user_limits import LIMITS
from seriatim.errors import Misconfigured, UnknownOption

CAPS = {"jobs": ("cap_jobs", 1), "queued_s": ("cap_queued_ms", 1000), "in_flight": ("cap_infl", 1)}
FIELDS = {"sha256", "key", "user", "weight", *CAPS}
SHORTEST = 16  #: characters of a key that is written out


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    user: str = "anonymous"
    weight: float = 1.0
    caps: tuple[tuple[str, float], ...] = ()  #: by the names of `seriatim.lua.pool_records.UserLimits`'s fields


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """All callers by their keys' hashes; without any, everybody is `anonymous`."""

    callers: tuple[tuple[bytes, Caller], ...] = ()

    @property
    def open(self) -> bool:
        """Is no key asked for?"""
        return not self.callers

    def caller(self, key: str) -> Caller | None:
        """Whose key it is; None if it is nobody's."""
        if self.open:
            return Caller()
        given = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found = None
        for digest, caller in self.callers:
            if hmac.compare_digest(digest, given):
                found = caller
        return found


def read_keys(path: str) -> ApiKeys:
    """Read the file; "" is none.

    Raises:
        Misconfigured: it cannot be read, or an entry is not as above. No message has a key in it.
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
        raise Misconfigured(f"{path!r} has no [[key]]: nobody could call")
    return ApiKeys(tuple(_entry(path, i, row) for i, row in enumerate(rows, 1)))


def _entry(path: str, i: int, row: object) -> tuple[bytes, Caller]:
    where = f"[[key]] {i} of {path!r}"
    if not isinstance(row, dict) or not set(row) <= FIELDS:
        raise Misconfigured(f"{where} may have {', '.join(sorted(FIELDS))}, and nothing else")
    try:
        check_user(row.get("user"))
        check_range("weight", row.get("weight", 1.0), *RANGES["weight"])
        caps = tuple(_cap(name, row[name]) for name in CAPS if name in row)
    except UnknownOption as error:
        raise Misconfigured(f"{where}: {error}") from None
    return _digest(where, row), Caller(row["user"], float(row.get("weight", 1.0)), caps)


def _cap(name: str, value: object) -> tuple[str, float]:
    field, factor = CAPS[name]
    low, high = LIMITS[field]
    check_range(name, value, low, high / factor)
    return field, float(value) * factor  # type: ignore[arg-type]  # check_range has seen a number


def _digest(where: str, row: Mapping[str, Any]) -> bytes:
    key, sha256 = row.get("key"), row.get("sha256")
    if isinstance(key, str) and sha256 is None:
        if len(key) < SHORTEST:
            raise Misconfigured(f"{where}: its key has fewer than {SHORTEST} characters, which can be guessed")
        return hashlib.sha256(key.encode()).digest()
    try:
        digest = bytes.fromhex(sha256) if key is None and isinstance(sha256, str) else b""
    except ValueError:
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise Misconfigured(f"{where} needs either key or sha256, which are 64 hexadecimal digits")
    return digest
