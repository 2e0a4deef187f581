"""The sentence cache: what was spoken once is spoken again without a request, and what may not be kept is not."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seriatim.engine import Engine, Utterance
from seriatim.errors import UpstreamFailed
from seriatim.settings import Settings
from seriatim.state.pool_record import read_pool
from seriatim.state.worker_record import read_workers
from tests.providers.engine_audio import TEXT, chunks_of, pcm_of
from tests.providers.provider_shapes import KokoroShape
from tests.providers.provider_simulator import ProviderFault as Fault
from tests.providers.provider_simulator import ProviderSimulator, sound_of
from tests.providers.provider_systems import STEADY, heard_stream, provider_workers, request
from tests.support.expected_audio import Listener, sentences
from tests.support.process_system import RealSystem, wait_until
from workers.cache.cached_engine import with_cache
from workers.cache.sentence_cache import SentenceCache
from workers.engines.engine_registry import load

Make = Callable[..., Engine]


@pytest.fixture
def provider() -> Iterator[ProviderSimulator]:
    with ProviderSimulator() as provider:
        yield provider


@pytest.fixture
def make(tmp_path: Path, provider: ProviderSimulator) -> Iterator[Make]:
    """Make an engine in front of the provider, with a cache in a folder that all of them share."""
    made: list[Engine] = []

    def build(cache: str = "all", engine: str = "openai", scope: str = "shared", **more: str) -> Engine:
        options = {"base_url": f"{provider.url}/v1", "environment": "0", "voice": "alloy"} if engine == "openai" else {}
        options |= more
        settings = Settings(cache=cache, cache_dir=str(tmp_path / "cache"), cache_scope=scope)
        made.append(with_cache(load(engine, options), "", options, settings))
        return made[-1]

    yield build
    for engine in made:
        getattr(engine, "close", lambda: None)()


def test_a_sentence_is_requested_once_by_all_workers(make: Make, provider: ProviderSimulator) -> None:
    assert pcm_of(make()) == sound_of(TEXT)
    again = chunks_of(make(), seed=7, lead_ms=900)
    assert b"".join(chunk.pcm for chunk in again) == sound_of(TEXT)
    assert all(chunk.cached for chunk in again)
    assert len(provider.requests) == 1


@pytest.mark.parametrize(("scope", "shares"), [("shared", True), ("user", False)])
def test_users_share_the_cache_or_have_one_each(make: Make, scope: str, shares: bool) -> None:
    """With a cache for each, the time to the first sound does not show what others had spoken."""
    engine = make(scope=scope)
    pcm_of(engine, user="anna")
    assert all(chunk.cached for chunk in chunks_of(engine, user="bob")) is shares
    assert all(chunk.cached for chunk in chunks_of(engine, user="anna"))


@pytest.mark.parametrize(
    ("options", "more"),
    [({}, {"voice": "ash"}), ({}, {"speed": 1.1}), ({"model": "tts-2"}, {}), ({"instructions": "softly"}, {})],
)
def test_whatever_is_heard_counts(
    make: Make, provider: ProviderSimulator, options: dict[str, str], more: dict[str, Any]
) -> None:
    pcm_of(make())
    assert not any(chunk.cached for chunk in chunks_of(make(**options), **more))
    assert len(provider.requests) == 2


def test_the_seed_counts_for_an_exact_engine_and_how_many_slots_it_has_does_not(make: Make) -> None:
    assert not any(chunk.cached for chunk in chunks_of(make("exact", "tone", slots="1"), seed=1))
    assert all(chunk.cached for chunk in chunks_of(make("exact", "tone", slots="8"), seed=1))
    assert not any(chunk.cached for chunk in chunks_of(make("exact", "tone"), seed=2))


def test_how_a_server_is_reached_does_not_count(make: Make, provider: ProviderSimulator, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-key")
    waits = {"connect_s": "60", "first_byte_s": "60", "between_bytes_s": "60"}
    pcm_of(make(**waits))
    reached = {"connect_s": "50", "first_byte_s": "50", "between_bytes_s": "50", "key_file": str(tmp_path / "key")}
    assert all(chunk.cached for chunk in chunks_of(make(slots="9", **reached)))
    assert len(provider.requests) == 1


def test_a_default_voice_that_the_server_replaces_is_heard(make: Make, provider: ProviderSimulator) -> None:
    """A sentence that names no voice is not spoken from the cache in the voice that was the default before."""
    provider.shape = KokoroShape()
    pcm_of(make(voice=""))
    provider.shape.voices = provider.shape.voices[::-1]
    assert not any(chunk.cached for chunk in chunks_of(make(voice="")))


@pytest.mark.thorough
def test_a_cached_sentence_has_the_times_of_its_words(make: Make) -> None:
    pytest.importorskip("hibari")
    first, cached = (chunks_of(make("exact", "hibari")) for _ in range(2))
    assert cached[0].cached
    assert cached[0].words == first[0].words != ()


@pytest.mark.parametrize("cache", ["off", "exact"])
def test_takes_that_differ_are_kept_only_where_an_operator_says_so(
    make: Make, provider: ProviderSimulator, cache: str
) -> None:
    engine = make(cache)
    assert pcm_of(engine) == pcm_of(engine)
    assert len(provider.requests) == 2


def test_no_part_of_a_sentence_and_no_doubtful_one_is_kept(make: Make, provider: ProviderSimulator) -> None:
    provider.faults = {TEXT: (Fault.CUT, 1)}
    engine = make()
    with pytest.raises(UpstreamFailed):
        chunks_of(engine)
    with closing(engine.speak(Utterance(TEXT), lambda: False)) as chunks:  # type: ignore[type-var]  # a generator
        next(chunks)
    stop = iter([False, False])
    list(engine.speak(Utterance(TEXT), lambda: next(stop, True)))
    assert not any(chunk.cached for chunk in chunks_of(engine))
    doubtful = make("exact", "tone", doubt_on="harbour")
    assert not any(chunk.cached for _ in range(2) for chunk in chunks_of(doubtful))


def test_a_take_that_lacks_words_is_not_kept(make: Make) -> None:
    """Its job marks it as `short`; kept, it would be heard so for ever."""
    hasty = make("exact", "tone", ms_per_char="5")
    assert not any(chunk.cached for _ in range(2) for chunk in chunks_of(hasty))
    chunks_of(hasty, "Yes.")
    assert all(chunk.cached for chunk in chunks_of(hasty, "Yes.")), "of a short text nothing is known"


def test_what_was_not_spoken_for_longest_goes_first_and_what_is_too_old_goes(tmp_path: Path) -> None:
    cache, base_s = SentenceCache(tmp_path, 4_000, 1e6), time.time()
    for n, key in enumerate("abcd"):
        cache.add(key * 64, bytes(900))
        spoken_s = base_s - 2e6 if key == "d" else base_s - 1_000 + n  # no test takes so long that these become too old
        os.utime(tmp_path / (key * 2) / (key * 64), (spoken_s, spoken_s))
    assert cache.find("a" * 64) == bytes(900)
    cache.max_bytes = 2_000
    assert cache.sweep() <= 1_800
    assert [key for key in "abcd" if cache.find(key * 64)] == ["a"]


def test_a_file_that_a_crash_left_is_not_played(tmp_path: Path) -> None:
    cache = SentenceCache(tmp_path, 10**6, 1_000.0)
    cache.add("a" * 64, b"\1\2" * 400)
    path = tmp_path / "aa" / ("a" * 64)
    for content in (b"", path.read_bytes()[:-2], bytes(800)):
        path.write_bytes(content)
        assert cache.find("a" * 64) is None
        assert not path.exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_cache(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file")
    assert not SentenceCache(tmp_path / "cache", 10**6, 1_000.0).add("a" * 64, b"\1\2")
    assert [record.message for record in caplog.records] == ["sentence not cached"]


def test_a_text_that_was_spoken_before_is_heard_without_a_request(tmp_path: Path, provider: ProviderSimulator) -> None:
    """By another job, at other places, by a new worker; the pool does not take the cache for a quick engine."""
    texts = sentences(5, "menu")
    with RealSystem.on(tmp_path, cache="all", cache_dir=str(tmp_path / "cache"), **STEADY) as system:
        system.reassembler()
        provider_workers(system, provider.url)
        assert Listener(system.producer().enqueue(texts, request())).pcm() == heard_stream(texts)
        system.end("provider-workers")
        n_requests, speed = len(provider.requests), read_pool(system.redis, "provider").rtf
        provider_workers(system, provider.url, name="others")
        reversed_texts = texts[::-1]
        job = system.producer().enqueue(reversed_texts, request(kind="live"))
        assert Listener(job).pcm() == heard_stream(reversed_texts)
        assert len(provider.requests) == n_requests + 1, "the warm-up's"
        assert read_pool(system.redis, "provider").rtf == speed
        pools = [read_pool(system.redis, "provider")]
        wait_until(lambda: [worker.cache_hits for worker in read_workers(system.redis, pools)[0]] == [5], "counted")


def test_a_worker_knows_whose_sentence_it_is(tmp_path: Path, provider: ProviderSimulator) -> None:
    """With a cache for each user, the first text of another one is requested again."""
    texts = sentences(3, "greeting")
    with RealSystem.on(
        tmp_path, cache="all", cache_scope="user", cache_dir=str(tmp_path / "cache"), **STEADY
    ) as system:
        system.reassembler()
        provider_workers(system, provider.url)
        for user, n_requests in (("anna", 3), ("bob", 6), ("anna", 6)):
            assert Listener(system.producer().enqueue(texts, request(user=user))).pcm() == heard_stream(texts)
            assert len(provider.requests) == 1 + n_requests, "with the warm-up's"
