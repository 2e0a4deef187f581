"""µ-law and A-law against libsndfile's decoder and encoder, over all samples."""

import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from seriatim.audio.encoder import open_encoder
from seriatim.audio.formats import format_named
from tests.unit.audio.decoded_samples import speech

ALL = np.arange(-32768, 32768).astype("<i2")
CODECS = [("ulaw", "ULAW"), ("alaw", "ALAW")]


class Collected:
    """An output in memory."""

    patchable = False
    scratch: str | None = None

    def __init__(self) -> None:
        self.data, self.n_bytes = b"", 0

    def append(self, data: bytes) -> None:
        self.data += data
        self.n_bytes += len(data)

    def patch(self, offset: int, data: bytes) -> None:
        raise AssertionError("these formats have no header")


def encoded(name: str, pcm: bytes, rate_hz: int = 8000) -> bytes:
    output = Collected()
    encoder = open_encoder(output, format_named(name), rate_hz)
    encoder.write(pcm)
    encoder.close()
    return output.data


def decoded(data: bytes, subtype: str) -> NDArray[np.int16]:
    raw = {"channels": 1, "samplerate": 8000, "format": "RAW", "subtype": subtype}
    samples: NDArray[np.int16] = soundfile.read(io.BytesIO(data), dtype="int16", **raw)[0]
    return samples


@pytest.mark.parametrize(("name", "subtype"), CODECS)
def test_every_sample_is_within_half_a_step_of_what_is_heard(name: str, subtype: str) -> None:
    expanded = decoded(encoded(name, ALL.tobytes()), subtype).astype(int)
    step = np.maximum(np.abs(expanded) // 16, 16)  # each octave has 16 steps
    clipped = np.abs(ALL.astype(int)) > 32_200
    assert (np.abs(expanded - ALL)[~clipped] <= step[~clipped]).all()
    assert (np.abs(expanded - ALL)[clipped] <= 700).all()
    assert (np.diff(expanded) >= 0).all()


@pytest.mark.parametrize(("name", "subtype"), CODECS)
def test_what_was_decoded_is_encoded_to_the_same_bytes(name: str, subtype: str) -> None:
    codes = bytes(range(256))
    again = encoded(name, decoded(codes, subtype).tobytes())
    differing = {code for code, found in zip(codes, again, strict=True) if code != found}
    assert differing <= {0x7F}, "µ-law has two zeros"


@pytest.mark.parametrize(("name", "subtype"), CODECS)
def test_libsndfile_chooses_the_same_codes_but_at_borders(name: str, subtype: str) -> None:
    file = io.BytesIO()
    soundfile.write(file, ALL, 8000, format="RAW", subtype=subtype)
    ours, theirs = decoded(encoded(name, ALL.tobytes()), subtype), decoded(file.getvalue(), subtype)
    assert np.count_nonzero(ours != theirs) <= 128


@pytest.mark.parametrize("name", ["ulaw", "alaw"])
def test_other_rates_become_8_khz(name: str) -> None:
    assert abs(len(encoded(name, speech(2.0, 24_000), 24_000)) - 16_000) <= 1
