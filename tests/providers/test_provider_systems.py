"""Whole systems in front of providers: parallel requests, heard in order; faults, and none of them heard."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from seriatim.audio.pcm import bytes_of_ms
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.records import Sentence
from seriatim.stream_entries import Audio, Discontinuity
from tests.http.gateways import start
from tests.providers.provider_shapes import ElevenLabsShape, KokoroShape, OpenAIShape, ProviderShape
from tests.providers.provider_simulator import ProviderFault as Fault
from tests.providers.provider_simulator import ProviderSimulator
from tests.providers.provider_systems import (
    PAUSE_MS,
    STEADY,
    heard_sound,
    heard_stream,
    key_file,
    provider_workers,
    request,
)
from tests.support.expected_audio import Listener, by_sentence, pcm_of, sentences, stream_of
from tests.support.free_ports import free_port
from tests.support.process_system import RealSystem, descendants, wait_until
from tests.support.thorough_cases import mostly_thorough

KEY = "sk-a-secret-that-must-never-be-shown"
OTHER_KEY = "sk-the-next-one"


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealSystem]:
    with RealSystem.on(tmp_path, **STEADY) as system:
        system.reassembler()
        yield system


def test_eight_sentences_are_requested_at_once_and_heard_in_order(system: RealSystem) -> None:
    """One process has all slots: a request that waits needs no core. None is answered before all are open."""
    texts = sentences(8, "digest")
    with ProviderSimulator(faults=dict.fromkeys(texts, (Fault.SLOW_FIRST, 0))) as provider:
        provider_workers(system, provider.url, slots=8)
        listener = Listener(system.producer().enqueue(texts, request()))
        wait_until(lambda: provider.most_open == len(texts), "all are requested")
        provider.gate.set()
        assert listener.pcm() == heard_stream(texts)
        assert len(system.worker_pids("provider")) == 1


def test_a_sentence_that_is_answered_last_is_heard_first(system: RealSystem) -> None:
    texts = sentences(8, "digest")
    with ProviderSimulator(faults={texts[0]: (Fault.SLOW_FIRST, 0)}) as provider:
        provider_workers(system, provider.url, slots=8)
        listener = Listener(system.producer().enqueue(texts, request()))
        wait_until(lambda: set(texts[1:]) <= set(provider.spoken_texts()), "the others are spoken")
        provider.gate.set()
        assert listener.pcm() == heard_stream(texts)


def test_several_digests_and_a_dialogue_at_once_are_not_mixed_up(system: RealSystem) -> None:
    """Each listener hears the bytes of its own text alone, in the voices of its lines."""
    voices = OpenAIShape.voices[:3]
    jobs = [[Sentence(text) for text in sentences(8, f"digest {name}")] for name in ("red", "green", "blue")]
    jobs.append([Sentence(text, voice=voices[n % 3]) for n, text in enumerate(sentences(13, "dialogue"))])
    with ProviderSimulator(places=5) as provider:
        provider_workers(system, provider.url, f"voices={','.join(voices)}", slots=5)
        producer = system.producer()
        listeners = [Listener(producer.enqueue(job, request(user=f"user {n}"))) for n, job in enumerate(jobs)]
        received = [listener.pcm() for listener in listeners]
    assert received == [
        b"".join(heard_sound(each.text, voice=voices.index(each.voice or voices[0])) for each in job) for job in jobs
    ]


def test_no_fault_of_a_provider_is_heard(system: RealSystem) -> None:
    """Each sentence has a fault of its own at its first attempts; every listener hears the whole text, once."""
    texts = sentences(7, "trial")
    kinds = (
        Fault.RESET,
        Fault.CUT,
        Fault.HTML,
        Fault.EMPTY,
        Fault.RESET_FIRST,
        Fault.HALF_SAMPLE,
    )
    faults = {text: (kind, 2 if kind is Fault.RESET_FIRST else 1) for text, kind in zip(texts, kinds, strict=False)}
    with ProviderSimulator(faults=faults) as provider:
        provider_workers(system, provider.url)
        assert Listener(system.producer().enqueue(texts, request())).pcm() == heard_stream(texts)


@pytest.mark.parametrize(
    ("shape", "engine"), mostly_thorough([(OpenAIShape(), "openai"), (ElevenLabsShape(), "elevenlabs")], 2)
)
def test_more_slots_than_places_fail_no_sentence(
    system: RealSystem, tmp_path: Path, shape: ProviderShape, engine: str
) -> None:
    """Six slots, two places: what is refused with 429 waits, and every sentence is heard once, in its place.

    Two sentences keep the places until a third was refused, where answers do not name the limit before.
    """
    texts = sentences(10, "places")
    faults = dict.fromkeys(texts[:2], (Fault.SLOW_FIRST, 0))
    with ProviderSimulator(shape=shape, keys={KEY}, places=2, faults=faults) as provider:
        provider_workers(system, provider.url, key_file(tmp_path, provider), engine=engine, slots=6)
        job = system.producer().enqueue(texts, request())
        listener = Listener(job)
        wait_until(lambda: provider.most_open == 2, "both places are taken")
        wait_until(lambda: engine == "elevenlabs" or provider.outcomes()["refused"], "one more was refused")
        provider.gate.set()
        assert listener.pcm() == heard_stream(texts)
        assert job.status().state == "done"
        assert provider.most_open == 2
        outcomes = provider.outcomes()
    assert outcomes["spoken"] == len(texts) + 1  # the warm-up's, too
    assert system.count("given_up", "provider") == 0
    assert not any(name.startswith("failed") for name in run(system.redis, signals("provider")).counts)


@pytest.mark.thorough
def test_what_was_heard_is_continued_behind_a_marked_discontinuity(system: RealSystem) -> None:
    """A live job without holding: the second attempt's sound follows the first's, with a mark between them."""
    texts = sentences(1, "alive", 20)
    with ProviderSimulator(faults={"alive": (Fault.STOP, 1)}) as provider:
        provider_workers(system, provider.url)
        entries = []
        for entry in system.producer().enqueue(texts, request(kind="live", hold="0")).audio():
            entries.append(entry)
            if isinstance(entry, Audio):
                provider.gate.set()  # a part of it is heard: now its connection breaks
    marks = [entry for entry in entries if isinstance(entry, Discontinuity)]
    assert len(marks) == 1
    assert 0 < marks[0].offset <= len(heard_stream(texts))
    assert len(pcm_of(entries)) == len(heard_stream(texts))
    assert isinstance(entries[-1], Audio)


@pytest.mark.thorough
def test_the_key_is_in_no_log_and_no_list_of_processes(system: RealSystem, tmp_path: Path) -> None:
    texts, system.fresh = sentences(3, "secret"), True
    faults = {texts[0]: (Fault.QUOTA, 1), texts[1]: (Fault.CUT, 1)}
    with ProviderSimulator(keys={KEY}, faults=faults) as provider:
        provider_workers(system, provider.url, key_file(tmp_path, provider))
        assert Listener(system.producer().enqueue(texts, request())).pcm() == heard_stream(texts)
        pids = {pid for child in system.children.values() for pid in {child.pid} | descendants(child.pid)}
        shown = b"".join(Path(f"/proc/{pid}/{what}").read_bytes() for pid in pids for what in ("cmdline", "environ"))
    logs = b"".join(path.read_bytes() for path in tmp_path.glob("*.log"))
    assert b"attempt failed" in logs
    assert b"/v1/audio/speech" not in logs  # the address of a template may have the text in it
    assert KEY.encode() not in shown + logs


def test_a_key_that_expires_in_mid_job_is_replaced_without_a_restart(tmp_path: Path) -> None:
    """What is refused meanwhile is tried again: no sentence is given up here before the new key is in its file."""
    texts = sentences(4, "expiry")
    (tmp_path / "system").mkdir()
    with (
        RealSystem.on(tmp_path / "system", max_failures=1000, backoff_ms=0, **STEADY) as system,
        ProviderSimulator(keys={KEY}, faults={texts[0]: (Fault.SLOW_FIRST, 0)}) as provider,
    ):
        system.reassembler()
        provider_workers(system, provider.url, key_file(tmp_path, provider), slots=1)
        listener = Listener(system.producer().enqueue(texts, request()))
        wait_until(lambda: texts[0] in [each.call.text for each in provider.requests], "the first is requested")
        provider.keys = {OTHER_KEY}
        provider.gate.set()
        wait_until(lambda: "the key is refused" in system.log("provider-workers"), "the next is refused")
        key_file(tmp_path, provider)
        assert listener.pcm() == heard_stream(texts)


def test_a_job_that_ends_for_its_provider_says_what_to_do(system: RealSystem, tmp_path: Path) -> None:
    with ProviderSimulator(keys={KEY}) as provider:
        provider_workers(system, provider.url, key_file(tmp_path, provider))
        provider.keys = {OTHER_KEY}
        job = system.producer().enqueue(sentences(1, "refused"), request(gap="fail"))
        wait_until(lambda: job.status().ended, "it has ended")
    assert job.status().state == "failed"
    assert "answered 401: the key is refused; put a valid one into the engine's key_file" in job.status().reason


def test_a_worker_starts_once_its_provider_is_there(system: RealSystem) -> None:
    texts = sentences(2, "early")
    provider = ProviderSimulator(port=free_port())
    provider_workers(system, provider.url, ready=False)
    wait_until(lambda: "cannot connect" in system.log("provider-workers"), "it was tried")
    with provider:
        wait_until(lambda: system.slots("provider") == 4, "the worker is ready")
        assert Listener(system.producer().enqueue(texts, request())).pcm() == heard_stream(texts)


def test_a_server_like_kokoro_fastapi(system: RealSystem) -> None:
    """No key; its voices are those of the pool, and its blends are allowed."""
    texts = sentences(4, "kokoro")
    with ProviderSimulator(shape=KokoroShape()) as provider:
        provider_workers(system, provider.url, "format=wav", "voice=bm_george")
        job = system.producer().enqueue(texts, request(voice="af_bella"))
        assert Listener(job).pcm() == heard_stream(texts, voice=1)
        assert {each.call.voice for each in provider.requests[1:]} == {"af_bella"}


def test_another_seriatim_is_the_provider(tmp_path: Path) -> None:
    """The same engine in front of a gateway of a second system, whose own engine speaks the bytes that are expected."""
    texts = sentences(6, "upstream")
    (tmp_path / "upstream").mkdir()
    (tmp_path / "front").mkdir()
    with (
        RealSystem.on(tmp_path / "upstream", **STEADY) as upstream,
        RealSystem.on(tmp_path / "front", **STEADY) as front,
    ):
        upstream.reassembler()
        upstream.workers(2)
        gateway = start(upstream, http_pcm_hz=8000)
        front.reassembler()
        provider_workers(front, gateway.url, "model=tone", "rate_hz=8000", "pcm_hz=8000", 'extra={"pause_ms":0}')
        entries = Listener(front.producer().enqueue(texts, request())).all()
    assert {seq: between_edges(pcm) for seq, pcm in by_sentence(entries).items()} == {
        seq: between_edges(stream_of([text])) for seq, text in enumerate(texts)
    }


def between_edges(pcm: bytes) -> bytes:
    """A sentence without its edges, which two systems behind each other fade twice, and without its pause."""
    edge = bytes_of_ms(10, 8000)
    return pcm[edge : -edge - bytes_of_ms(PAUSE_MS, 8000)]
