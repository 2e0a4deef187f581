"""Reference audio for cloning a voice: read, and checked before anybody waits for the model.

Only the beginning of each recording is listened to (`max_ref_len` of the checkpoint's config), so that is what is
checked: half a minute of silence before the first word would make a voice of silence. Without torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from seriatim.errors import BadInput

LEAST_S = 3.0  #: speech in all recordings together; coqui-tts asks for as much, and less clones poorly
MOST_S = 600.0  #: of one recording: longer is a whole programme by mistake, and would be read into memory
LEAST_HZ = 8_000  #: a telephone's; below it there is no speech to clone
FRAME_S = 0.05
MARGIN_S = 0.1  #: read beyond what is used: resampling the last samples needs their neighbours
CLIPPED = 0.999  #: full scale, as far as a sample can say
CLIPPED_SHARE = 0.001  #: of all samples: a few peaks at full scale are mastering, one in a thousand is distortion
QUIET_DB = -45.0  #: of full scale, the speech's own level: nearer to the noise of a room than to a voice
SPEECH_DB = -60.0  #: of full scale: no frame below it is speech
BELOW_LOUD_DB = 35.0  #: a frame so far below the loud ones is a pause
SILENT_SHARE = 0.7  #: of all frames: read speech pauses for a fifth of its time

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReferenceRecording:
    """One recording as it will be used."""

    path: Path
    sound: Sound  #: float32[n_samples], mono, -1..1, with up to MARGIN_S behind what is used
    rate_hz: int
    seconds: float  #: of it that are used
    speech_s: float  #: of these, seconds that are no pause


def read_recordings(paths: Sequence[Path], used_s: float) -> list[ReferenceRecording]:
    """The first `used_s` seconds of each recording, fit for cloning.

    Raises:
        BadInput: a file cannot be read, is too long, silent, too quiet or clipped, or all are too short together.
    """
    found = [_recording(path, used_s) for path in paths]
    speech_s = sum(recording.speech_s for recording in found)
    if speech_s < LEAST_S:
        more = "" if len(found) == 1 else f" in {len(found)} recordings together"
        raise BadInput(
            f"only {speech_s:.1f} s of speech{more}, expected {LEAST_S:g} s or more, better 10: add another recording"
        )
    return found


def _recording(path: Path, used_s: float) -> ReferenceRecording:
    whole, rate_hz = _read(path, used_s + MARGIN_S)
    sound = whole[: int(used_s * rate_hz)]
    _check_samples(path, sound)
    levels_db = _levels(sound, rate_hz)
    loud_db = float(np.percentile(levels_db, 95)) if len(levels_db) else SPEECH_DB
    if loud_db <= SPEECH_DB:
        raise BadInput(
            f"{path} is silent{_of(used_s)}: nothing reaches {SPEECH_DB:g} dB of full scale; record it again"
        )
    speech = levels_db > max(SPEECH_DB, loud_db - BELOW_LOUD_DB)
    level_db = float(np.median(levels_db[speech]))
    if level_db < QUIET_DB:
        raise BadInput(
            f"{path} is too quiet: its speech is at {level_db:.0f} dB of full scale, expected {QUIET_DB:g} dB or more; "
            "record it nearer to the microphone"
        )
    silent = 1.0 - float(speech.mean())
    if silent > SILENT_SHARE:
        raise BadInput(f"{path} is {silent:.0%} silence{_of(used_s)}: cut the pauses out")
    return ReferenceRecording(path, whole, rate_hz, len(sound) / rate_hz, float(speech.sum()) * FRAME_S)


def _read(path: Path, read_s: float) -> tuple[Sound, int]:
    try:
        with soundfile.SoundFile(path) as file:
            seconds = file.frames / file.samplerate
            _check_header(path, seconds, file.samplerate)
            sound = file.read(int(read_s * file.samplerate), dtype="float32", always_2d=True)
            return np.ascontiguousarray(sound.mean(axis=1, dtype=np.float32)), int(file.samplerate)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    except soundfile.LibsndfileError as error:
        if not path.is_file():
            raise BadInput(f"cannot read {path}: {'it is a directory' if path.is_dir() else 'no such file'}") from None
        raise BadInput(
            f"cannot read {path}: {error.error_string.rstrip('.')}; expected wav, flac, ogg, opus or mp3"
        ) from None


def _check_header(path: Path, seconds: float, rate_hz: int) -> None:
    if seconds > MOST_S:
        raise BadInput(
            f"{path} lasts {seconds / 60:.0f} minutes, expected at most {MOST_S / 60:g}: cut out a good part"
        )
    if rate_hz < LEAST_HZ:
        raise BadInput(f"{path} has {rate_hz} samples per second, expected at least {LEAST_HZ}: take the original")


def _check_samples(path: Path, sound: Sound) -> None:
    if not len(sound):
        raise BadInput(f"{path} has no sound in it")
    if not np.isfinite(sound).all():
        raise BadInput(f"{path} has samples that are no numbers: it is damaged")
    clipped = float((np.abs(sound) >= CLIPPED).mean())
    if clipped > CLIPPED_SHARE:
        raise BadInput(f"{path} is clipped: {clipped:.1%} of it is at full scale; record it again at a lower level")


def _levels(sound: Sound, rate_hz: int) -> npt.NDArray[np.float64]:
    """The level of each whole frame, in dB of full scale."""
    size = int(rate_hz * FRAME_S)
    frames = sound[: len(sound) // size * size].reshape(-1, size).astype(np.float64)
    power = np.square(frames - frames.mean(axis=1, keepdims=True)).mean(axis=1)  # an offset is no sound
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)), np.float64)


def _of(used_s: float) -> str:
    return f" in the first {used_s:g} s, which are what is used"
