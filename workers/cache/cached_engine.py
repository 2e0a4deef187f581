"""The cached engine: an engine that speaks at once what it, or another worker, has spoken before.

To the pool it is an engine that is very quick with some sentences: order, fences and gaps do not know of it. The same
sound is what an `exact` engine would give again, so that an attempt may come from the cache and the next one not. Other
engines' takes differ; there a repetition is the operator's choice (SERIATIM_CACHE=all).
"""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from seriatim.audio.pcm import bytes_of_ms, ms_of_bytes
from seriatim.engine import AudioChunk, Continuity, Engine, Utterance, Voice
from seriatim.settings import Settings
from seriatim.text.duration_estimate import too_short
from workers.cache.sentence_cache import DAY_S, SentenceCache

PIECE_MS = 500  #: of sound in a chunk
#: options on which no sound depends
NO_SOUND = {
    "slots", "key_file", "threads", "connect_s", "first_byte_s", "between_bytes_s", "ca_file", "http2", "environment",
}  # fmt: skip
Words = tuple[tuple[float, float], ...]  #: as `AudioChunk.words`
MAX_FILE_BYTES = 2**20  #: files named by options, such as routes and templates, up to this size are part of the key


class CachedEngine:
    """An engine with a cache; as thread-safe as its engine."""

    def __init__(self, engine: Engine, cache: SentenceCache, identity: str, *, per_user: bool = False) -> None:
        self._engine, self._cache, self._identity, self._per_user = engine, cache, identity, per_user
        self._hits, self._errors, self._lock = 0, 0, threading.Lock()
        self.name, self.rate_hz, self.continuity = engine.name, engine.rate_hz, engine.continuity
        self.limit_chars, self.limits, self.merge_chars = engine.limit_chars, engine.limits, engine.merge_chars
        self.rtf, self.abilities = engine.rtf, replace(engine.abilities, cached=True)

    @property
    def slots(self) -> int:
        return self._engine.slots

    @property
    def voices(self) -> tuple[Voice, ...]:
        return self._engine.voices

    @property
    def gauges(self) -> Mapping[str, float]:
        """The engine's, and how many sentences came from the cache."""
        return {**self._engine.gauges, "cache_hits": float(self._hits)}

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`. A doubtful take, or one that began within a sentence, is not kept.

        Raises:
            as the engine's.
        """
        key = self._key(utterance)
        content = None if utterance.state else self._cache.find(key)
        if content is not None:
            with self._lock:
                self._hits += 1
            yield from _pieces(content, bytes_of_ms(PIECE_MS, self.rate_hz))
            return
        words: Words = ()
        sound, whole = bytearray(), not utterance.state
        with closing(self._engine.speak(utterance, cancelled)) as chunks:  # type: ignore[type-var]  # generators
            for chunk in chunks:
                whole = whole and not chunk.mark and not chunk.continues
                sound += chunk.pcm
                words = chunk.words or words
                yield chunk
        if whole and sound and not cancelled() and not self._lacks_words(utterance, len(sound)):
            kept = self._cache.add(key, json.dumps(words).encode() + b"\n" + sound)
            with self._lock:
                self._errors += not kept

    def take_errors(self) -> int:
        """How many sentences could not be written into the cache since the last call."""
        with self._lock:
            taken, self._errors = self._errors, 0
        return taken

    def close(self) -> None:
        """Free the engine."""
        self._engine.close()

    def _lacks_words(self, utterance: Utterance, n_bytes: int) -> bool:
        return too_short(utterance.text, ms_of_bytes(n_bytes, self.rate_hz), utterance.language, utterance.speed)

    def _key(self, utterance: Utterance) -> str:
        """A digest of all that the sound depends on, and of the user where each has a cache of their own.

        Where takes differ anyway, the seed does not count. The default voice does: a server's may change.
        """
        default = "" if utterance.voice else next((voice.name for voice in self.voices), "")
        seed = 0 if self.continuity is Continuity.NONE else utterance.seed
        user = utterance.user if self._per_user else ""
        sounding = replace(utterance, seed=seed, user=user, live=False, lead_ms=0, state=b"", failures=0, heard_ms=0.0)
        return _digest([self._identity, default, asdict(sounding) | {"state": ""}])


def with_cache(engine: Engine, fingerprint: str, options: Mapping[str, str], settings: Settings) -> Engine:
    """The engine, with a cache if the settings have one for its kind; `options` are those it was loaded with."""
    if settings.cache == "off" or (settings.cache == "exact" and engine.continuity is not Continuity.EXACT):
        return engine
    folder = Path(settings.cache_dir).expanduser()
    cache = SentenceCache(folder, settings.cache_mb * 2**20, settings.cache_days * DAY_S)
    cache.sweep()
    sound = {name: _content(value) for name, value in options.items() if name not in NO_SOUND}
    identity = _digest([engine.name, engine.rate_hz, fingerprint, sorted(sound.items())])
    return CachedEngine(engine, cache, identity, per_user=settings.cache_scope == "user")


def _pieces(content: bytes, size: int) -> Iterator[AudioChunk]:
    """A cached sentence: the times of its words as JSON, and its sound behind a line feed."""
    times, _, pcm = content.partition(b"\n")
    words: Words = tuple((start, end) for start, end in json.loads(times))
    for at in range(0, len(pcm), size):
        yield AudioChunk(pcm[at : at + size], cached=True, last=at + size >= len(pcm), words=() if at else words)


def _content(value: str) -> str:
    """The value of an option, with the digest of the file that it names, if it does."""
    try:
        path = Path(value.removeprefix("@")).expanduser()
        if path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
            return f"{value} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    except (OSError, ValueError):
        pass
    return value


def _digest(found: Any) -> str:
    return hashlib.sha256(json.dumps(found, ensure_ascii=False, sort_keys=True, default=str).encode()).hexdigest()
