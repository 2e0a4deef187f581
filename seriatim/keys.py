"""The keyspace: every key that Seriatim writes, by name. A new key needs its line here.

All keys begin `seriatim:1:` (1 is the version of this layout) and a hash tag, so that a script touches one slot of a
cluster only. Two kinds of slot are a job's; only fencing tokens (attempts) cross between them, and nothing relies on a
step of both, although one server makes some together (lua/joint).
`seriatim:1:{...}` and `seriatim:1:{...}}` never exist: scripts name them to the server (lua/script_calls.py).

The pool `{p:<pool>}`: one per interchangeable family of workers, one Celery queue each. Written by pool scripts.

    :m                hash    V_L V_B (virtual time per class), E_L E_B (eligible up to), theta, slots, slack, ahead,
                              infl, fence, epoch, demand, held, eta, reserve, credit, now, off (clock offset), rtf,
                              cost, rate_hz, continuity, limit_chars, merge_chars, limits, abilities (JSON list),
                              fingerprint,
                              swept, snapped, renewed, stay, kept, places,
                              late, late_at (lua/pool/shared/pool_load.lua),
                              engine, silence, silences, handovers_left (lua/pool/shared/silence.lua),
                              allowed, paused, metered, rates (lua/pool/shared/governor.lua);
                              counts: jobs, sentences, done, refused, retries, fenced, given_up, lost_messages,
                              restarts, marked_<mark>
    :lim              hash    limits of the governor: level, raised, pace, ..., ceiling, reported, left,
                              requests_minute, requests_due, ... (lua/pool/shared/rates.lua)
    :spent:<day>      hash    user -> characters sent to engines on that day, of users with a budget
    :tried            list    "job|<1 failed, 0 spoken>" of the latest attempts, from a failure on
    :n :n:1 :n:2      hash    counters that only rise, and as they were one and two minutes ago; workers count
                              cache_errors in :n themselves
    :tag:<class>      zset    user -> start tag S, users with something to dispatch
    :elig:<class>     zset    user -> playback deadline in ms, only users with S <= V + theta
    :u:<user>         hash    weight, F_L, F_B (finish tags), infl, jobs, queued (ms), cap_infl
    :set:<user>       hash    user limits (user_limits.py) that an operator set, whatever requests say
    :uq:<class>:<user> zset   job -> deadline in ms less priority * 1e13
    :j:<job>          hash    see lua/pool/submit.lua
    :jt:<job>         hash    seq -> "<estimated ms>|<sentence as JSON>", deleted as sentences end
    :js:<job>         hash    seq -> "state,attempt,failures,cost,ms,position,at/slot_at[/spent],suspect,owner"
    :jr:<job>         zset    seq -> not-before in ms: sentences that wait for another attempt
    :jm:<job>         hash    "seq|attempt|mark" -> 1: what an engine did about attempts that it doubted
    :delay            zset    job -> the time at which a waiting retry becomes ready
    :shut             zset    batch job -> when it was looked at: only load keeps it from looking further ahead
    :lease            zset    "job|seq" -> expiry in ms of what is dispatched or running
    :yields           zset    "job|seq" of batch that may make way -> when it was begun, 0 while it waits for a slot
    :resumes          zset    "job|seq" live, of an engine that can go on where it stopped -> order of audio ahead
    :outbox           zset    "job|seq|attempt" -> time of the pick; picked, perhaps not yet published
    :todo             zset    "verb|job|..." -> time; steps that another slot still has to make
    :confirm          zset    of a cluster: "job|seq|ms|position|<estimated ms>|<sentence>" -> when it was finished
    :dead             hash    "job|seq" -> JSON of a sentence that was given up, with its reason
    (seriatim/dead_letters.py)
    :dead:at          zset    the same names -> when; the newest 1,000 of a week are kept
    :act              zset    live job -> the next time at which the sweep looks at it
    :line             zset    "<n>|<user>" -> time at which a refused one may retry; "b<n>|..." after a cancel
    :ends             zset    live job whose text is whole -> when it will have been heard
    :held             zset    spoken live job|its rate -> when it will have been heard: it keeps its share until then
    :rest             zset    job that was spoken, its end not yet read -> when the life of its stream is over
    :tl:<job>         stream  what happened when, for people (seriatim/job_timeline.py)
    :drop:<owner>     list    "job|seq|attempt" that a worker process is speaking and shall drop
    :standby          zset    "<owner>|<slot>" -> when an idle slot stops waiting (lua/pool/shared/standby.lua)
    :standby:<owner>|<slot> list: at most one "job|seq|attempt" that was given to it, with the sentence if the slot's
                              name ends in +; "": it goes back to Celery
    :wk               zset    owner (one worker process) -> time at which it counts as dead
    :w:<owner>        hash    slots, hot, ahead, engine, host, pid, alone, waiting|<job>|<seq>, spoken, busy_ms,
    audio_ms, since ... and its gauges (workers/worker_gauges.py)
    :renew:<group>    string  index of the process of a supervisor that is being renewed (workers/worker_renewal.py)
    :scaling          string  the change of the number of processes that a supervisor makes (lua/pool/scale.lua)
    :run:<owner>      hash    "job|seq" -> attempt: what the process is speaking
    :fenced:<attempt> string  it was refused, because its sentence had gone to another, and is counted
    :idem:<length of user>:<user>:<key> string: JSON: the job behind a caller's idempotency key (lua/pool/submit.lua)
    :turn:<length of user>:<user>:<session> string: the session's latest live job (lua/pool/shared/turns.lua)
    :said:<job>       string  digests of the sentences sent under such a key, 4 bytes each; "." behind the last
    :voices           string  JSON list of voices
    :cold             string  live requests wait for a first worker (seriatim/client/cold_start.py)
    :wake             list    at most one element: something became dispatchable while slots were free

The job `{k:<NN>}`, shard NN = a hash of the job id. Written by job scripts.

    :c:<job>          hash    state, n, cur, off (the cursor), at, hold, rate ..., per sentence: see lua/job/open.lua
    :b:<job>:<seq>    stream  one sentence's chunks, ids `0-<end byte offset>`
    :o:<job>          stream  **the ordered stream**: what readers read; a consumer group `reader` for plain clients
    :ntf              stream  notifications, consumer group `reassembler`
    :live             zset    live job -> the next time at which a reassembler looks at it
    :reports          zset    job whose reader reports itself -> when it did, in ms, to some seconds
    :over             zset    ended job whose end was read -> time at which its audio is deleted
    :hook:<job>       hash    webhook of an ended job that is not delivered: target, state, reason, bytes, rate,
                              sentences, gaps, ended, tries, error; of a book, whose message has an id of its own,
                              also kind and data
    :hooks            zset    such a job -> the next time at which a sender tries
    :hooks:dead       zset    such a job whose last try failed -> the time of that
    :hooks:n          hash    counters: delivered, failed (tries), dead

Beside the slots:

    reassemblers      zset    "<name>|<its store>" -> when it said so last, in s (reassembler_heartbeats.py)
    server            string  run id of the server whose log is safe; server:{<n>}: of a cluster's node (redis_checks)

A user's name stands in keys and members as `user_tag` writes it, wherever `<user>` is above and below.

A user `{u:<user>}`, written by gateways.

    :jobs             zset    job -> when it was accepted, in s: the user's latest, for lists

A book `{b:<book>}` that a gateway makes, written by book scripts.

    :run              hash    token of the gateway's run, progress (JSON); a lease, which the run renews

Ids of the ordered stream, for sentence s (0-based); offsets are even, so that none of them can clash:

    <s+1>-0                     sentence start marker
    <s+1>-<end byte offset>     audio
    <s+1>-<offset + 1>          discontinuity: what follows does not continue what was heard
    <s+1>-GAP                   gap: the sentence, or its rest, is missing
    <s+1>-END                   end of the job at sentence s, which is n where all were emitted

Every key has a life: pool keys POOL_LIFE_S after their last write, a job's keys until the job's own expiry.
"""

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

PREFIX = "seriatim:1:"
REASSEMBLERS = f"{PREFIX}reassemblers"
GROUP = "reassembler"  #: consumer group of the notification streams
SHARDS = 16  #: blocking on 4 to 16 streams wakes as fast as on one (measured: 0.7 ms; 1,000 streams: 1.4 ms)
POOL_LIFE_S = 7 * 24 * 3600  #: an idle pool forgets its virtual time after a week; no promise outlives that
GAP = 9007199254740990  #: 2**53 - 2: above every byte offset, exact in Lua's doubles
END = 9007199254740991  #: 2**53 - 1: above every gap
POSITION = re.compile(r"([0-9]{1,16})-([0-9]{1,16})")
USER_ENCODED = re.compile(r"[\s|{}:%]")  #: identity providers give `auth0|abc`, `urn:uuid:...`, names with spaces
JOB_ID = re.compile(r"[A-Za-z0-9]{1,64}")  #: ours are 32 hexadecimal digits; | : {} part keys, entries and to-dos


def pool_prefix(pool: str) -> str:
    """The prefix of all keys of a pool."""
    return f"{PREFIX}{{p:{pool}}}"


def queue(pool: str) -> str:
    """The pool's Celery queue: a wire name, not a key of this layout."""
    return f"seriatim.{pool}"


def shard_of(job: str) -> int:
    """The shard of a job, 0..SHARDS-1. Job ids are random; the hash serves callers who choose their own."""
    return int.from_bytes(hashlib.blake2s(job.encode(), digest_size=2).digest()) % SHARDS


def shard_prefix(shard: int) -> str:
    """The prefix of all keys of a shard."""
    return f"{PREFIX}{{k:{shard:02d}}}"


def job_prefix(job: str) -> str:
    """The prefix of the keys in a job's own slot."""
    return shard_prefix(shard_of(job))


def ordered_stream(job: str) -> str:
    """The ordered stream of a job, which plain Redis clients read."""
    return f"{job_prefix(job)}:o:{job}"


def notification_stream(shard: int) -> str:
    """The notification stream of a shard."""
    return f"{shard_prefix(shard)}:ntf"


def wake_list(pool: str) -> str:
    """The wake-up list of a pool, on which sweepers block: a sentence became dispatchable."""
    return f"{pool_prefix(pool)}:wake"


def drop_list(pool: str, owner: str) -> str:
    """The list of sentences that a worker process shall stop speaking."""
    return f"{pool_prefix(pool)}:drop:{owner}"


def standby_slots(pool: str) -> str:
    """The slots of a pool that are on standby."""
    return f"{pool_prefix(pool)}:standby"


#: the end of the names of slots that begin with what they are given before they have claimed it
EARLY_SLOT = "+"


def standby_list(pool: str, slot: str) -> str:
    """The list on which a slot blocks while it is on standby; `slot`: its process and its name there."""
    return f"{standby_slots(pool)}:{slot}"


def renewal(pool: str, group: str) -> str:
    """The index of the process of a supervisor that is being renewed."""
    return f"{pool_prefix(pool)}:renew:{group}"


def job_keys(pool: str, job: str) -> tuple[str, ...]:
    """The keys of a job other than its audio: its texts and its state."""
    in_pool = (f"{pool_prefix(pool)}:{name}:{job}" for name in ("jt", "j", "js", "jr"))
    return *in_pool, f"{job_prefix(job)}:c:{job}"


def audio_keys(job: str) -> str:
    """A pattern for the keys of audio that is not emitted yet, a stream for each sentence."""
    return f"{job_prefix(job)}:b:{job}:*"


def user_tag(user: str) -> str:
    """A user's name as used in keys and members, with white space and separators encoded."""
    return USER_ENCODED.sub(lambda found: quote(found[0], safe=""), user)


def user_of(tag: str) -> str:
    """The user's name from its tag."""
    return unquote(tag)


def book_prefix(book: str) -> str:
    """The prefix of the keys of a book."""
    return f"{PREFIX}{{b:{book}}}"


def user_jobs(user: str) -> str:
    """The list of a user's latest jobs."""
    return f"{PREFIX}{{u:{user_tag(user)}}}:jobs"


@dataclass(frozen=True, slots=True, order=True)
class StreamPosition:
    """A place in the ordered stream: the id of an entry. The default is before the first."""

    sentence: int = 0  #: 1-based in the id: sentence seq has seq + 1
    offset: int = 0  #: bytes of that sentence before this place, or a marker's sub-id

    def __str__(self) -> str:
        return f"{self.sentence}-{self.offset}"

    @property
    def n_bytes(self) -> int:
        """Bytes of its sentence before this place; 0 behind a gap marker or the end, whose ids do not say it."""
        return self.offset - self.offset % 2 if self.offset < GAP else 0

    @property
    def resumed(self) -> "StreamPosition":
        """Where a reader goes on that has everything up to here. One that has the end is given the end again."""
        return StreamPosition(self.sentence, GAP) if self.offset == END else self

    @classmethod
    def parse(cls, text: str) -> "StreamPosition":
        """Read `<n>-<n>`.

        Raises:
            ValueError: it is not an id of an ordered stream.
        """
        found = POSITION.fullmatch(text)
        if not found or max(int(found[1]), int(found[2])) > END:
            raise ValueError(f"{text[:40]!r} is not a position; expected <sentence>-<offset>, such as 3-9600")
        return cls(int(found[1]), int(found[2]))
