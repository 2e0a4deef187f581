"""The rivals: other ways to speak many sentences at once and hear them in order, each as its users would write it.

One file per rival, each with a `measure(work, profile) -> Row`; `RIVALS` is what `python -m bench.rivals` runs. Every
rival gets the configuration that was best for it in our trials and that a careful user could choose: results as
pickle (no base64; they come from the user's own workers), one broker on a unix socket without a log, a pub/sub buffer
without a limit, workers that are up and have spoken before the clock starts, no events, no rate limits.
"""

from bench.isolated import Entry

RAW = Entry("raw Celery no-op tasks", "bench.rivals.celery_raw:measure")  #: the limit of anything built on Celery

RIVALS = (
    Entry("one after another", "bench.rivals.sequential:measure"),
    Entry("futures, threads", "bench.rivals.futures_threads:measure"),
    Entry("futures, processes", "bench.rivals.futures_processes:measure"),
    Entry("celery delay + get", "bench.rivals.celery_delay_get:measure"),
    Entry("celery group joined", "bench.rivals.celery_group:measure"),
    Entry("celery chord", "bench.rivals.celery_chord:measure", most=100),
    Entry("dramatiq results", "bench.rivals.dramatiq_results:measure"),
)
