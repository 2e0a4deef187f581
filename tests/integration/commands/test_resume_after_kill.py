"""kill -9 in the middle of writing, again and again: the resumed file is the one that nothing had happened to."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.output.journal import TextFingerprint
from gateway.output.open_output import ResumePolicy, open_output
from tests.support.thorough_cases import mostly_thorough
from tests.unit.audio.decoded_samples import cut, decoded, speech

RATE_HZ = 22050
N_SENTENCES = 30
TEXT = TextFingerprint.of("thirty sentences", {"voice": "alice"})

#: Speaks the rest of the text; tells of each sentence and waits until it may begin, tells of each chunk and goes on.
WRITER = """
import sys
from tests.integration.commands.test_resume_after_kill import speak_rest
speak_rest(
    sys.argv[1],
    before_sentence=lambda seq: (print(seq, flush=True), sys.stdin.readline()),
    after_chunk=lambda: print("chunk", flush=True),
)
"""


def sentence(seq: int) -> bytes:
    return speech(0.2 + 0.05 * (seq % 7), RATE_HZ, seed=seq)


def speak_rest(
    output: str,
    before_sentence: Callable[[int], object] = lambda _seq: None,
    after_chunk: Callable[[], object] = lambda: None,
) -> None:
    """Speak what is missing of the text, and finish the file."""
    begin = ResumePolicy.RESUME if Path(f"{output}.part.json").exists() else ResumePolicy.NEW
    with open_output(output, TEXT, begin=begin) as file:
        for seq in range(file.sentences_done, N_SENTENCES):
            before_sentence(seq)
            for chunk in cut(sentence(seq), 500):
                file.write(chunk, RATE_HZ)
                after_chunk()
            file.complete_sentence(seq)
        file.finish()


def kill_a_writer(output: Path, sentences: int, chunks: int) -> list[int]:
    """Let a writer speak so many sentences, kill it so many chunks into the next; return the sentences it began."""
    command = [sys.executable, "-c", WRITER, str(output)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        started: list[int] = []
        while len(started) <= sentences:
            word = writer.stdout.readline().strip()
            if word != "chunk":
                started.append(int(word))
                writer.stdin.write("\n")
                writer.stdin.flush()
        for _ in range(chunks):
            assert writer.stdout.readline().strip() == "chunk"
        writer.kill()
    return started


@pytest.mark.parametrize(
    "ending",
    mostly_thorough(["opus", "wav", "flac", "mp3"], 4),
)
def test_a_file_whose_writers_were_killed_is_the_uninterrupted_one(tmp_path, ending):
    undisturbed, output = tmp_path / f"undisturbed.{ending}", tmp_path / f"speech.{ending}"
    speak_rest(str(undisturbed))

    started = [0]
    for sentences, chunks in [(0, 0), (0, 3), (4, 11), (9, 1), (3, 14)]:
        first, *more = kill_a_writer(output, sentences, chunks)
        assert first - started[-1] in {0, 1}, "each goes on at the sentence that was killed, or was it just complete?"
        started += [first, *more]
        assert not output.exists(), "what is not whole does not look whole"
    assert started[-1] >= 16
    speak_rest(str(output))

    if ending == "opus":  # an Ogg file has a random serial number
        assert decoded(output.read_bytes())[0].tobytes() == decoded(undisturbed.read_bytes())[0].tobytes()
    else:
        assert output.read_bytes() == undisturbed.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [output.name, undisturbed.name]
