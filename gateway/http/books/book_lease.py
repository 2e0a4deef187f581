"""The lease of a book in Redis: of all gateways one works on it, and says to the others how far it is."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from seriatim.lua import book_scripts
from seriatim.lua.script_calls import run
from seriatim.state.book_run import read_book_run


@dataclass(frozen=True, slots=True)
class BookLease:
    """The lease that one run of a book has, or asks for."""

    redis: "Redis"
    book: str
    lease_s: float  #: without a renewal for so long it is over
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    def hold(self, progress: Mapping[str, Any]) -> bool:
        """Take the lease, or renew it, with the progress of the run; False where another run has it.

        Raises:
            Unavailable: Redis does not answer.
        """
        call = book_scripts.hold(self.book, self.token, round(self.lease_s * 1000), json.dumps(progress))
        return run(self.redis, call) == 1

    def release(self) -> None:
        """Give the lease back.

        Raises:
            Unavailable: Redis does not answer.
        """
        run(self.redis, book_scripts.release(self.book, self.token))


def read_progress(redis: "Redis", book: str) -> dict[str, Any] | None:
    """The progress of the run that has the lease of a book; None: no run has.

    Raises:
        Unavailable: Redis does not answer.
    """
    progress = read_book_run(redis, book)
    return None if progress is None else dict(json.loads(progress))
