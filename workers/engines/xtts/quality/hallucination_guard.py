"""The guard: is a sentence going wrong? XTTS is known to go on after its text, to repeat itself, and to fall silent.

What is known of it (coqui-ai/TTS#4172, idiap/coqui-ai-TTS#514, tenstorrent/tt-metal#54408): at the end
of a sentence the model gives "stop" a few per cent; where a draw misses it, silence follows, and often words that
are not in the text, until it comes up again. Over 17 languages a natural ending left 0.12 to 0.18 s of quiet, and every
run-on 0.6 s or more. Short texts fare worst. Where others cut at the first long silence (jamiepine/voicebox#1108) they
threw away half of what was said well; so here a silence counts only with the text as good as spoken, and by how good.

Four signs, from the codes as they are generated and the sound as it is vocoded:

    SILENCE   quiet for longer than the text's own pauses explain: the end, missed
    LONG      more sound than the slowest voice needs for the text: words that are not in it
    LOOP      the same codes over and over
    SHORT     ended with far less sound than the text needs, or none

A verdict says what to do: end the sentence at a sample (CUT), speak it again with the next seed (AGAIN: only while
nothing was given out, and in strictness RETRY), or nothing (FINE; with a sign, if something is wrong that cannot be
corrected any more). Not seen: wrong words of the right length, and babble that follows at once and is short.

Pure: the same text, codes and sound give the same verdict in the same chunks, and in any chunks where one sign only
comes up. Codes run ahead of the sound, so which of two comes up first is the chunks' doing. Times are in ms at speed 1
("natural"), so that a speed changes no bound; samples and offsets are those of the sound as it is heard.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from workers.engines.xtts.batch.chunk_sizes import CODE_MS
from workers.engines.xtts.quality.duration_bounds import DurationBounds
from workers.engines.xtts.quality.loudness import LoudnessMeter
from workers.engines.xtts.quality.repetition import RepetitionDetector

#: how long quiet may last (natural ms, on top of `DurationBounds.pause_ms`), by how much of the likely duration was
#: spoken
#: before it. 1.6: said by all but the slowest; then anything above the longest natural ending, 0.18 s. 1: said by most,
#: and a slow voice pauses for a breath. 0.65: said by a hurried voice only. Less: the model is lost.
RUN_ON = ((1.6, 600.0), (1.0, 1000.0), (0.65, 1800.0), (0.0, 5000.0))
#: the longest of these where the sentence may be spoken again, which loses no words
LATE_MS = 2500.0
#: kept behind the last sound of a sentence that is cut: the decay of its last vowel
TAIL_MS = 100.0
#: the end of words that are not in the text is sought from here on, as a share of the likely duration
EARLIEST_END = 0.65


class GuardStrictness(StrEnum):
    """What the guard may do."""

    OFF = "off"  #: nothing
    CUT = "cut"  #: end a sentence
    RETRY = "retry"  #: or have it spoken again


class GuardAction(StrEnum):
    """What to do."""

    FINE = "fine"
    CUT = "cut"
    AGAIN = "again"


class FaultSign(StrEnum):
    """What is wrong, for logs and counters."""

    SILENCE = "silence"
    LONG = "long"
    LOOP = "loop"
    SHORT = "short"


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """What to do about a sentence."""

    action: GuardAction
    sign: FaultSign | None = None  #: None: nothing is wrong
    end: int = 0  #: CUT: the sample at which the sentence ends, at or behind those given out; it may not be heard yet


FINE = GuardVerdict(GuardAction.FINE)


@dataclass(frozen=True, slots=True)
class _GuardFinding:
    """What is wrong with a sentence."""

    sign: FaultSign
    end: float  #: the sample at which to end it
    text_is_whole: bool = False  #: all of the text lies before that, so to end there corrects it


class HallucinationGuard:
    """The guard of one take of one sentence.

    Args:
        text: what is to be said.
        language: BCP 47.
        speed: the sentence's; sound is that many times shorter than natural.
        strictness: what may be done.
        emitted_samples: samples that an earlier attempt gave out; they are not heard again, and taken for speech.
        rate_hz: of the sound.
    """

    def __init__(
        self,
        text: str,
        language: str,
        speed: float,
        strictness: GuardStrictness,
        emitted_samples: int = 0,
        rate_hz: int = 24_000,
    ) -> None:
        self._expected = DurationBounds.of(text, language)
        self._strictness = strictness
        self._sample_ms = speed * 1000 / rate_hz  # natural ms of one sample
        self._ear = LoudnessMeter(emitted_samples, rate_hz, self._sample_ms)
        self._loops = RepetitionDetector()

    @property
    def sounded(self) -> bool:
        """Was anything but silence heard? Until then an engine may hold back, so that AGAIN stays possible."""
        return self._ear.sounded

    def code(self, code: int) -> None:
        """One code was generated (or forced), not the stop code."""
        self._loops.add(code)

    def hear(self, samples: npt.NDArray[np.float32]) -> None:
        """The next samples were vocoded, float32, -1..1; before they are given out, so that they can be cut."""
        self._ear.hear(samples)

    def verdict(self, emitted_samples: int, takes_left: int, *, ended: bool = False) -> GuardVerdict:
        """What to do now.

        Args:
            emitted_samples: samples of this sentence that were given out, an earlier attempt's among them.
            takes_left: how often it may be spoken again.
            ended: the model has ended the sentence, and all of it was heard.
        """
        if self._strictness is GuardStrictness.OFF:
            return FINE
        may_repeat = self._strictness is GuardStrictness.RETRY and takes_left > 0 and emitted_samples == 0
        wrong = self._wrong(may_repeat=may_repeat)
        if wrong is None:
            return self._at_end(may_repeat=may_repeat) if ended else FINE
        if may_repeat and not wrong.text_is_whole:
            return GuardVerdict(GuardAction.AGAIN, wrong.sign)
        return GuardVerdict(GuardAction.CUT, wrong.sign, max(emitted_samples, round(wrong.end)))

    def _wrong(self, *, may_repeat: bool) -> _GuardFinding | None:
        """What is wrong with what came so far."""
        if self._loops.period:
            return _GuardFinding(FaultSign.LOOP, self._loops.first_repeat * CODE_MS / self._sample_ms)
        for pause in self._ear.all_pauses():
            share = self._ear.since_onset_ms(pause.start) / self._expected.likely_ms
            if pause.ms > self._patience_ms(share, may_repeat=may_repeat):
                return _GuardFinding(
                    FaultSign.SILENCE, pause.start + TAIL_MS / self._sample_ms, text_is_whole=share >= 1
                )
        if self._loops.n_codes * CODE_MS - self._ear.onset_ms > self._expected.most_ms:
            return _GuardFinding(FaultSign.LONG, self._likely_end())
        return None

    def _at_end(self, *, may_repeat: bool) -> GuardVerdict:
        """Nothing is wrong with what there is; is it enough?"""
        if self._ear.sounded and self._ear.spoken_ms >= self._expected.least_ms:
            return FINE
        return GuardVerdict(GuardAction.AGAIN if may_repeat else GuardAction.FINE, FaultSign.SHORT)

    def _patience_ms(self, share: float, *, may_repeat: bool) -> float:
        """How long quiet may last behind `share` of the likely duration; to speak again loses no words."""
        pending_step_grace_ms = next(ms for least, ms in RUN_ON if share >= least)
        return (min(pending_step_grace_ms, LATE_MS) if may_repeat else pending_step_grace_ms) + self._expected.pause_ms

    def _likely_end(self) -> float:
        """The longest pause since the text may have been said; without one, the end of what was heard."""
        earliest_ms = EARLIEST_END * self._expected.likely_ms
        pauses = [p for p in self._ear.all_pauses() if self._ear.since_onset_ms(p.start) >= earliest_ms]
        if not pauses:
            return self._ear.n_measured
        longest = max(pauses, key=lambda pause: pause.ms)  # of equals the first
        return longest.start + min(longest.ms, TAIL_MS) / self._sample_ms
