"""Reference recordings are checked before a voice is made of them: each fault has its own message."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from seriatim.errors import BadInput
from workers.engines.xtts.voices.reference_audio import read_recordings

HZ = 16_000
Sound = npt.NDArray[np.float64]


def speech(seconds: float, level: float = 0.3) -> Sound:
    """Something with the level of speech, and its pauses: 0.4 s of sound in every half second."""
    at_s = np.arange(int(seconds * HZ)) / HZ
    sound = np.sin(2 * np.pi * 140 * at_s) + 0.5 * np.sin(2 * np.pi * 430 * at_s)
    return np.asarray(level * sound / 1.5 * (at_s % 0.5 < 0.4), np.float64)


def written(path: Path, sound: Sound, rate_hz: int = HZ, **how: str) -> Path:
    soundfile.write(path, sound, rate_hz, **how)
    return path


def refusal(*paths: Path, used_s: float = 30) -> str:
    with pytest.raises(BadInput) as found:
        read_recordings(paths, used_s)
    return str(found.value)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_any_format_that_soundfile_reads_is_taken(tmp_path: Path, ending: str) -> None:
    (found,) = read_recordings([written(tmp_path / f"a.{ending}", speech(6))], 30)
    assert found.seconds == pytest.approx(6, abs=0.1)
    assert found.speech_s == pytest.approx(6 * 0.8, abs=0.4)
    assert (found.rate_hz, found.sound.dtype, found.sound.ndim) == (HZ, np.dtype(np.float32), 1)


def test_stereo_becomes_the_mean_of_its_channels(tmp_path: Path) -> None:
    left, right = speech(5), speech(5, 0.1)
    (found,) = read_recordings([written(tmp_path / "a.wav", np.stack([left, right], 1), subtype="FLOAT")], 30)
    assert found.sound == pytest.approx((left + right) / 2, abs=1e-6)


def test_several_recordings_count_together(tmp_path: Path) -> None:
    parts = [written(tmp_path / f"{n}.wav", speech(1.5)) for n in range(3)]
    assert [part.seconds for part in read_recordings(parts, 30)] == [1.5, 1.5, 1.5]
    assert refusal(*parts[:2]).startswith("only 2.4 s of speech in 2 recordings together, expected 3 s or more")


def test_a_short_recording_is_too_short(tmp_path: Path) -> None:
    message = refusal(written(tmp_path / "a.wav", speech(2)))
    assert message == "only 1.6 s of speech, expected 3 s or more, better 10: add another recording"


def test_only_the_beginning_is_used_and_checked(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.concatenate([speech(8), np.zeros(20 * HZ)]))
    (found,) = read_recordings([path], used_s=8)
    assert found.seconds == 8
    late = written(tmp_path / "late.wav", np.concatenate([np.zeros(10 * HZ), speech(20)]))
    assert refusal(late, used_s=10).startswith(f"{late} is silent in the first 10 s, which are what is used: ")


@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_no_voice(tmp_path: Path, level: float) -> None:
    path = written(tmp_path / "a.wav", speech(6, level), subtype="FLOAT")
    assert refusal(path).startswith(f"{path} is silent in the first 30 s, which are what is used: nothing reaches -60")


def test_an_offset_is_no_sound(tmp_path: Path) -> None:
    assert "is silent" in refusal(written(tmp_path / "a.wav", np.full(6 * HZ, 0.4)))


def test_mostly_silence_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.concatenate([speech(5), np.zeros(15 * HZ)]))
    assert refusal(path) == f"{path} is 80% silence in the first 30 s, which are what is used: cut the pauses out"


def test_a_whisper_from_far_away_is_too_quiet(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", speech(6, 0.004), subtype="FLOAT")
    assert refusal(path) == (
        f"{path} is too quiet: its speech is at -54 dB of full scale, expected -45 dB or more; "
        "record it nearer to the microphone"
    )


def test_quiet_speech_that_can_be_used_is_used(tmp_path: Path) -> None:
    assert read_recordings([written(tmp_path / "a.wav", speech(6, 0.02), subtype="FLOAT")], 30)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_clipped_recording_is_refused(tmp_path: Path, subtype: str) -> None:
    """As integers it stays at full scale; as floating point it may go beyond."""
    path = written(tmp_path / "a.wav", np.clip(speech(6, 3.0), -1.2, 1.2), subtype=subtype)
    message = refusal(path)
    assert message.startswith(f"{path} is clipped: ")
    assert message.endswith("% of it is at full scale; record it again at a lower level")


def test_a_few_peaks_at_full_scale_are_no_clipping(tmp_path: Path) -> None:
    sound = speech(6)
    sound[:: HZ // 2] = 1.0
    assert read_recordings([written(tmp_path / "a.wav", sound)], 30)


def test_a_whole_programme_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.zeros(11 * 60 * 8000), 8000)
    assert refusal(path) == f"{path} lasts 11 minutes, expected at most 10: cut out a good part"


def test_too_low_a_rate_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", speech(6), 4000)
    assert refusal(path) == f"{path} has 4000 samples per second, expected at least 8000: take the original"


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    sound = speech(6)
    sound[77] = np.nan
    path = written(tmp_path / "a.wav", sound, subtype="FLOAT")
    assert refusal(path) == f"{path} has samples that are no numbers: it is damaged"


def test_an_empty_recording(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", np.zeros(0))
    assert refusal(path) == f"{path} has no sound in it"


def test_what_is_no_recording_is_named(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("hello", "utf-8")
    message = refusal(text)
    assert message.startswith(f"cannot read {text}: ")
    assert message.endswith("; expected wav, flac, ogg, opus or mp3")
    assert refusal(tmp_path / "no.wav") == f"cannot read {tmp_path}/no.wav: no such file"
    assert refusal(tmp_path) == f"cannot read {tmp_path}: it is a directory"
