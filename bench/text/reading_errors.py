"""Reading errors: what a recogniser hears of a page full of numbers, prices and dates, with reading off and on.

Each line of numbers_page.tsv has a sentence, and the same in the words that a person would say. The sentences are
spoken by a private system, and Whisper tiny.en hears each by itself. It writes numbers as figures, so what it writes,
too, is read into words before it is compared. Errors of the recogniser are in both columns: the first row of each
engine is the page in words, as a limit of what can be heard.

    python -m bench.text.reading_errors                        make bench-reading
    python -m bench.text.reading_errors --engines espeak -v    also print the sentences that are misheard
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from gateway.local.processes import WorkerPlan, private_system
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.records import DrainMode, JobKind
from seriatim.settings import Settings
from seriatim.stream_entries import Audio
from seriatim.text.reading.reading_mode import ReadingMode
from seriatim.text.reading.sentence_reader import read_sentence
from tests.listening.recogniser import Recogniser, Samples, samples_of_pcm
from tests.listening.spoken_words import words_of
from tests.listening.verdict import Verdict, judge

PAGE = Path(__file__).with_name("numbers_page.tsv")
WIDE = 5  #: how many readings the recogniser compares


def main(argv: Sequence[str] | None = None) -> int:
    """Print a table, with a row for each engine and way of reading."""
    options = _arguments().parse_args(argv)
    pairs = [line.split("\t") for line in PAGE.read_text("utf-8").splitlines()]
    written, in_words = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    recogniser = Recogniser()
    sys.stdout.write("| engine | sentences | misheard words | sentences without an error |\n|---|---|---|---|\n")
    for engine in options.engines.split(","):
        for title, page, mode in (
            ("written in words", in_words, ReadingMode.OFF),
            ("reading off", written, ReadingMode.OFF),
            ("reading on", written, ReadingMode.AUTO),
        ):
            verdicts = [
                _recognise(recogniser, *each) for each in zip(in_words, speak_page(engine, page, mode), strict=True)
            ]
            sys.stdout.write(_row(engine, title, [verdict for verdict, _ in verdicts]))
            for text, (verdict, words) in zip(page, verdicts, strict=True):
                if options.verbose and verdict.n_errors:
                    sys.stdout.write(f"    {text}\n      {words}\n")
            sys.stdout.flush()
    return 0


def speak_page(engine: str, page: Sequence[str], mode: ReadingMode) -> list[Samples]:
    """Have a private system speak a page; returns the sound of each sentence, at the recogniser's rate."""
    with private_system(Settings(), WorkerPlan(engine, 1)) as system, closing(Producer(system.settings)) as client:
        system.await_workers(engine, 1)
        request = JobRequest(
            engine=engine, kind=JobKind.BATCH, drain=DrainMode.WINDOW, reading=mode, language="en", pause_ms=0
        )
        job = client.enqueue(list(page), request)
        sounds: dict[int, list[bytes]] = defaultdict(list)
        for entry in job.audio():
            if isinstance(entry, Audio):
                sounds[entry.seq].append(entry.pcm)
        rate_hz = job.rate_hz()
    return [samples_of_pcm(b"".join(sounds[seq]), rate_hz) for seq in range(len(page))]


def _recognise(recogniser: Recogniser, expected: str, sound: Samples) -> tuple[Verdict, str]:
    words = read_sentence(recogniser.text(sound, WIDE), "en")
    return judge([expected], words_of(words)), words


def _row(engine: str, title: str, verdicts: Sequence[Verdict]) -> str:
    n_errors, n_words = sum(each.n_errors for each in verdicts), sum(each.n_words for each in verdicts)
    n_right = sum(each.n_errors == 0 for each in verdicts)
    return f"| {engine}, {title} | {len(verdicts)} | {n_errors / n_words:.1%} | {n_right} |\n"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.text.reading_errors", description="Hear numbers read.")
    parser.add_argument("--engines", default="hibari", metavar="NAMES", help="whose voices (hibari)")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the sentences that are misheard")
    return parser


if __name__ == "__main__":
    sys.exit(main())
