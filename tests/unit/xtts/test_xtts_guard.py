"""The guard against XTTS' hallucinations: it ends words that are not in the text, and leaves the others alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.engines.xtts.batch.chunk_sizes import CODE_MS
from workers.engines.xtts.quality.duration_bounds import DurationBounds
from workers.engines.xtts.quality.hallucination_guard import (
    TAIL_MS,
    FaultSign,
    GuardAction,
    GuardStrictness,
    GuardVerdict,
    HallucinationGuard,
)

RATE_HZ = 8_000  # a third of XTTS': as good here, and faster
SENTENCE = "The quick brown fox jumps over the lazy dog and runs away"  # 3.1 s at the estimate's pace
SENTENCE_MS = DurationBounds.of(SENTENCE, "en").likely_ms

Sound = npt.NDArray[np.float32]


def samples_of(ms: float) -> int:
    return round(ms * RATE_HZ / 1000)


def speech(ms: float, level: float = 0.3, seed: int = 0) -> Sound:
    """Syllables of 180 ms with dips of 60 ms between them, as between plosives, never quiet for a tenth of a second."""
    n = samples_of(ms)
    noise = np.random.default_rng(seed).standard_normal(n)
    dips = np.arange(n) % samples_of(240) >= samples_of(180)
    return (noise * np.where(dips, 0.003, 0.4) * level).astype(np.float32)


def silence(ms: float) -> Sound:
    """A vocoder's silence: noise at -66 dBFS."""
    return (np.random.default_rng(1).standard_normal(samples_of(ms)) * 0.0005).astype(np.float32)


@dataclass
class GuardResult:
    """The guard's verdict on a sentence, and its time."""

    verdict: GuardVerdict
    n_samples: int  #: samples until then


def listen(
    sound: Sound,
    text: str = SENTENCE,
    language: str = "en",
    *,
    speed: float = 1.0,
    strictness: GuardStrictness = GuardStrictness.CUT,
    emitted: int | None = None,
    takes_left: int = 2,
    chunks: Sequence[int] = (2000,),
    codes: Sequence[int] | None = None,
) -> GuardResult:
    """Hear a sentence in chunks of so many samples, its codes ahead of it, to the end or to a verdict.

    All the while `emitted` samples have been given out; None: all that was heard. `codes`: where the text's own do not
    serve; () for none.
    """
    guard = HallucinationGuard(text, language, speed, strictness, rate_hz=RATE_HZ)
    n_codes = round(len(sound) / RATE_HZ * 1000 * speed / CODE_MS)
    coming = iter(range(n_codes) if codes is None else codes)
    at, turn, coded = 0, 0, 0
    while at < len(sound):
        end = min(len(sound), at + chunks[turn % len(chunks)])
        while coded < n_codes * end / len(sound):
            for code in islice(coming, 1):
                guard.code(code)
            coded += 1
        guard.hear(sound[at:end])
        verdict = guard.verdict(at if emitted is None else emitted, takes_left)
        at, turn = end, turn + 1
        if verdict.action is not GuardAction.FINE:
            return GuardResult(verdict, at)
    return GuardResult(guard.verdict(at if emitted is None else emitted, takes_left, ended=True), at)


ANY_STRICTNESS = pytest.mark.parametrize("strictness", [GuardStrictness.CUT, GuardStrictness.RETRY])

#: what is written, its language, and what is really spoken: milliseconds at a brisk pace and at a slow one
LEGITIMATE = [
    (SENTENCE, "en", 2300, 6200),
    ("No.", "en", 250, 1500),
    ("I am.", "en", 300, 1600),
    ("It cost 1,234,567 dollars.", "en", 3000, 8500),  # "one million two hundred thirty-four thousand …"
    ("77.777", "de", 2200, 6000),
    ("1999", "fr", 900, 3500),  # "mille neuf cent quatre-vingt-dix-neuf"
    ("Call 0800 555 0199 now", "en", 3000, 9000),
    ("NASA and the WWW use HTTPS", "en", 2200, 7000),
    ("今天天气很好我们去公园散步吧", "zh-cn", 2400, 6500),
    ("今日はとても良い天気ですね", "ja", 1500, 4500),
    ("오늘은 날씨가 정말 좋네요", "ko", 1400, 4500),
    ("आज मौसम बहुत अच्छा है", "hi", 1200, 4000),
    ("الطقس جميل جدا اليوم", "ar", 1300, 4500),
    ("Dr. Smith lives at 12 St. James's St.", "en", 2300, 6500),
    ("5 kg @ $3.50 = $17.50", "en", 3500, 9500),
]


@ANY_STRICTNESS
@pytest.mark.parametrize(("text", "language", "brisk_ms", "slow_ms"), LEGITIMATE)
@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
def test_words_of_the_text_are_left_alone(
    text: str, language: str, brisk_ms: float, slow_ms: float, speed: float, strictness: GuardStrictness
) -> None:
    """Brisk or slow, at any speed setting, numbers and abbreviations read out, many syllables to a character."""
    for ms in (brisk_ms, (brisk_ms + slow_ms) / 2, slow_ms):
        sound = np.concatenate((silence(200 / speed), speech(ms / speed), silence(180 / speed)))
        result = listen(sound, text, language, speed=speed, strictness=strictness, emitted=0)
        assert result.verdict == GuardVerdict(GuardAction.FINE), (ms, result)


@pytest.mark.parametrize(
    ("text", "pause_ms"),
    [
        ("She came and she saw and she went", 900),
        ("She came, she saw, and she went", 1300),
        ("Stop! Who goes there? A friend", 1300),
        ("她来了，她看见了，她走了", 1300),
        ("Well... I think so", 1900),
        ("He said — and I quote — nothing", 1900),
        ("“Never,” she said… “not in a thousand years”", 1900),
        ("Title\nand then the text", 1900),
    ],
)
@ANY_STRICTNESS
def test_pauses_that_the_text_explains_are_left_alone(text: str, pause_ms: float, strictness: GuardStrictness) -> None:
    """Wherever they fall: a slow voice is at its first comma when a brisk one is done."""
    likely_ms = DurationBounds.of(text, "en").likely_ms
    for share in (0.2, 0.5, 0.8, 1.0, 1.3):
        sound = np.concatenate((speech(share * likely_ms), silence(pause_ms), speech(0.5 * likely_ms), silence(150)))
        assert listen(sound, text, strictness=strictness).verdict == GuardVerdict(GuardAction.FINE), share


@settings(deadline=None, max_examples=60)
@given(
    words=st.lists(st.sampled_from(["rain", "falls", "on", "the", "old", "town", "tonight"]), min_size=2, max_size=30),
    pace=st.floats(0.7, 2.1),
    pauses=st.lists(st.floats(0, 450), max_size=5),
    speed=st.floats(0.3, 3),
    seed=st.integers(0, 9),
)
def test_plain_sentences_at_any_human_pace_are_left_alone(
    words: list[str], pace: float, pauses: list[float], speed: float, seed: int
) -> None:
    text = " ".join(words)
    voiced_ms = pace * DurationBounds.of(text, "en").likely_ms / (1 + len(pauses))
    parts = [speech(voiced_ms / speed, seed=seed)]
    for pause_ms in pauses:
        parts += [silence(pause_ms / speed), speech(voiced_ms / speed, seed=seed)]
    sound = np.concatenate([*parts, silence(170 / speed)])
    if len(sound) / RATE_HZ * 1000 * speed <= DurationBounds.of(text, "en").most_ms:
        assert listen(sound, text, speed=speed).verdict == GuardVerdict(GuardAction.FINE)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_silence_after_the_text_ends_the_sentence_behind_its_last_sound(speed: float) -> None:
    """The commonest trouble: the model misses its end, and goes on with silence."""
    speech_ms = 1.1 * SENTENCE_MS / speed
    result = listen(np.concatenate((speech(speech_ms), silence(4000 / speed))), speed=speed)
    assert (result.verdict.action, result.verdict.sign) == (GuardAction.CUT, FaultSign.SILENCE)
    assert result.n_samples <= samples_of(speech_ms + 1050 / speed + 300)  # chunks of 250
    assert result.verdict.end <= result.n_samples


@given(chunks=st.lists(st.integers(1, 10_000), min_size=1, max_size=6))
@settings(deadline=None, max_examples=30)
def test_babble_behind_a_silence_is_never_given_out(chunks: list[int]) -> None:
    """Whatever the chunks: also where the silence and the babble come in one."""
    speech_ms = 1.1 * SENTENCE_MS
    sound = np.concatenate((speech(speech_ms), silence(1300), speech(3000)))
    result = listen(sound, chunks=chunks, emitted=0)
    assert (result.verdict.action, result.verdict.sign) == (GuardAction.CUT, FaultSign.SILENCE)
    assert samples_of(speech_ms) - samples_of(60) <= result.verdict.end <= samples_of(speech_ms + TAIL_MS + 50)


def test_the_more_was_said_the_less_silence_is_waited_for() -> None:
    patience = []
    for share in (0.7, 1.1, 1.7):
        result = listen(np.concatenate((speech(share * SENTENCE_MS), silence(8000))), chunks=[80])
        assert result.verdict.sign is FaultSign.SILENCE
        patience.append(result.n_samples / RATE_HZ * 1000 - share * SENTENCE_MS)
    assert patience == pytest.approx([1800, 1000, 600], abs=120)


def test_a_silence_in_mid_sentence_is_long_before_it_costs_words() -> None:
    """Half of the words are still to come: they come, if at all, within five seconds, or another take has them."""
    sound = np.concatenate((speech(0.5 * SENTENCE_MS), silence(4000), speech(0.5 * SENTENCE_MS), silence(150)))
    assert listen(sound).verdict == GuardVerdict(GuardAction.FINE)
    again = listen(sound, strictness=GuardStrictness.RETRY, emitted=0)
    assert again.verdict == GuardVerdict(GuardAction.AGAIN, FaultSign.SILENCE)
    lost = listen(np.concatenate((speech(0.5 * SENTENCE_MS), silence(9000))))
    assert (lost.verdict.action, lost.verdict.sign) == (GuardAction.CUT, FaultSign.SILENCE)


def test_endless_babble_is_cut_at_the_pause_that_was_most_likely_the_end() -> None:
    speech_ms = 1.05 * SENTENCE_MS
    parts = [speech(0.4 * SENTENCE_MS), silence(400), speech(0.65 * SENTENCE_MS - 400), silence(500)]
    for _ in range(12):
        parts += [speech(900), silence(200)]
    result = listen(np.concatenate(parts), emitted=0)
    assert (result.verdict.action, result.verdict.sign) == (GuardAction.CUT, FaultSign.LONG)
    assert result.verdict.end == pytest.approx(samples_of(speech_ms + TAIL_MS), abs=samples_of(60))
    assert result.n_samples / RATE_HZ * 1000 < DurationBounds.of(SENTENCE, "en").most_ms + 400


def test_silence_before_the_first_word_is_no_speech() -> None:
    long = speech(DurationBounds.of(SENTENCE, "en").most_ms - 200)
    assert listen(np.concatenate((silence(2000), long))).verdict == GuardVerdict(GuardAction.FINE)


def test_babble_without_a_pause_ends_where_it_was_found() -> None:
    result = listen(speech(20_000))
    assert (result.verdict.action, result.verdict.sign) == (GuardAction.CUT, FaultSign.LONG)
    assert result.verdict.end <= result.n_samples
    assert result.n_samples / RATE_HZ * 1000 < DurationBounds.of(SENTENCE, "en").most_ms + 400


def test_babble_after_a_single_word_is_found_within_three_seconds() -> None:
    """Where XTTS fares worst: it was trained on few short texts."""
    result = listen(np.concatenate((speech(400), silence(300), speech(9000))), "No.", emitted=0)
    assert (result.verdict.action, result.verdict.sign) == (GuardAction.CUT, FaultSign.LONG)
    assert result.n_samples < samples_of(3000)
    assert result.verdict.end == pytest.approx(samples_of(400 + TAIL_MS), abs=samples_of(60))


def test_what_was_given_out_is_not_taken_back() -> None:
    sound = np.concatenate((speech(1.1 * SENTENCE_MS), silence(300), speech(9000)))
    emitted = samples_of(1.1 * SENTENCE_MS) + 1700
    assert listen(sound, emitted=emitted).verdict == GuardVerdict(GuardAction.CUT, FaultSign.LONG, emitted)


def test_a_sentence_of_which_nothing_was_given_out_is_spoken_again() -> None:
    babble = speech(20_000)
    assert listen(babble, strictness=GuardStrictness.RETRY, emitted=0).verdict == GuardVerdict(
        GuardAction.AGAIN, FaultSign.LONG
    )
    assert listen(babble, strictness=GuardStrictness.RETRY, emitted=1).verdict.action is GuardAction.CUT
    assert listen(babble, strictness=GuardStrictness.RETRY, emitted=0, takes_left=0).verdict.action is GuardAction.CUT
    assert listen(babble, strictness=GuardStrictness.CUT, emitted=0).verdict.action is GuardAction.CUT


def test_a_sentence_that_was_said_whole_is_ended_and_not_said_again() -> None:
    sound = np.concatenate((speech(1.1 * SENTENCE_MS), silence(3000)))
    assert listen(sound, strictness=GuardStrictness.RETRY, emitted=0).verdict.action is GuardAction.CUT


@pytest.mark.parametrize("sound", [speech(60_000), silence(60_000), silence(10)])
def test_a_guard_that_is_off_finds_everything_fine(sound: Sound) -> None:
    assert listen(sound, strictness=GuardStrictness.OFF, codes=[7] * 2000).verdict == GuardVerdict(GuardAction.FINE)


@pytest.mark.parametrize("period", [3, 7, 32])
def test_a_loop_of_codes_is_left_after_its_first_round(period: int) -> None:
    good = list(range(100, 130))
    codes = [*good, *(list(range(period)) * 40)]
    n = len(codes)
    result = listen(speech(n * CODE_MS), "word " * 60, codes=codes, emitted=0)
    assert (result.verdict.action, result.verdict.sign) == (GuardAction.CUT, FaultSign.LOOP)
    assert result.verdict.end == pytest.approx(samples_of((len(good) + period) * CODE_MS), abs=2)
    assert result.n_samples <= samples_of((len(good) + max(3 * period, 24) + 8) * CODE_MS)


@pytest.mark.parametrize("rounds", [[5], [5, 9]])
def test_the_code_of_silence_may_repeat_for_a_long_pause(rounds: list[int]) -> None:
    """Two seconds of one code, or two in turn, are an ellipsis; more are a loop."""
    text = "Well... " + "word " * 40
    before, after = list(range(100, 120)), list(range(200, 300))
    for n, action in ((44, GuardAction.FINE), (100, GuardAction.CUT)):
        codes = [*before, *(rounds * n)[:n], *after]
        assert listen(speech(len(codes) * CODE_MS), text, codes=codes).verdict.action is action


def test_words_that_are_repeated_because_they_were_written_are_no_loop() -> None:
    """The same word again has nearly the same codes, and never exactly."""
    word = [11, 12, 13, 14, 15, 16, 17, 18]
    codes = [code for turn in range(12) for code in [*word[:5], 600 + turn, *word[6:]]]
    result = listen(speech(len(codes) * CODE_MS), "no, " * 12, codes=codes)
    assert result.verdict == GuardVerdict(GuardAction.FINE)


def test_far_too_little_sound_is_noticed_and_said_again_if_it_can_be() -> None:
    stub = np.concatenate((speech(0.2 * SENTENCE_MS), silence(150)))
    assert listen(stub, strictness=GuardStrictness.RETRY, emitted=0).verdict == GuardVerdict(
        GuardAction.AGAIN, FaultSign.SHORT
    )
    assert listen(stub, strictness=GuardStrictness.CUT, emitted=0).verdict == GuardVerdict(
        GuardAction.FINE, FaultSign.SHORT
    )
    assert listen(stub, "👍👍👍👍👍 ok").verdict == GuardVerdict(GuardAction.FINE)  # emoji may be skipped


def test_no_sound_at_all_is_said_again_or_ended() -> None:
    silent = silence(9000)
    again = listen(silent, strictness=GuardStrictness.RETRY, emitted=0)
    assert again.verdict == GuardVerdict(GuardAction.AGAIN, FaultSign.SILENCE)
    assert again.n_samples <= samples_of(2800)
    ended = listen(silent)
    assert (ended.verdict.action, ended.verdict.sign) == (GuardAction.CUT, FaultSign.SILENCE)
    assert listen(silence(400), strictness=GuardStrictness.RETRY, emitted=0).verdict == GuardVerdict(
        GuardAction.AGAIN, FaultSign.SHORT
    )


def test_the_guard_knows_whether_anything_was_heard() -> None:
    guard = HallucinationGuard(SENTENCE, "en", 1.0, GuardStrictness.RETRY, rate_hz=RATE_HZ)
    guard.hear(silence(900))
    assert not guard.sounded
    guard.hear(speech(300))
    assert guard.sounded


@pytest.mark.parametrize("level", [0.02, 0.1, 1.0])
def test_soft_and_loud_voices_are_heard_alike(level: float) -> None:
    sound = np.concatenate((speech(1.1 * SENTENCE_MS, level), silence(4000)))
    result = listen(sound, emitted=0)
    assert result.verdict.sign is FaultSign.SILENCE
    assert result.verdict.end == pytest.approx(samples_of(1.1 * SENTENCE_MS + TAIL_MS), abs=samples_of(120))


def test_a_sentence_taken_over_is_guarded_from_there_on() -> None:
    """What the earlier attempt gave out is not heard again; its codes are known, and its sound was speech."""
    emitted = samples_of(SENTENCE_MS)
    guard = HallucinationGuard(SENTENCE, "en", 1.0, GuardStrictness.RETRY, emitted, RATE_HZ)
    for code in range(round(SENTENCE_MS / CODE_MS)):
        guard.code(code)
    guard.hear(speech(300))
    assert guard.verdict(emitted, 2) == GuardVerdict(GuardAction.FINE)
    guard.hear(silence(1300))
    verdict = guard.verdict(emitted + 2400, 2)
    assert (verdict.action, verdict.sign) == (GuardAction.CUT, FaultSign.SILENCE)
    assert verdict.end == pytest.approx(emitted + samples_of(300 + TAIL_MS), abs=samples_of(60))


@settings(deadline=None, max_examples=40)
@given(data=st.data(), chunks=st.lists(st.integers(20, 7_000), min_size=1, max_size=5))
def test_the_chunks_do_not_change_where_a_sentence_ends(data: st.DataObject, chunks: list[int]) -> None:
    """By its sound, that is. That it is too long is known from its codes, and acted upon when the next chunk comes."""
    lengths = data.draw(st.lists(st.tuples(st.integers(1, 40), st.integers(1, 40)), min_size=1, max_size=4))
    parts = [part for voiced, quiet in lengths for part in (speech(60.0 * voiced), silence(50.0 * quiet))]
    sound = np.concatenate([*parts, silence(6000)])
    fine, coarse = (listen(sound, chunks=sizes, emitted=0, codes=()).verdict for sizes in ([400], chunks))
    if fine.sign is FaultSign.SILENCE:
        assert coarse == fine
