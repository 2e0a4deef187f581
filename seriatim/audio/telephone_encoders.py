"""Encoders of the telephone formats: µ-law and A-law without a header (ITU-T G.711), 8 bits a sample at 8 kHz.

Both keep the sign and a logarithm of the amplitude: three bits of exponent and four of mantissa.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from seriatim.audio.output_file import EncoderOutput
from seriatim.process.single_flight import single_flight

_BIAS = 33  #: µ-law: added to the amplitude, so that each exponent has as many steps
_MU_CLIP = 8158  #: µ-law: the largest amplitude of 14 bits, less the bias


def _mu_law(sample: int) -> int:
    """The code of a sample of 14 bits (G.711, table 2a); on the line all bits are inverted."""
    amplitude = min(-sample - 1 if sample < 0 else sample, _MU_CLIP) + _BIAS
    exponent = amplitude.bit_length() - 6
    code = (0 if sample >= 0 else 0x80) | exponent << 4 | (amplitude >> exponent + 1) & 0xF
    return ~code & 0xFF


def _a_law(sample: int) -> int:
    """The code of a sample of 13 bits (G.711, table 1a); on the line the even bits are inverted."""
    amplitude = -sample - 1 if sample < 0 else sample
    exponent = max(0, amplitude.bit_length() - 5)
    mantissa = (amplitude >> max(1, exponent)) & 0xF
    return ((0x80 if sample >= 0 else 0) | exponent << 4 | mantissa) ^ 0x55


@single_flight
@cache
def _table(code_of: Callable[[int], int], bits: int) -> NDArray[np.uint8]:
    """The codes of all samples of so many bits, by their two's complement."""
    half = 1 << bits - 1
    codes = [code_of(sample) for sample in (*range(half), *range(-half, 0))]
    return np.array(codes, dtype=np.uint8)


class TelephoneEncoder:
    """Writes a byte for each sample, and nothing else."""

    def __init__(self, output: EncoderOutput, code_of: Callable[[int], int], bits: int) -> None:
        self._output = output
        self._table, self._shift = _table(code_of, bits), 16 - bits

    def write(self, pcm: bytes) -> None:
        """Add samples, s16le."""
        self._output.append(self._table[np.frombuffer(pcm, "<u2") >> self._shift].tobytes())

    def close(self) -> None:
        """Nothing follows the samples."""

    def discard(self) -> None:
        """Nothing to release."""


def mu_law_encoder(output: EncoderOutput, _rate_hz: int, _title: str) -> TelephoneEncoder:
    """Begin a file of µ-law, which North America and Japan use."""
    return TelephoneEncoder(output, _mu_law, 14)


def a_law_encoder(output: EncoderOutput, _rate_hz: int, _title: str) -> TelephoneEncoder:
    """Begin a file of A-law, which other countries use."""
    return TelephoneEncoder(output, _a_law, 13)
