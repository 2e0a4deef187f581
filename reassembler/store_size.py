"""Store size: which recordings go so that a store stays within its limit. Pure."""

from collections.abc import Iterable

from seriatim.recordings.stored_recording import StoredRecording


def surplus(recordings: Iterable[StoredRecording], kept: Iterable[str], limit_bytes: int) -> list[str]:
    """The jobs whose recordings go, the oldest first, so that the rest takes `limit_bytes` at most; none of `kept`."""
    oldest_first, needed = sorted(recordings, key=lambda one: one.written_s), set(kept)
    excess = sum(one.n_bytes for one in oldest_first) - limit_bytes
    jobs = []
    for one in oldest_first:
        if excess > 0 and one.job not in needed:
            jobs.append(one.job)
            excess -= one.n_bytes
    return jobs
