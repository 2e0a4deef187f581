"""Word drift: how far the times of words that engines give are from those that two judges find in the sound.

The judges: Whisper tiny.en, which recognises the words, and PocketSphinx, which is given them and searches their times.
A row for each engine and judge: the words, the median of the differences between the starts (engine minus judge), the
95th percentile of their amounts, and that of their distances from the median. Below it, the judge's own error with the
same voice: words spoken one by one, whose starts are known.

    python -m bench.text.word_drift                                       make bench-words
    python -m bench.text.word_drift --engines espeak,piper:voices=DIR     an engine's options follow a colon
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from seriatim.engine import Engine, Utterance
from seriatim.text.word_times import word_spans
from tests.listening.forced_aligner import ForcedAligner
from tests.listening.listening_text import sentences
from tests.listening.recognised_times import WordTimes, drifts_ms, lead_in, speak, speak_apart, spread
from tests.listening.recogniser import RecognisedWord, Recogniser, Samples, samples_of_pcm
from tests.support import genuine_kokoro
from workers.engines.engine_registry import load

N_SENTENCES = 40
ENGINES = "espeak,hibari,kokoro"
VOICES = {"kokoro": Utterance("", "jf_alpha", "en-US")}  #: one of the wheels': its English has an accent
HEAD = f"{'':36}{'words':>6}{'median':>8}{'p95':>7}{'p95 about the median':>22}  ms\n"

Judge = Callable[[Samples, str], list[RecognisedWord]]  #: finds the words of a sentence in its sound
Speech = Callable[[Engine, Utterance], tuple[bytes, WordTimes]]  #: the sound of a sentence, and the times of its words


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, and print each row as it is done."""
    options = _arguments().parse_args(argv)
    text, judges = sentences(0, options.sentences), {name: JUDGES[name]() for name in options.judges.split(",")}
    sys.stdout.write(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        for specification in options.engines.split(","):
            name, _, value = specification.partition(":")
            engine = load(name, dict([value.split("=", 1)]) if value else _own_options(name, Path(folder)))
            with closing(engine):
                for judge_name, judge in judges.items():
                    for title, speech in ((f"{name}, {judge_name}", speak), ("  its own error", speak_words_apart)):
                        drifts = measure(engine, VOICES.get(name, Utterance("")), text, judge, speech)
                        sys.stdout.write(row(title, drifts))
                        sys.stdout.flush()
    return 0


def whisper() -> Judge:
    """The recogniser as a judge."""
    recogniser = Recogniser()
    return lambda samples, _text: recogniser.word_times(samples)


def aligner() -> Judge:
    """The forced aligner as a judge."""
    return ForcedAligner().word_times


def measure(engine: Engine, voice: Utterance, text: Sequence[str], judge: Judge, speech: Speech) -> list[float]:
    """The drifts of all words that the judge found."""
    found: list[float] = []
    for sentence in text:
        sound, times = lead_in(engine, *speech(engine, replace(voice, text=sentence)))
        found += drifts_ms(sentence, times, judge(samples_of_pcm(sound, engine.rate_hz), sentence))
    return found


def speak_words_apart(engine: Engine, utterance: Utterance) -> tuple[bytes, WordTimes]:
    """The sound of a sentence whose words are spoken one by one, and their times."""
    spans = word_spans(utterance.text)
    return speak_apart(engine, utterance, [utterance.text[start:end] for start, end in spans])


def row(title: str, drifts: Sequence[float]) -> str:
    """A row of the table."""
    middle, p95, p95_about_middle = spread(drifts)
    return f"{title:36}{len(drifts):6}{middle:+8.0f}{p95:7.0f}{p95_about_middle:22.0f}\n"


JUDGES: dict[str, Callable[[], Judge]] = {"Whisper": whisper, "PocketSphinx": aligner}


def _own_options(name: str, folder: Path) -> dict[str, str]:
    """The options of an engine whose model comes from a wheel."""
    return {"folder": str(genuine_kokoro.write_genuine(folder / "kokoro"))} if name == "kokoro" else {}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.text.word_drift", description="Measure the times of words.")
    parser.add_argument("--engines", default=ENGINES, metavar="LIST", help=f"with their options ({ENGINES})")
    names = ",".join(JUDGES)
    parser.add_argument("--judges", default=names, metavar="LIST", help=f"of times ({names})")
    parser.add_argument("--sentences", type=int, default=N_SENTENCES, metavar="N", help=f"of the text ({N_SENTENCES})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
