"""`seriatim speak --lexicon`: its words are spoken otherwise, and what the engine cannot speak is said."""

from pathlib import Path

import soundfile

from seriatim import Sentence
from tests.support.command_line import TONE, seriatim
from tests.support.expected_audio import stream_of


def test_speak_reads_the_words_of_a_lexicon_as_they_are_respelled(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("Nguyen made a GIF.", "utf-8")
    (tmp_path / "names.txt").write_text("GIF = graphics file\nNguyen = /wɪn/\n", "utf-8")
    out = tmp_path / "out.wav"
    done = seriatim("speak", tmp_path / "text.txt", "-o", out, "--lexicon", tmp_path / "names.txt", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    samples, _ = soundfile.read(out, dtype="int16")
    assert samples.tobytes() == stream_of([Sentence("Nguyen made a graphics file.", 200)])
    assert "takes no phonemes: a lexicon entry without a respelling, read as written" in done.stderr.decode()
