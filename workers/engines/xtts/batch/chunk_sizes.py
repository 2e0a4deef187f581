"""Chunk sizes: when to vocode what has been generated of a sentence.

Every piece costs the vocoder some frames more than it gives (it looks beyond its edges), so large pieces are cheap; and
a listener whose buffer runs dry while a large one is collected hears a gap, so small pieces are safe. What decides is
the lead: how much sound the listener still has. It is known when the sentence begins, it shrinks as time passes, grows
by every piece, and stops at nothing: a listener that hears nothing falls no further behind.

- The first piece of a sentence that no buffer covers is as small as can be: its listener is waiting.
- After that a piece is the largest that is sure to be there in time, keeping a part of the lead in reserve. With a
  generator faster than playback the lead grows with every piece, and the pieces with it, up to a second.
- No piece is smaller than it must be for the row to keep up with playback. For a row that keeps up with pieces of one
  code that is one, and no listener hears a gap that it would not hear with such pieces (a property test). Where it is
  more, smaller pieces would only make the lead melt.

Sizes are from a short ladder, so that many rows have pieces of equal size, which a GPU makes in one pass.
Pure: time comes in as an argument, in ms of any one monotonic clock.
"""

from dataclasses import dataclass

CODE_MS = 1024 / 22.05  #: of sound in one code, at speed 1
#: sizes of a piece in latents; the last is a second of sound: longer ones would save under 1 % of the vocoder's work,
#: and a worker that dies loses a piece
SIZES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 21)
#: of the lead that a piece may use up. The rest is for a step that takes longer than the ones before, as when
#: other sentences join the batch: their prefill stalls a row for some 100 ms.
SHARE = 0.75
#: latents a piece where a row cannot keep up with playback whatever it does. A row a quarter slower than playback
#: leaves gaps of 93 ms with these (C100 counts those under 100), and the vocoder's work grows by a fifth.
STALLED = 8


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    """What making sound costs one row, in ms of wall time, measured lately with the rows that are in the batch."""

    code_ms: float  #: from one of its codes to the next
    window_ms: float = 0.0  #: of vocoding a piece of no latents: surroundings, launches, its turn behind others
    latent_ms: float = 0.0  #: more for each latent of the piece

    def making_ms(self, n_codes: int, n_latents: int) -> float:
        """Until `n_codes` more codes are generated and a piece of `n_latents` latents is vocoded."""
        return n_codes * self.code_ms + self.window_ms + n_latents * self.latent_ms


class ChunkSizer:
    """The pieces of one sentence, for one listener.

    Args:
        lead_ms: how much sound the listener has before this sentence: `Utterance.lead_ms`.
        now_ms: when that was.
        first: latents of the smallest first piece: `Vocoder.least_latents` and what makes it worth hearing.
        code_ms: of sound in one code, at the sentence's speed.
    """

    def __init__(self, lead_ms: float, now_ms: float, first: int, code_ms: float = CODE_MS) -> None:
        self._first, self._code_ms = first, code_ms
        self._started = False
        self._set_lead(lead_ms, now_ms)

    def lead_ms(self, now_ms: float) -> float:
        """How much sound the listener still has; 0 where it hears nothing."""
        return max(0.0, self._lead_ms - (now_ms - self._as_of_ms))

    def gave(self, audio_ms: float, now_ms: float) -> None:
        """A piece has left, with so much sound."""
        self._started = True
        self._set_lead(self.lead_ms(now_ms) + audio_ms, now_ms)

    def due(self, waiting: int, now_ms: float, pace: SpeedEstimate) -> bool:
        """Is it time to vocode the latents that wait? To be asked after every code."""
        return waiting >= self.collect(waiting, now_ms, pace)

    def collect(self, waiting: int, now_ms: float, pace: SpeedEstimate) -> int:
        """How many latents the next piece shall have, at least; those that wait may be more.

        Args:
            waiting: how many are there.
            now_ms: the time.
            pace: how fast the row is now. While latents come at that pace the answer stays the same.
        """
        least = self._sustaining(pace) if self._started else self._first
        left_ms = self.lead_ms(now_ms) - self._reserve_ms

        def in_time(size: int) -> bool:
            return pace.making_ms(max(0, size - waiting), max(size, waiting)) <= left_ms

        return max((size for size in SIZES if size > least and in_time(size)), default=least)

    def _sustaining(self, pace: SpeedEstimate) -> int:
        """The smallest piece with which the row keeps up with playback."""
        enough = (size for size in SIZES if pace.making_ms(size, size) <= size * self._code_ms)
        return next(enough, STALLED)

    def _set_lead(self, lead_ms: float, now_ms: float) -> None:
        self._lead_ms, self._as_of_ms = lead_ms, now_ms
        self._reserve_ms = (1 - SHARE) * lead_ms  # of the lead when a piece begins: asked later it would be used up
