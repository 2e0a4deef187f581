"""Records of what goes into pool scripts and what comes back: verdicts, submissions, registrations, claims.

The typed calls that take and return them are in seriatim/lua/pool_scripts.py. Each verdict has a number of its own:
two names of one number would be one verdict.
"""

from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import Self

from seriatim.lua.job_scripts import OpenResult
from seriatim.records import BadRecord, DrainMode, GapPolicy, JobKind, Play, TaskMessage
from seriatim.settings import Settings
from seriatim.user_limits import UserLimits


@unique
class SubmitVerdict(IntEnum):
    """Whether the pool accepts a job."""

    ACCEPTED = 0
    DUPLICATE = 1
    BUSY = 2
    CAP_JOBS = 3
    CAP_QUEUED = 4
    MEMORY = 5
    NO_WORKERS = 6
    TOO_LARGE = 7
    CONFLICT = 8
    RECUT = 9
    CAP_CHARS = 10


@unique
class ExtendVerdict(IntEnum):
    """What became of more sentences."""

    OK = 0
    GONE = 1
    CLOSED = 2
    GAP = 3
    FULL = 4
    CONFLICT = 5


@unique
class ClaimVerdict(IntEnum):
    """What became of a claim."""

    CLAIMED = 0
    STALE = 1
    GONE = 2
    WAIT = 3
    UNKNOWN = 4


@unique
class FinishVerdict(IntEnum):
    """What became of a finish or a fail."""

    OK = 0
    STALE = 1
    GONE = 2


REFUSED = 0  #: as `max_failures`: the engine refused what the caller wants; no second attempt, and no dead letter
REFUSED_JOB = -1  #: the same, and every sentence of the job would be refused


@dataclass(frozen=True, slots=True)
class ReaderTerms:
    """What a job wants of its reader."""

    grace_ms: int  #: its job is cancelled when it is gone for so long; 0: the pool's part of the job is over
    window_ms: int  #: audio between dispatch and its reports, at which the job waits for it


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How attempts that come to nothing are treated."""

    max_failures: int = 3  #: blamed failures of a sentence before it is given up
    backoff_ms: int = 200  #: before the second attempt; doubles with each, up to a minute
    ended_life_ms: int = 600_000  #: how long an ended job's state can be asked for

    @classmethod
    def of(cls, settings: Settings) -> "RetryPolicy":
        """As the settings say."""
        return cls(settings.max_failures, settings.backoff_ms, round(settings.ended_job_ttl_s * 1000))


@dataclass(frozen=True, slots=True)
class Submission:
    """Everything admission wants to know about a job, apart from its sentences."""

    job: str
    user: str
    kind: JobKind
    spec: str  #: records.Spec as JSON
    closed: bool = True
    idempotency_key: str = ""
    session: str = ""  #: of a client that sends its text in several jobs
    spec_digest: str = (
        ""  #: of the parts of the spec that change the audio: another one under the same key is another text
    )
    cut: str = ""  #: how the text was cut into sentences (seriatim/text/segment), for a repeat under the same key
    priority: int = 0  #: -9..9 within the user
    weight: float = 1.0  #: of the user
    speed: float = 1.0  #: a listener at double speed needs twice the audio
    play: Play = Play.STREAM
    gap: GapPolicy = GapPolicy.FAIL
    drain: DrainMode = DrainMode.WINDOW
    window_ms: int = 20_000
    target_ms: int = 500  #: first audio after
    timeout_ms: int = 3_600_000
    life_ms: int = 4_200_000  #: of the job's keys; beyond the timeout
    grace_ms: int = 60_000  #: without a reader
    producer_ms: int = 0  #: lease of an open job's producer
    queue_limit_ms: int = 600_000  #: audio that may wait in an open job
    ended_life_ms: int = 600_000
    memory_share: float = 0.8  #: of maxmemory; above it nothing new is accepted
    limits: UserLimits = field(default_factory=UserLimits)  #: of the user, where no operator has set others


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """The pool's answer to a submission."""

    verdict: SubmitVerdict
    retry_after_ms: int
    job: str  #: on DUPLICATE, CONFLICT and RECUT the job that is there already
    drain: str = ""  #: on DUPLICATE its drain,
    cut: str = ""  #: and, as on RECUT, how its text was cut


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The answer to a claim; the fields below `verdict` count only if it is CLAIMED."""

    verdict: ClaimVerdict
    epoch: str = ""
    spec: str = ""
    sentence: str = ""
    lead_ms: int = 0  #: until playback reaches the sentence; negative: it is late
    estimate_ms: int = 0
    failures: int = 0
    expected_ms: int = 0  #: wall time that the pool measured such a sentence to take
    waited_ms: int = 0  #: from its pick to this claim
    silence_ms: int = 0  #: longest time that the engine lately gave no sound; 0: not known, or the job is not live
    user: str = ""  #: of the job, as `user_tag` writes it
    live: bool = False  #: a listener waits: it is neither batch nor played when it is whole
    opened: OpenResult | None = None  #: the answer to its opening, if that was part of the same call


@dataclass(frozen=True, slots=True)
class StandbySentence:
    """A sentence that a slot on standby was given (lua/pool/shared/standby.lua)."""

    message: TaskMessage
    expected: ClaimResult | None = None  #: what its claim would tell, if the slot may begin before that

    @classmethod
    def parse(cls, entry: str) -> Self:
        """Parse `job|seq|attempt`, or that and three lines: `lead ms|live|user`, the job's spec, the sentence.

        Raises:
            BadRecord: it is malformed.
        """
        name, *lines = entry.split("\n")
        message = TaskMessage.parse(name)
        if not lines:
            return cls(message)
        try:
            facts, spec, sentence = lines
            lead_ms, live, user = facts.split("|", 2)
            expected = ClaimResult(
                ClaimVerdict.CLAIMED, "", spec, sentence, int(lead_ms), user=user, live=bool(int(live))
            )
        except ValueError:
            raise BadRecord(
                f"{entry[:80]!r} is not given as it should be; expected lines of lead, spec, sentence"
            ) from None
        return cls(message, expected)


@dataclass(frozen=True, slots=True)
class NextSentence:
    """The answer to a finish that takes the slot's next sentence, too."""

    verdict: FinishVerdict
    message: TaskMessage | None = None  #: the sentence that the slot has now, if any
    claimed: ClaimResult | None = None  #: with `message`: it is CLAIMED
    picked: tuple[TaskMessage, ...] = ()  #: others, to be published
    standby: bool = False  #: there was none, and the slot is on standby
    ahead: TaskMessage | None = None  #: one that the process has ahead of its engine, and claims by itself


@dataclass(frozen=True, slots=True)
class FinishedSentence:
    """A sentence that is whole in its job's slot."""

    epoch: str  #: of its claim
    wall_ms: float  #: 0: no engine spoke; with `first_ms` it came from a cache, else the attempt found it whole
    audio_ms: float
    first_ms: float | None = None  #: from the claim to the first audio in the job's slot, for the timeline
    silence_ms: float | None = None  #: longest time in which the engine gave no sound; None: it was not measured
    ahead_ms: float = 0.0  #: for which it waited in its process, while the engine spoke others


@dataclass(frozen=True, slots=True)
class WorkerRegistration:
    """What a worker process says of itself when it is ready."""

    slots: int
    rate_hz: int
    continuity: str
    rtf: float  #: a first guess of slot seconds per second of audio
    eta: float
    reserve: float
    voices: str  #: JSON list of {"name", "language", "description"}
    engine: str
    host: str
    pid: int
    ready_ms: int  #: from process start to ready
    limit_chars: int = 250  #: producers cut sentences to this length
    merge_chars: int = 0  #: and join shorter ones to a neighbour
    limits: str = "{}"  #: JSON: limit_chars of single languages
    abilities: str = ""  #: JSON: what its engine can be asked for; "": it does not say
    fingerprint: str = ""  #: digest of its probe sentence's audio; "": its engine is not exact
    hot: bool = False  #: its slots take short sentences without messages, so that none need wait in the queue for them
    ahead: bool = False  #: and it may hold one sentence more than it speaks


@dataclass(frozen=True, slots=True)
class RegisterResult:
    """The answer to a registration."""

    rate_hz: int = 0  #: not 0: refused, because the pool has this rate
    fingerprint: str = ""  #: of the pool: workers with another one give other bytes


ASKING_PROCESSES = 8  #: in an interval: whichever comes first sweeps, and if it dies another one comes soon
MAX_STRETCH = 10.0  #: of the interval, for one process of a large pool


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What the sweep leaves to do outside the pool's slot."""

    ran: bool
    outbox: tuple[TaskMessage, ...]  #: to publish again
    todo: tuple[str, ...]  #: to carry out
    processes: int  #: of workers, in the pool

    @property
    def stretch(self) -> float:
        """The factor on the interval after which each of them asks again.

        Where all of a thousand ask each 400 ms, their questions are most of what idle workers cost the server.
        """
        return min(max(1.0, self.processes / ASKING_PROCESSES), MAX_STRETCH)
