"""Word times of piper: from the frames that its voice gives each phoneme, with the first chunk of a sentence."""

from pathlib import Path

import numpy as np
import onnx
import pytest

from seriatim.engine import AudioChunk, Engine, Utterance
from seriatim.text.word_times import word_spans
from tests.integration.engines.piper.piper_speech import LOW, MANY, SENTENCE, one_voice
from workers.engines.engine_registry import load
from workers.engines.piper.phonemes import PhonemePart, PhonemeReader
from workers.engines.piper.voice_config import VoiceConfig
from workers.engines.piper.voice_model import Device, IdSpeech, Scales, VoiceModel


def speak_text(engine: Engine, text: str, voice: str = MANY, **more: object) -> list[AudioChunk]:
    return list(engine.speak(Utterance(text, voice, **more), lambda: False))  # type: ignore[arg-type]  # its fields


def read_and_speak(folder: Path, text: str) -> tuple[PhonemePart, IdSpeech]:
    """What the voice MANY reads in a text, and how it speaks that, with the seed 0."""
    config, reader = VoiceConfig.read(folder / f"{MANY}.onnx"), PhonemeReader()
    (part,) = reader.read_parts(text, config)
    reader.close()
    model = VoiceModel(config, None, Device.CPU)
    return part, model.speak_ids(part.ids, 0, Scales(*config.scales), np.random.default_rng(0))


def test_the_durations_of_a_sentence_are_its_length(folder: Path) -> None:
    part, speech = read_and_speak(folder, SENTENCE)
    n_samples = sum(map(len, speech.waves))
    assert len(speech.durations_ms) == len(part.ids)
    assert sum(speech.durations_ms) == pytest.approx(n_samples / 22.05)
    assert sum(part.durations_ms(speech.durations_ms)) == pytest.approx(n_samples / 22.05)
    assert part.durations_ms(speech.durations_ms[1:]) == []


def test_a_word_begins_where_the_phonemes_before_it_end(folder: Path, piper: Engine) -> None:
    """The space between them sounds like the second one."""
    part, speech = read_and_speak(folder, SENTENCE)
    durations_ms = part.durations_ms(speech.durations_ms)
    space = part.phonemes.index(" ")
    words = speak_text(piper, SENTENCE)[0].words
    assert words[0][0] == pytest.approx(durations_ms[0])
    assert words[1][0] == pytest.approx(sum(durations_ms[: space + 1]))


@pytest.mark.parametrize("voice", [MANY, LOW])
@pytest.mark.parametrize("text", [SENTENCE, "Out of the 25 boats, only Dr. Smith's, at 10:30 a.m., was lost."])
def test_every_word_has_a_time_with_the_first_chunk(piper: Engine, voice: str, text: str) -> None:
    """Also where espeak runs two of them together, and at another rate than the pool's."""
    first, *others = speak_text(piper, text, voice, speed=0.8)
    assert len(first.words) == len(word_spans(text))
    marks = [mark for word in first.words for mark in word]
    assert marks == sorted(marks)
    assert 0 < marks[0] < marks[-1] <= sum(len(each.pcm) for each in (first, *others)) / 2 / 22.05
    assert others
    assert {each.words for each in others} == {()}


def test_a_sentence_in_several_parts_has_none(piper: Engine) -> None:
    assert speak_text(piper, "nine hundred and ninety nine ships, " * 20)[0].words == ()


def test_a_voice_whose_durations_are_not_clear_speaks_the_same_without_times(tmp_path: Path) -> None:
    one_voice(tmp_path / "one", seed=4)
    path = one_voice(tmp_path / "two", seed=4)
    model = onnx.load(path)
    (ceiling,) = (node for node in model.graph.node if node.op_type == "Ceil")
    (total,) = (node for node in model.graph.node if node.op_type == "CumSum")
    twins = [model.graph.node.add(), model.graph.node.add()]
    for twin, original, name in zip(twins, (ceiling, total), ("again", "total"), strict=True):
        twin.CopyFrom(original)
        twin.output[:] = [name]
    twins[1].input[0] = "again"
    onnx.save(model, path)
    engines = [load("piper", {"voices": str(tmp_path / name)}) for name in ("one", "two")]
    timed, plain = (speak_text(engine, SENTENCE, "") for engine in engines)
    for engine in engines:
        engine.close()
    assert [each.pcm for each in timed] == [each.pcm for each in plain]
    assert timed[0].words
    assert plain[0].words == ()
