"""An early start: the engine begins with a sentence that its slot was given, while the claim is on its way.

A claim is a round trip, in which the engine would have nothing to do (decision 90). A slot on standby is given what its
claim would tell (lua/pool/shared/standby.lua), and another thread makes the claim meanwhile. The claim alone decides:
nothing that the engine makes is sent before the answer, and nothing at all if the attempt is not due. Engines of other
machines, which may be paid for by the request, do not begin so.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Self

from seriatim.engine import AudioChunk
from workers.engines.engine_catalogue import engine_profiles


def runs_here(engine_name: str) -> bool:
    """Whether an engine speaks on this machine, as far as we know: only then may it begin before the claim."""
    profile = engine_profiles().get(engine_name)
    return profile is not None and not profile.one_process


@dataclass(slots=True)
class EarlyStart:
    """The chunks of a sentence, of which the engine has made the first, or failed to."""

    chunks: Generator[AudioChunk]
    _first: AudioChunk | None = field(default=None, init=False)
    _error: Exception | None = field(default=None, init=False)

    def begin(self) -> Self:
        """Have the engine make the first chunk."""
        try:
            self._first = next(self.chunks, None)
        except Exception as error:  # noqa: BLE001  # an engine may raise anything; it counts once the sentence is claimed
            self._error = error
        return self

    def all_chunks(self) -> Generator[AudioChunk]:
        """All chunks of the sentence.

        Raises:
            as the engine did.
        """
        with closing(self.chunks):
            if self._error is not None:
                raise self._error
            if self._first is not None:
                yield self._first
            yield from self.chunks

    def close(self) -> None:
        """End it; the engine has a free place then."""
        self.chunks.close()
