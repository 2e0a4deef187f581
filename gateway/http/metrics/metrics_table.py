"""The table of all metrics, from which they are exported.

`docs/reference/metrics.md` is made from it, and the dashboard and the alerts are compared with it. A new metric is a
row here and the place that counts it.
"""

from dataclasses import dataclass
from typing import Literal

from seriatim.pool_metrics import LENGTH_BOUNDS_MS, SLACK_BOUNDS_MS, TIME_BOUNDS_MS, WAIT_BOUNDS_MS

FIRST_AUDIO_BOUNDS_MS = (50, 100, 200, 300, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric, exported as `seriatim_<name>`; `source` is `<reader>.<attribute or counter>`, see READERS."""

    name: str  #: without the _total of a counter
    type: Literal["counter", "gauge", "histogram"]
    source: str
    help: str
    labels: tuple[str, ...] = ("pool",)
    bounds_ms: tuple[int, ...] = ()  #: of a histogram
    note: str = ""  #: what else the documentation says

    @property
    def exported_name(self) -> str:
        """The name as Prometheus and the documentation have it."""
        return f"seriatim_{self.name}" + "_total" * (self.type == "counter")


WORKER = ("pool", "worker")
METRICS = (
    Metric("http_requests", "counter", "process", "requests answered", ("route", "code")),
    Metric("http_streams", "gauge", "process", "streams of audio that are open", ()),
    Metric("http_streams_ended", "counter", "process", "streams of audio that ended", ("outcome",),
           note="of answers, and of each job of a WebSocket: done, left (the client), cancelled (the job was), failed, "
           "timed_out (the job), stalled, moved (this gateway ended)"),
    Metric("http_first_audio_seconds", "histogram", "process", "from a request to its first audio", ("pool",),
           FIRST_AUDIO_BOUNDS_MS,
           note="not of what is played when it is whole (`play`), nor of WebSockets, whose text comes in its own time; "
           "nor are the silence and the streams below"),
    Metric("http_first_audio_target_seconds", "gauge", "process", "what 95 of 100 first audios should be within", (),
           note="`SERIATIM_FIRST_AUDIO_MS`"),
    Metric("http_audio_seconds", "counter", "process", "audio sent to listeners", ()),
    Metric("http_underrun_seconds", "counter", "process", "time that players had nothing to play", (),
           note="players without a buffer"),
    Metric("http_streams_played", "counter", "process", "streams that ended, by whether they were continuous",
           ("continuous",), note="without a silence above 100 ms"),
    Metric("slots", "gauge", "pool.slots", "sentences that may be synthesized at once"),
    Metric("allowed_slots", "gauge", "pool.allowed", "slots that the governor lets the pool use",
           note="fewer than all while the engine's server limits its requests, or an operator does"),
    Metric("paused_seconds", "gauge", "pool.paused_s", "time for which nothing is dispatched",
           note="since the engine's server accepts nothing"),
    Metric("requests_limit", "gauge", "pool.requests_minute", "requests a minute that an operator allows",
           note="0: any number; `seriatim set --requests-minute`"),
    Metric("characters_limit", "gauge", "pool.characters_minute", "characters a minute that an operator allows",
           note="0: any number; `seriatim set --characters-minute`"),
    Metric("in_flight_sentences", "gauge", "pool.in_flight",
           "sentences that are dispatched or being synthesized; a busy process of a light engine may have one ahead"),
    Metric("waiting_sentences", "gauge", "pool.waiting", "sentences accepted and not in flight",
           note="the depth of the queue"),
    Metric("waiting_users", "gauge", "kinds.users", "users with a sentence that could be dispatched", ("pool", "kind")),
    Metric("jobs", "gauge", "pool.jobs", "jobs that are not over"),
    Metric("live_demand_slots", "gauge", "pool.demand", "slots that live jobs need", note="by the measured speed"),
    Metric("live_capacity_slots", "gauge", "pool.room", "slots that live jobs may have",
           note="`SERIATIM_LIVE_SLOT_SHARE` of all, less the batch reserve"),
    Metric("held_slots", "gauge", "pool.held", "slots kept for listeners whose audio is not played to its end",
           note="all of it is synthesized (decision 13)"),
    Metric("load_ratio", "gauge", "pool.load", "demand and held slots by the capacity for live jobs",
           note="times the lateness factor; towards 1 no further job is accepted"),
    Metric("lateness_factor", "gauge", "pool.lateness", "factor by which admission multiplies demand and held slots",
           note="1 to 1.5; live sentences that are claimed late raise it, and a calm minute takes half of it"),
    Metric("cold_start", "gauge", "pool.cold_start", "1 while live requests wait for a first worker",
           note="with `SERIATIM_COLD_START_S`; and for 30 s after, so that a scaler sees it"),
    Metric("real_time_factor", "gauge", "pool.rtf", "slot seconds per second of audio",
           note="of the last 30 sentences or so"),
    Metric("waitlisted_jobs", "gauge", "pool.line", "refused jobs that were given a time and are expected"),
    Metric("waitlist_return_ratio", "gauge", "pool.returning", "share of waitlisted jobs that came at their time"),
    Metric("batch_window_ratio", "gauge", "pool.batch_share", "share of its window that batch work may use",
           note="the first step of degrading"),
    Metric("chunk_size_ratio", "gauge", "pool.chunk_share", "share of the usual size of first pieces and chunks",
           note="the second step"),
    Metric("refusing", "gauge", "pool.refusing", "1 while one more live job would be refused", note="the third step"),
    Metric("sentence_wait_seconds", "histogram", "buckets.wait", "from dispatchable to claimed by a worker",
           ("pool", "kind"), WAIT_BOUNDS_MS),
    Metric("sentence_slack_seconds", "histogram", "buckets.slack", "time until playback reaches a claimed sentence",
           bounds_ms=SLACK_BOUNDS_MS,
           note="below 0 it is late; of a postponed one at its first claim alone; not of files that are played when "
                "they are whole"),
    Metric("synthesis_seconds", "histogram", "buckets.synthesis", "from the start of a sentence's synthesis to its end",
           bounds_ms=TIME_BOUNDS_MS),
    Metric("engine_first_audio_seconds", "histogram", "buckets.engine_first",
           "from the claim of a sentence to its first audio", bounds_ms=TIME_BOUNDS_MS),
    Metric("failed_sentence_seconds", "histogram", "buckets.failed", "estimated length of a sentence, at each failure",
           bounds_ms=LENGTH_BOUNDS_MS, note="that is blamed on it; long sentences that fail are an engine's limit"),
    Metric("jobs_accepted", "counter", "counts.accepted", "jobs accepted", ("pool", "kind")),
    Metric("jobs_refused", "counter", "counts.refused", "jobs refused", ("pool", "reason"),
           note="busy, too_large, memory, no_workers, or the limit that was reached, such as cap_jobs"),
    Metric("jobs_ended", "counter", "counts.ended", "jobs that ended", ("pool", "state"),
           note="spoken, cancelled, failed, timed_out"),
    Metric("saved_audio_seconds", "counter", "count.saved_ms", "audio never synthesized, of jobs that ended early"),
    Metric("wasted_audio_seconds", "counter", "count.wasted_ms", "audio synthesized in vain",
           note="by attempts that were lost, or not played when the job ended early; what an attempt had made is taken "
           "from its time and the measured speed"),
    Metric("sentences_spoken", "counter", "record.done", "sentences synthesized"),
    Metric("engine_requests", "counter", "count.engine_requests", "attempts that workers began",
           note="each is a request to the engine; those that the cache answers, too"),
    Metric("engine_characters", "counter", "count.engine_characters", "characters of the sentences of these attempts",
           note="what a provider charges; repeated ones count again"),
    Metric("route_characters", "counter", "counts.route_characters",
           "characters that an engine of a route other than the first was sent", ("pool", "engine"),
           note="all of a sentence, also where it spoke the rest alone"),
    Metric("retries", "counter", "record.retries", "attempts that failed or were lost and were made again"),
    Metric("fenced_attempts", "counter", "record.fenced", "attempts refused because another had their sentence",
           note="their process had stood still, or was cut off, for longer than its lease"),
    Metric("dead_letter_sentences", "counter", "record.given_up", "sentences that went to the dead-letter list"),
    Metric("postponed_sentences", "counter", "counts.postponed", "attempts postponed because the engine was busy",
           ("pool", "scope"), note="concurrency, rate, system; nothing is blamed"),
    Metric("lost_messages", "counter", "record.lost_messages", "messages that no worker claimed in time"),
    Metric("redis_restarts", "counter", "record.restarts", "restarts of Redis that the pool has seen"),
    Metric("handed_over_sentences", "counter", "count.handed_over",
           "live sentences that showed no sound, and were spoken by another process as well"),
    Metric("worker_processes_added", "counter", "count.processes_added",
           "worker processes that supervisors added for a higher load", note="`--processes 1..4`"),
    Metric("worker_processes_drained", "counter", "count.processes_drained",
           "worker processes that supervisors drained in quiet times"),
    Metric("preempted_sentences", "counter", "count.made_way", "batch sentences that gave up their slot to a live one"),
    Metric("displaced_sentences", "counter", "count.displaced", "live sentences that gave up their slot to a listener"),
    Metric("marked_sentences", "counter", "marks", "sentences that an engine had doubts about", ("pool", "mark"),
           note="it cut them, or synthesized them again; `another_take`: it continued what a worker with another "
           "fingerprint had begun"),
    Metric("worker_sentences", "counter", "worker.sentences", "sentences that the worker process synthesized", WORKER),
    Metric("worker_audio_seconds", "counter", "worker.audio_s", "audio that the worker process synthesized", WORKER),
    Metric("worker_cache_hits", "counter", "worker.cache_hits", "sentences that came from its cache", WORKER,
           note="`SERIATIM_CACHE`"),
    Metric("cache_errors", "counter", "count.cache_errors", "sentences that could not be written into a worker's cache",
           note="they were spoken; `sentence not cached` in the log has the reason"),
    Metric("worker_busy_seconds", "counter", "worker.busy_s", "slot seconds that the worker process was busy", WORKER),
    Metric("worker_slots_lost", "gauge", "worker.slots_lost",
           "slots that a worker process gave up as its device's memory ran out", WORKER),
    Metric("worker_audio_differs", "gauge", "worker.audio_differs",
           "1 if the audio of the worker process differs from that of its pool", WORKER,
           note="another kind of CPU, or another version: what it continues is marked"),
    Metric("worker_memory_bytes", "gauge", "worker.memory_bytes", "main memory held by the worker process", WORKER,
           note="on Linux"),
    Metric("gpu_utilization_ratio", "gauge", "worker.gpu_utilization", "share of time that its GPU was busy", WORKER,
           note="by any process; where the process is on one, with `nvidia-ml-py`"),
    Metric("gpu_memory_used_ratio", "gauge", "worker.gpu_memory_used", "share of its GPU's memory in use", WORKER,
           note="by any process; with `nvidia-ml-py`, or an engine that reports it"),
    Metric("gpu_memory_bytes", "gauge", "worker.gpu_memory_bytes", "GPU memory held by the worker process", WORKER,
           note="where its engine reports it"),
    Metric("server_up", "gauge", "up", "1 if a Redis server of the gateway answers", ("server",),
           note="with several servers, `main` among them, metrics without a pool have this label as well"),
    Metric("reassemblers", "gauge", "redis.reassemblers", "reassemblers that work", ()),
    Metric("webhooks_delivered", "counter", "webhooks.delivered", "webhooks that their receivers accepted", ()),
    Metric("webhook_tries_failed", "counter", "webhooks.failed", "tries to deliver a webhook that failed", ()),
    Metric("webhooks_waiting", "gauge", "webhooks.waiting", "webhooks that are not delivered and will be tried", ()),
    Metric("webhooks_dead", "gauge", "webhooks.dead", "webhooks that were given up, and are kept", (),
           note="`seriatim webhooks retry` sends them again"),
    Metric("store_free_bytes", "gauge", "disk.free", "free on the disk of the recordings", (),
           note="`SERIATIM_STORE_DIR`; not there for a bucket"),
    Metric("store_size_bytes", "gauge", "disk.total", "size of the disk of the recordings", ()),
    Metric("redis_memory_used_bytes", "gauge", "redis.used_bytes", "memory that Redis holds", ()),
    Metric("redis_memory_max_bytes", "gauge", "redis.most_bytes", "maxmemory of Redis", (), note="0 is no limit"),
)  # fmt: skip


def metrics_table() -> str:
    """The table in Markdown, for docs/reference/metrics.md."""
    rows = ["| metric | type | labels | meaning |", "|---|---|---|---|"]
    for m in METRICS:
        meaning = f"{m.help}; {m.note}" if m.note else m.help
        rows.append(f"| `{m.exported_name}` | {m.type} | {', '.join(m.labels)} | {meaning} |")
    return "\n".join(rows) + "\n"
