"""A listener's player, without any I/O: what is in its buffer, since when it has been silent. Pure; time is given.

It begins to play when it has `PREROLL_MS`, or all there is: a sound card and a browser hold as much before they begin.
First audio is counted before that, at the first byte. It plays at `pace` times the speed of speech, and when it has
played everything it is silent until the next chunk, which it plays at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

PREROLL_MS = 100.0


@dataclass(slots=True)
class Player:
    """Times in seconds, audio in ms."""

    pace: float = 1.0
    got_ms: float = 0.0  #: delivered
    dry_s: float | None = None  #: when everything delivered is played; None: it has not begun
    stalls: list[tuple[float, float]] = field(default_factory=list)  #: (from, to) of each silence
    late_ms: list[float] = field(default_factory=list)  #: of each chunk behind the start: negative is early

    def take(self, at_s: float, ms: float) -> None:
        """A chunk arrives."""
        self.got_ms += ms
        if self.dry_s is None:
            if self.got_ms >= PREROLL_MS:
                self.begin(at_s)
            return
        self.late_ms.append((at_s - self.dry_s) * 1000)
        if at_s > self.dry_s:
            self.stalls.append((self.dry_s, at_s))
            self.dry_s = at_s
        self.dry_s += ms / 1000 / self.pace

    def begin(self, at_s: float) -> None:
        """Play what there is, if it does not play yet: there is enough, or nothing more will come."""
        if self.dry_s is None:
            self.dry_s = at_s + self.got_ms / 1000 / self.pace

    def heard_ms(self, now_s: float) -> float:
        """How much was played by now."""
        if self.dry_s is None:
            return 0.0
        return max(0.0, self.got_ms - max(0.0, self.dry_s - now_s) * 1000 * self.pace)

    def stop(self, now_s: float, *, more: bool) -> None:
        """The listener goes, or hears the end; with `more` to come, a silence that still lasts counts up to now."""
        if more and self.dry_s is not None and now_s > self.dry_s:
            self.stalls.append((self.dry_s, now_s))
            self.dry_s = now_s


def played(chunks: Iterable[tuple[float, float]], over_s: float, *, ended_s: float = -1.0, pace: float = 1.0) -> Player:
    """The player of a listener after all it got.

    Args:
        chunks: (arrival in s, ms) of each.
        over_s: when it stopped listening.
        ended_s: when the end of the text arrived; negative: it did not.
        pace: as the player's.
    """
    player = Player(pace)
    for at_s, ms in chunks:
        player.take(at_s, ms)
    if ended_s >= 0 and player.got_ms:
        player.begin(ended_s)
    player.stop(over_s, more=ended_s < 0)
    return player
