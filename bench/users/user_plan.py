"""The plan of what each user does: texts, when it leaves, how long it thinks. Pure; the same for the same seed.

Times are in seconds of speech where they are of a text, and of the clock elsewhere.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from bench.load.plan import MS_PER_CHAR, text_of

SHORT, LONG = "short", "long"
TEXTS_S = {SHORT: (4.0, 12.0), LONG: (40.0, 90.0)}  #: an assistant's answers, and pages that are read aloud
LONG_SHARE = 0.25
LEAVES_SHARE = 0.2  #: of texts whose listener goes in the middle
LEAVES_AFTER = (0.1, 0.8)  #: as shares of the text
THINKS_S = (2.0, 8.0)  #: between the end of a text and the next one

RTF = 0.1  #: of the engine: seconds of a slot for a second of audio
LOAD = 0.75  #: of the slots, if all users listened at once
SENTENCE_S = 5.0  #: mean length of a sentence (bench/load/plan.py)
TRIPS = 12  #: ways to Redis that a slot waits for with each sentence: message, claim, open, last append, report
PROCESS_SLOTS = 8  #: of one worker process


@dataclass(frozen=True, slots=True)
class UserWish:
    """A text that a user asks for."""

    text: str
    text_s: float  #: its length when the tone engine speaks it
    group: str  #: SHORT or LONG
    leaves_s: float  #: so long after its first sound the user goes; 0: it hears all
    thinks_s: float  #: before its next wish


@dataclass(frozen=True, slots=True)
class UsersRun:
    """One run of the bench."""

    users: int = 100
    minutes: float = 1.0  #: behind which all users stop, wherever they are
    delay_ms: float = 0.0  #: of each way between the workers and Redis
    seed: int = 1
    texts: int = 0  #: after which a user rests, and the run ends with the last; 0: all come back until the run is over

    @property
    def spawn_per_s(self) -> float:
        """Users who come in a second: all within a sixth of the run, ten seconds at most."""
        return self.users / min(10.0, self.minutes * 10)


def wishes(number: int, seed: int) -> Iterator[UserWish]:
    """What user `number` (0-based) asks for, one wish after another."""
    random = Random(f"{seed} {number}")
    while True:
        group = LONG if random.random() < LONG_SHARE else SHORT
        text = " ".join(text_of(random.uniform(*TEXTS_S[group]), random.getrandbits(32)))
        text_s = len(text) * MS_PER_CHAR / 1000
        leaves = random.random() < LEAVES_SHARE
        leaves_s = random.uniform(*LEAVES_AFTER) * text_s if leaves else 0.0
        yield UserWish(text, text_s, group, leaves_s, random.uniform(*THINKS_S))


def slots_for(users: int, delay_ms: float = 0.0) -> int:
    """The slots of which `users` who all listen at once take the share LOAD.

    A sentence takes its slot for RTF of its length, and for TRIPS ways of `delay_ms`.
    """
    slot_s = RTF + TRIPS * delay_ms / 1000 / SENTENCE_S
    return max(2, math.ceil(users * slot_s / LOAD))


def processes_for(slots: int) -> int:
    """The worker processes among which so many slots are divided; two at least, as where one may die."""
    return max(2, math.ceil(slots / PROCESS_SLOTS))


def key_of(number: int) -> str:
    """The API key of a user: with keys each is a user of its own to the gateway, with a share of its own."""
    return f"bench-user-key-{number:06d}"


def keys_file(users: int) -> str:
    """The gateway's file of keys, as TOML."""
    return "\n".join(f'[[key]]\nkey = "{key_of(n)}"\nuser = "user{n}"\n' for n in range(users))
