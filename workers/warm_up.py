"""The warm-up of an engine: it speaks a probe sentence before it takes work, and the sound gives its fingerprint.

The same model gives other bytes on another kind of processor, or with another version of a library, also where its
engine is `exact`. Workers compare nothing of that: they compare the sound itself, of a sentence that each speaks anyway
so that lazy loading does not delay the first user. So a fingerprint costs a hash of some 150 kB, half a millisecond.

It covers the default voice at normal speed, and the trimming of this version: what a listener would hear.
"""

import hashlib

from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.engine import Continuity, Engine, Utterance
from seriatim.errors import EngineBusy, EngineFailed, EngineUnavailable, UpstreamFailed
from workers.trim_and_fade import TrimFadeFilter

WARM_UP = "The quick brown fox jumps over the lazy dog."  #: every letter of English
DIGITS = 16  #: 64 bits: two of a hundred workers agree by chance once in 10**15 pools


def warm_up(engine: Engine) -> str:
    """Speak one sentence as any other, and return its fingerprint; "" if the engine is not `exact`, or busy.

    Raises:
        EngineUnavailable: no audio came out, or half a sample; a restart would not help.
        UpstreamFailed: the server behind the engine is away; the supervisor starts this process again.
    """
    try:
        pcm = b"".join(chunk.pcm for chunk in engine.speak(Utterance(WARM_UP), lambda: False))
    except EngineBusy:  # its server answers: it may take work, which the pool holds back while the server is busy
        return ""
    except UpstreamFailed:
        raise
    except EngineFailed as error:
        raise EngineUnavailable(f"the {engine.name} engine failed at its warm-up sentence: {error}") from error
    if not pcm:
        raise EngineUnavailable(f"the {engine.name} engine gave no audio for its warm-up sentence")
    if len(pcm) % BYTES_PER_SAMPLE:
        raise EngineUnavailable(
            f"the {engine.name} engine gave {len(pcm)} bytes of audio for its warm-up sentence; expected whole "
            "16-bit samples"
        )
    return _fingerprint(pcm, engine.rate_hz) if engine.continuity is Continuity.EXACT else ""


def _fingerprint(pcm: bytes, rate_hz: int) -> str:
    edge_filter = TrimFadeFilter(rate_hz, 0)
    return hashlib.sha256(b"%d " % rate_hz + edge_filter.feed(pcm) + edge_filter.finish()).hexdigest()[:DIGITS]
