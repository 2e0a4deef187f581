"""The elevenlabs engine against a provider of its shape: settings, formats, limits, and stitching without waiting."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from seriatim.client.sentences.sentence_neighbours import NEIGHBOUR_CHARS, with_neighbours
from seriatim.engine import Engine, ServerLimits, Utterance
from seriatim.errors import EngineBusy, EngineFailed, EngineUnavailable, UnknownOption, UnknownVoice
from seriatim.records import Sentence
from tests.providers.engine_audio import TEXT, pcm_of
from tests.providers.provider_shapes import ElevenLabsShape
from tests.providers.provider_simulator import ProviderFault, ProviderSimulator, sound_of
from tests.providers.provider_systems import STEADY, heard_stream, key_file, provider_workers, request
from tests.support.expected_audio import Listener, sentences
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from workers.engines.engine_registry import load

KEY = "xi-secret"


@pytest.fixture
def provider() -> Iterator[ProviderSimulator]:
    with ProviderSimulator(shape=ElevenLabsShape(), keys={KEY}, places=5) as provider:
        yield provider


@pytest.fixture
def options(provider: ProviderSimulator, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "key").write_text(KEY)
    waits = {"connect_s": "60", "first_byte_s": "60", "between_bytes_s": "60"}  # no provider here is too slow
    return {"base_url": provider.url, "key_file": str(tmp_path / "key"), "environment": "0", **waits}


@pytest.fixture
def engine(options: dict[str, str]) -> Iterator[Engine]:
    engine = load("elevenlabs", options)
    yield engine
    engine.close()


def test_a_sentence_is_streamed_with_its_settings(provider: ProviderSimulator, engine: Engine) -> None:
    voice = ElevenLabsShape.voices[1]
    utterance = Utterance(
        TEXT, voice, "de-AT", 1.1, 7, options={"stability": 0.2}, previous_text="Before.", next_text="Then."
    )
    chunks = list(engine.speak(utterance, lambda: False))
    assert b"".join(chunk.pcm for chunk in chunks) == sound_of(TEXT, voice=1)
    assert chunks[0].server_limits == ServerLimits(concurrent=1, max_concurrent=5)
    call = provider.requests[0].call
    assert (call.voice, call.encoding, call.rate_hz) == (voice, "pcm", 24_000)
    settings = {
        "stability": 0.2, "similarity_boost": 0.75, "style": 0.0, "use_speaker_boost": True, "speed": 1.1,
    }  # fmt: skip
    assert call.fields == {
        "text": TEXT, "model_id": "eleven_flash_v2_5", "seed": 7, "voice_settings": settings,
        "previous_text": "Before.", "next_text": "Then.", "language_code": "de",
    }  # fmt: skip


def test_voices_are_those_of_the_account(engine: Engine) -> None:
    assert [(voice.name, voice.description) for voice in engine.voices] == [
        (voice, f"Voice {n}") for n, voice in enumerate(ElevenLabsShape.voices)
    ]
    with pytest.raises(UnknownVoice, match="unknown elevenlabs voice 'Rachel'"):
        pcm_of(engine, voice="Rachel")


@pytest.mark.parametrize("output", ["pcm_16000", "pcm_48000"])
def test_other_output_formats_are_resampled(options: dict[str, str], output: str) -> None:
    engine = load("elevenlabs", options | {"format": output})
    assert abs(len(pcm_of(engine)) - len(sound_of(TEXT))) <= 4
    engine.close()


@pytest.mark.parametrize(("fault", "scope"), [(ProviderFault.SYSTEM, "system"), (ProviderFault.RATE, "rate")])
def test_a_busy_system_is_no_fault(
    provider: ProviderSimulator, engine: Engine, fault: ProviderFault, scope: str
) -> None:
    provider.faults = {"harbour": (fault, 0)}
    with pytest.raises(EngineBusy) as caught:
        pcm_of(engine)
    assert caught.value.scope == scope


def test_too_many_requests_at_once_are_queued(provider: ProviderSimulator, engine: Engine) -> None:
    """The provider's own words tell this from an overload."""
    provider.places, provider.faults = 1, {"first": (ProviderFault.SLOW_FIRST, 0)}
    first = engine.speak(Utterance("The first boat."), lambda: provider.gate.is_set())
    waiting = threading.Thread(target=lambda: list(first))
    waiting.start()
    wait_until(lambda: provider.requests, "the first request is open")
    with pytest.raises(EngineBusy, match="too_many_concurrent_requests") as caught:
        pcm_of(engine)
    assert (caught.value.scope, caught.value.retry_after_s) == ("concurrency", 0.25)
    provider.gate.set()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()


def test_a_quota_that_is_spent_fails(provider: ProviderSimulator, engine: Engine) -> None:
    provider.faults = {"harbour": (ProviderFault.QUOTA, 0)}
    with pytest.raises(EngineFailed, match="quota_exceeded"):
        pcm_of(engine)


def test_what_it_cannot_do_is_refused(engine: Engine, options: dict[str, str]) -> None:
    with pytest.raises(UnknownOption, match=r"0.7 to 1.2 times"):
        pcm_of(engine, speed=2.0)
    with pytest.raises(EngineUnavailable, match="needs a key"):
        load("elevenlabs", {"base_url": options["base_url"]})


class TestStitching:
    """Every sentence is sent with the texts around it, and none waits for another."""

    def test_neighbours_are_those_of_the_same_voice(self) -> None:
        texts = [Sentence("One."), Sentence("Two."), Sentence("Three.", voice="bob"), Sentence("Four." * 100)]
        found = [(each.previous_text, each.next_text) for each in with_neighbours(texts)]
        assert found == [("", "Two."), ("One.", ""), ("", ""), ("", "")]
        before, _ = with_neighbours([texts[3], texts[3]])
        assert len(before.next_text) == NEIGHBOUR_CHARS

    def test_the_last_sentence_is_spoken_before_the_first(self, provider: ProviderSimulator, tmp_path: Path) -> None:
        texts = sentences(5, "stitch")
        provider.faults = {texts[0]: (ProviderFault.SLOW_FIRST, 0)}
        (tmp_path / "system").mkdir()
        with RealSystem.on(tmp_path / "system", **STEADY) as system:
            system.reassembler()
            provider_workers(system, provider.url, key_file(tmp_path, provider), engine="elevenlabs", slots=5)
            listener = Listener(system.producer().enqueue(texts, request()))
            wait_until(lambda: set(texts[1:]) <= set(provider.spoken_texts()), "the others are spoken")
            provider.gate.set()
            assert listener.pcm() == heard_stream(texts)
        sent = {each.call.text: each.call.fields for each in provider.requests}
        for n, text in enumerate(texts):
            assert sent[text].get("previous_text", "") == (texts[n - 1] if n else "")
            assert sent[text].get("next_text", "") == (texts[n + 1] if n + 1 < len(texts) else "")

    def test_an_open_job_has_the_text_before(self, provider: ProviderSimulator, tmp_path: Path) -> None:
        """What follows is not written yet; a resumed job sends the same."""
        texts = sentences(3, "written")
        (tmp_path / "system").mkdir()
        with RealSystem.on(tmp_path / "system", **STEADY) as system:
            system.reassembler()
            provider_workers(system, provider.url, key_file(tmp_path, provider), engine="elevenlabs", slots=5)
            with system.producer().open(request(kind="live")) as job:
                listener = Listener(job.job)
                for text in texts:
                    job.say(f"{text} ")
                    job.flush()
            assert listener.pcm() == heard_stream(texts)
        sent = {each.call.text: each.call.fields for each in provider.requests}
        assert [sent[text].get("previous_text", "") for text in texts] == ["", *texts[:-1]]
        assert not any("next_text" in fields for fields in sent.values())
