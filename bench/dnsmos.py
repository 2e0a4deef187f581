"""DNSMOS, a predictor of how listeners would rate the quality of speech, 1 to 5: Microsoft's model, run by onnxruntime.

The wheel of speechmos has the model (MIT) and Python that needs librosa, which it does not declare. Here are its two
steps: the model hears 9.01 s, and polynomials map what it says to the scale of ITU-T P.835 (Reddy, Gopal and Cutler,
"DNSMOS P.835", ICASSP 2022). A shorter recording is repeated, as theirs is.
"""

from dataclasses import astuple
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from bench.voice_quality import QualityScore

RATE_HZ = 16_000
WINDOW = 144_160  #: samples: 9.01 s
STEP = RATE_HZ  #: from one window to the next
#: polynomials of speechmos 0.0.1.1: the highest power first
SIGNAL = (-0.08397278, 1.22083953, 0.0052439)
BACKGROUND = (-0.13166888, 1.60915514, -0.39604546)
OVERALL = (-0.06766283, 1.11546468, 0.04602535)


def score(samples: npt.NDArray[np.float32]) -> QualityScore:
    """The score of a recording: float32[n_samples], -1..1, at RATE_HZ; the mean of its windows."""
    if len(samples) < WINDOW:
        samples = np.resize(samples, WINDOW)
    starts = range(0, len(samples) - WINDOW + 1, STEP)
    raw = np.array([_session().run(None, {"input_1": samples[at : at + WINDOW][None]})[0][0] for at in starts])
    signal, background, overall = (
        float(np.polyval(polynomial, raw[:, n]).mean()) for n, polynomial in enumerate((SIGNAL, BACKGROUND, OVERALL))
    )
    return QualityScore(overall, signal, background)


def mean(scores: list[QualityScore]) -> QualityScore:
    """The mean of several recordings' scores."""
    return QualityScore(*np.array(list(map(astuple, scores))).mean(axis=0))


@cache
def _session() -> onnxruntime.InferenceSession:
    spec = find_spec("speechmos")
    assert spec, "make listener installs speechmos"
    model = Path(str(spec.origin)).with_name("dnsmos_models") / "sig_bak_ovr.onnx"
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
