"""The tone engine: what it sounds like, what it costs, and how it misbehaves on demand."""

import hashlib
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.engine import AudioChunk, Continuity, Utterance
from seriatim.errors import EngineFailed, UnknownOption, UnknownVoice
from tests.support.process_system import PATIENCE_S
from workers.engines.tone.engine import ToneEngine, load

ROOT = Path(__file__).parents[3]
SENTENCE = "Many workers speak at once, and every listener hears one text."
SHA256 = "5c18c07e104e15aed054ebcf7e7b567961bdf90f77b9ba6452c6ceed8e72e231"
texts = st.text(st.sampled_from("ab Zé,.日本\U0001f600\n"), max_size=60)


def tone(**options: object) -> ToneEngine:
    return load({name: str(value) for name, value in options.items()})


def chunks_of(engine: ToneEngine, utterance: Utterance | str) -> Iterator[AudioChunk]:
    if isinstance(utterance, str):
        utterance = Utterance(utterance)
    return engine.speak(utterance, lambda: False)


def pcm_of_speech(engine: ToneEngine, utterance: Utterance | str) -> bytes:
    return b"".join(piece.pcm for piece in chunks_of(engine, utterance))


def samples(pcm: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def test_the_bytes_are_those_of_every_other_machine() -> None:
    """Streams are compared byte for byte: a change of the sound is a change of the contract."""
    pcm = pcm_of_speech(tone(), Utterance(SENTENCE, voice="tenor", speed=1.25, seed=7))
    assert hashlib.sha256(pcm).hexdigest() == SHA256


class TestReplay:
    """Parts of a recording, for benches that want speech and no engine that costs something."""

    @pytest.fixture
    def recording(self, tmp_path: Path) -> Path:
        path = tmp_path / "speech.s16"
        path.write_bytes(np.arange(1, 10_001, dtype="<i2").tobytes())
        return path

    def test_a_sentence_is_a_part_of_it_of_the_usual_length(self, recording: Path) -> None:
        for text in (SENTENCE, "Short.", "Another sentence of some length, which begins elsewhere."):
            played = samples(pcm_of_speech(tone(replay=recording, rate_hz=8000), text))
            assert len(played) == len(samples(pcm_of_speech(tone(rate_hz=8000), text)))
            assert set(np.diff(played)) <= {1, 1 - 10_000}, "one after the other; behind the end comes the beginning"

    def test_the_text_decides_which(self, recording: Path) -> None:
        engine = tone(replay=recording)
        assert pcm_of_speech(engine, SENTENCE) == pcm_of_speech(engine, SENTENCE)
        assert pcm_of_speech(engine, SENTENCE) != pcm_of_speech(engine, SENTENCE.replace("one", "two"))

    @pytest.mark.parametrize("content", [None, b"", b"x"])
    def test_what_is_no_recording_is_refused_when_it_is_loaded(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "speech.s16"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UnknownOption, match=r"^replay=.*speech.s16: (No such file|the file has no samples)"):
            tone(replay=path)


@given(texts, st.integers(1, 900), st.integers(1, 900))
def test_the_chunks_do_not_change_the_bytes(text: str, chunk_ms: int, first_chunk_ms: int) -> None:
    chunked = tone(chunk_ms=chunk_ms, first_chunk_ms=first_chunk_ms, rate_hz=11_025)  # 661.5 samples a character
    pieces = [piece.pcm for piece in chunks_of(chunked, text)]
    assert b"".join(pieces) == pcm_of_speech(tone(rate_hz=11_025), text)
    assert not any(len(pcm) % 2 for pcm in pieces)


@given(texts, st.sampled_from([8000, 22050, 48000]), st.floats(0.25, 4))
def test_a_sentence_lasts_as_long_as_its_text(text: str, rate_hz: int, speed: float) -> None:
    pcm = pcm_of_speech(tone(rate_hz=rate_hz, ms_per_char=50), Utterance(text, speed=speed))
    assert len(pcm) / 2 == pytest.approx(len(text) * 0.05 * rate_hz / speed, abs=1)


@pytest.mark.parametrize(
    "other",
    [
        Utterance(SENTENCE.replace("one", "two")),
        Utterance("Every listener hears one text, and many workers speak at once."),
        Utterance(SENTENCE, voice="bass"),
        Utterance(SENTENCE, speed=1.1),
        Utterance(SENTENCE, seed=1),
    ],
)
def test_another_text_voice_speed_or_seed_gives_other_bytes(other: Utterance) -> None:
    assert pcm_of_speech(tone(), other) != pcm_of_speech(tone(), SENTENCE)


@pytest.mark.parametrize("voice", [voice.name for voice in tone().voices])
def test_every_voice_is_loud_enough_and_never_clips(voice: str) -> None:
    levels = np.abs(samples(pcm_of_speech(tone(), Utterance(SENTENCE, voice=voice))))
    assert -6.2 < 20 * np.log10(levels.max() / 32768) < -6.0


def test_a_note_begins_and_ends_in_silence() -> None:
    levels = samples(pcm_of_speech(tone(), "aaaaaa bbbbbb"))
    assert np.abs(levels[[0, 6 * 1440 - 1, 7 * 1440, -1]]).max() == 0
    assert not levels[6 * 1440 : 7 * 1440].any()


def test_there_are_voices_for_a_whole_choir() -> None:
    names = [voice.name for voice in tone().voices]
    assert len(names) == len(set(names)) >= 8
    assert pcm_of_speech(tone(), SENTENCE) == pcm_of_speech(tone(), Utterance(SENTENCE, voice=names[0], language="de"))


def test_an_unknown_voice_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownVoice, match=r"^unknown tone voice 'alot'; nearest: alto$"):
        pcm_of_speech(tone(), Utterance("Hello.", voice="alot"))


def test_options_of_a_sentence_are_refused() -> None:
    with pytest.raises(UnknownOption, match=r"the tone engine has no options per sentence, found: pitch"):
        pcm_of_speech(tone(), Utterance("Hello.", options={"pitch": 3}))


def test_it_is_a_thousand_times_faster_than_real_time() -> None:
    """Otherwise a bench of the pipeline would measure this engine."""
    engine = tone()
    began_s = time.thread_time()
    n_bytes = sum(len(pcm_of_speech(engine, Utterance(SENTENCE, seed=seed))) for seed in range(1, 101))
    audio_s = n_bytes / 2 / engine.rate_hz
    assert audio_s / (time.thread_time() - began_s) > 1000


class TestContinuity:
    @given(texts, st.integers(0, 2**63 - 1), st.integers(0, 8))
    def test_a_resumed_attempt_goes_on_exactly_behind_any_chunk(self, text: str, seed: int, n_heard: int) -> None:
        engine = tone(continuity="resumable", chunk_ms=70)
        pieces = list(chunks_of(engine, Utterance(text, seed=seed)))
        first = pieces[:n_heard]
        state = first[-1].state if first else b""
        rest = pcm_of_speech(tone(continuity="resumable"), Utterance(text, seed=seed, state=state))
        if first:
            assert b"".join(piece.pcm for piece in [*first, AudioChunk(rest)]) == b"".join(
                piece.pcm for piece in pieces
            )
        assert len(rest) + sum(len(piece.pcm) for piece in first) == len(pcm_of_speech(tone(), text))

    @pytest.mark.parametrize("options", [{"continuity": "none"}, {"continuity": "resumable"}, {"vary_on": "workers"}])
    def test_two_attempts_differ_on_demand(self, options: dict[str, str]) -> None:
        engine = tone(**options)
        assert pcm_of_speech(engine, SENTENCE) != pcm_of_speech(engine, SENTENCE)
        assert len(pcm_of_speech(engine, SENTENCE)) == len(pcm_of_speech(tone(), SENTENCE))

    def test_only_the_sentences_with_the_word_vary(self) -> None:
        engine = tone(vary_on="workers")
        assert pcm_of_speech(engine, "All is well.") == pcm_of_speech(tone(), "All is well.")

    def test_only_a_resumable_engine_carries_a_state(self) -> None:
        assert tone().continuity is Continuity.EXACT
        assert {piece.state for piece in chunks_of(tone(), SENTENCE)} == {b""}
        assert pcm_of_speech(tone(), Utterance(SENTENCE, state=b"whatever")) == pcm_of_speech(tone(), SENTENCE)

    def test_a_foreign_state_is_refused(self) -> None:
        with pytest.raises(EngineFailed, match="a state of 3 bytes, expected the tone engine's 16"):
            pcm_of_speech(tone(continuity="resumable"), Utterance(SENTENCE, state=b"abc"))


class TestCost:
    def test_a_fixed_cost_is_the_same_for_any_length(self) -> None:
        engine = tone(fixed_ms=40, start_ms=30)
        for text in ("", "Yes.", SENTENCE * 3):
            assert costs(engine, text, 0.039, 0.06)

    def test_the_rest_costs_by_its_length(self) -> None:
        engine = tone(rtf=0.05, start_ms=30, ms_per_char=100)
        assert costs(engine, "a" * 10, 0.079, 0.12)

    def test_burning_takes_the_processor_and_sleeping_does_not(self) -> None:
        used_s = {}
        for burn in (0, 1):
            began_s = time.thread_time()
            pcm_of_speech(tone(fixed_ms=100, burn=burn), "Yes.")
            used_s[burn] = time.thread_time() - began_s
        assert used_s[0] < 0.05
        assert 0.099 < used_s[1] < 0.15

    def test_a_long_cost_is_left_when_it_is_cancelled(self) -> None:
        answers = iter([False, False, True])
        pieces = tone(fixed_ms=60_000).speak(Utterance("Yes."), lambda: next(answers, True))
        began_s = time.monotonic()
        assert list(pieces) == []
        assert time.monotonic() - began_s < 60

    def test_a_cancelled_sentence_stops_behind_the_chunk(self) -> None:
        cancelled: list[bool] = []
        pieces = tone().speak(Utterance(SENTENCE), lambda: bool(cancelled))
        next(pieces)
        cancelled.append(True)
        assert list(pieces) == []

    def test_a_slow_sentence_takes_longer_and_sounds_the_same(self) -> None:
        engine = tone(slow_on="workers", slow_ms=40)
        assert costs(engine, SENTENCE, 0.039, 0.06)
        assert pcm_of_speech(engine, SENTENCE) == pcm_of_speech(tone(), SENTENCE)


def costs(engine: ToneEngine, text: str, least_s: float, most_s: float) -> bool:
    """It never takes less, and once among many no more: what a busy machine adds is not the engine's."""

    def taken_s() -> float:
        began_s = time.perf_counter()
        pcm_of_speech(engine, text)
        return time.perf_counter() - began_s

    for _ in range(200):
        found_s = taken_s()
        assert found_s > least_s
        if found_s < most_s:
            return True
    return False


class TestMisbehaviour:
    def test_a_held_sentence_goes_on_when_its_gate_is_there(self, tmp_path: Path) -> None:
        gate, calls = tmp_path / "gate", Counter[str]()

        def cancelled() -> bool:
            """Asked at every look for the gate: it is made at the third."""
            calls["looks"] += 1
            if calls["looks"] == 3:
                gate.touch()
            return False

        pieces = tone(hold_on="workers", gate=gate).speak(Utterance(SENTENCE), cancelled)
        assert b"".join(piece.pcm for piece in pieces) == pcm_of_speech(tone(), SENTENCE)
        assert calls["looks"] >= 3

    def test_a_held_sentence_can_be_cancelled(self) -> None:
        received: list[AudioChunk] = []
        pieces = tone(hold_on="workers", gate="/nowhere/gate").speak(Utterance(SENTENCE), lambda: bool(received))
        received.append(next(pieces))
        assert list(pieces) == []

    def test_a_failing_sentence_fails_in_its_middle_so_often(self) -> None:
        engine = tone(fail_on="workers", fail_times=2)
        for _ in range(2):
            pieces = chunks_of(engine, SENTENCE)
            assert next(pieces).pcm
            with pytest.raises(EngineFailed, match="configured failure on 'workers'"):
                list(pieces)
        assert pcm_of_speech(engine, SENTENCE) == pcm_of_speech(tone(), SENTENCE)

    def test_even_a_short_sentence_has_a_middle(self) -> None:
        pieces = chunks_of(tone(fail_on="No", chunk_ms=60_000, first_chunk_ms=60_000), "No.")
        assert next(pieces).pcm
        with pytest.raises(EngineFailed):
            next(pieces)

    def test_other_sentences_are_not_hit_and_count_for_themselves(self) -> None:
        engine = tone(fail_on="workers", fail_times=1)
        assert pcm_of_speech(engine, "All is well.")
        for text in ("Some workers.", "More workers."):
            with pytest.raises(EngineFailed):
                pcm_of_speech(engine, text)

    def test_a_sentence_without_sound(self) -> None:
        assert pcm_of_speech(tone(empty_on="workers"), SENTENCE) == b""

    def test_a_crash_kills_the_process_after_some_sound(self, tmp_path: Path) -> None:
        options = {"crash_on": "workers", "crash_times": 1, "tally": tmp_path}
        with process(options) as crashing:
            out, _ = crashing.communicate(timeout=PATIENCE_S)
        assert crashing.returncode == -signal.SIGKILL
        assert int(out.split()[0]) > 0
        with process(options) as passing:  # the tally outlived the crash
            out, _ = passing.communicate(timeout=PATIENCE_S)
        assert passing.returncode == 0
        assert sum(map(int, out.split())) == len(pcm_of_speech(tone(), SENTENCE))

    def test_a_stuck_sentence_gives_nothing_more_and_cannot_be_cancelled(self) -> None:
        with process({"stuck_on": "workers", "chunk_ms": 60_000}, cancelled=True) as stuck:
            assert stuck.stdout
            assert int(stuck.stdout.readline()) > 0
            with pytest.raises(subprocess.TimeoutExpired):
                stuck.wait(0.3)
            stuck.kill()
            assert stuck.stdout.read() == ""


def process(options: dict[str, object], cancelled: bool = False) -> "subprocess.Popen[str]":
    """A process that prints the length of each chunk; cancelled behind the first if so wanted."""
    program = f"""
from seriatim.engine import Utterance
from tests.support.process_system import PATIENCE_S
from workers.engines.tone.engine import load
asked = iter([False] * (1 if {cancelled} else 999))
options = { ({name: str(value) for name, value in options.items()})!r}
for piece in load(options).speak(Utterance({SENTENCE!r}), lambda: next(asked, True)):
    print(len(piece.pcm), flush=True)
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"rtff": "1"}, "unknown tone option 'rtff'; nearest: rtf"),
            ({"rate_hz": "7"}, "option rate_hz of the tone engine is 7, expected 8000 to 96000"),
            ({"slots": "many"}, "option slots of the tone engine is 'many', expected int from 1 to 4096"),
            ({"rtf": "nan"}, "option rtf of the tone engine is nan, expected 0 to 1000"),
            ({"burn": "yes"}, "option burn of the tone engine is 'yes', expected 0 or 1"),
            (
                {"continuity": "maybe"},
                "option continuity of the tone engine is 'maybe', expected exact or resumable or none",
            ),
        ],
    )
    def test_what_the_engine_does_not_know_is_refused(self, options: dict[str, str], message: str) -> None:
        with pytest.raises(UnknownOption) as refused:
            load(options)
        assert str(refused.value) == message

    def test_options_are_what_the_engine_says_of_itself(self) -> None:
        engine = tone(rate_hz=16000, slots=3, rtf=0.5, continuity="none")
        assert (engine.rate_hz, engine.slots, engine.rtf, engine.continuity) == (16000, 3, 0.5, Continuity.NONE)
